"""Cancel, as it is pressed in the UI, and whether the process heard of it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from deployments.player import Player


def press_cancel(player: Player, run_id: UUID) -> None:
    """What the Cancel button of the UI does."""
    state = {"type": "CANCELLING", "name": "Cancelling"}
    player._call("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": False})


def is_alive(pid: int) -> bool:
    try:
        # An ended child may stay listed until it is reaped.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
