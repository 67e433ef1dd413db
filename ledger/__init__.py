"""Room of the record: what happened, by whom, when, and proof that it was not altered."""
