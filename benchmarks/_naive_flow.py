"""The baseline: the same seven questions as a plain Prefect flow under `flow.serve()`."""

from __future__ import annotations

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput

QUESTIONS = 7


class Answer(RunInput):
    """One form."""

    petugas: str
    kode: str


@flow(name="naif")
def naive() -> None:
    """Seven suspensions, nothing else."""
    for number in range(QUESTIONS):
        suspend_flow_run(wait_for_input=Answer, key=f"langkah-{number}", timeout=None)


if __name__ == "__main__":
    naive.serve(name="naif")
