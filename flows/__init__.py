"""Room of the flows: the order of things, one `@flow` per deployment and nothing else."""
