"""The office of the notifications' tests, which has a record, a clock and an inbox."""

from tests.unit.notifications.conftest import book, clock, folder, inbox, migrated, office

__all__ = ["book", "clock", "folder", "inbox", "migrated", "office"]
