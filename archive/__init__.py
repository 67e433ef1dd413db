"""Room of the archive: sealing and checking the archive packages (SOP step 8)."""
