"""Rehearsal channels (gladi): one small web application that speaks the WordPress,
X and Graph calls that Siar uses, for training, demonstrations and tests."""
