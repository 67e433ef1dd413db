"""Room of monitoring and evaluation: metrics and the report (SOP step 9)."""
