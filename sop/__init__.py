"""Room of the SOP: steps, roles, transitions, standards, working time and manuscript rules."""
