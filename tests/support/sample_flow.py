"""A flow that suspends once: enough to see a stack carry a run from form to end.

Beside it the flow that holds its process, for the tests of limits.
"""

from __future__ import annotations

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput

from deployments.prefect_environment import WORK_POOL
from deployments.settings import Settings
from tests.support import holding_flow


class Word(RunInput):
    word: str


@flow(name="contoh")
def sample() -> str:
    answer = suspend_flow_run(wait_for_input=Word, key="contoh", timeout=None)
    return answer.word


ENTRYPOINTS = {"contoh": "tests.support.sample_flow.sample", **holding_flow.ENTRYPOINTS}


def register(settings: Settings) -> None:
    """Make the deployment; what `deployments.definitions.register` is to the real stack."""
    from prefect.deployments.runner import EntrypointType

    deployment = sample.to_deployment(
        "contoh", work_pool_name=WORK_POOL, entrypoint_type=EntrypointType.MODULE_PATH
    )
    deployment.apply()
    holding_flow.register(settings)
