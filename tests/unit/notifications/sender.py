"""A process of its own that sends what is due, to be killed in the middle.

`python -m tests.unit.notifications.sender FOLDER ADDRESS MOMENT`
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from connectors.notifications import AddressBook
from tasks.pengingat import remind
from tests.unit.notifications.office import Clock, made_office

if __name__ == "__main__":
    here = made_office(
        Path(sys.argv[1]),
        Clock(datetime.fromisoformat(sys.argv[3])),
        AddressBook(roles={"ppid": (sys.argv[2],)}),
    )
    remind(here, budget=timedelta(minutes=10))
