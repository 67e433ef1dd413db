"""The office of the delivery tests: a real record, real connectors, a real rehearsal."""

from tests.unit.delivery.conftest import clock, desk, gladi, rehearsals, template, token

__all__ = ["clock", "desk", "gladi", "rehearsals", "template", "token"]
