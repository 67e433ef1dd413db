"""Room of the outside world: one module per channel, the intake folder, rehearsal."""
