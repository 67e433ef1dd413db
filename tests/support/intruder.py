"""Somebody who reaches the Prefect API and wants what no form gives: raw HTTP only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.support.waiting import soon

PATIENCE = 120.0


class Intruder:
    """One client of the API, without any knowledge of people or codes."""

    def __init__(self, api_url: str) -> None:
        self._http = httpx.Client(base_url=api_url, timeout=30.0, trust_env=False)
        # The server keeps one token per client name: a shared name would lose it.
        client = f"penyusup-{uuid4()}"
        token = self._http.get("/csrf-token", params={"client": client})
        if token.status_code == httpx.codes.OK:
            self._http.headers["Prefect-Csrf-Token"] = token.json()["token"]
            self._http.headers["Prefect-Csrf-Client"] = client

    def close(self) -> None:
        self._http.close()

    def resume(self, run_id: UUID, filled: Any) -> httpx.Response:
        """Press Resume with anything at all."""
        return self._call("POST", f"/flow_runs/{run_id}/resume", {"run_input": filled})

    def write_answer(self, run_id: UUID, key: str, value: str) -> httpx.Response:
        """Put an answer where the server keeps it, past the form and its checks."""
        body = {"key": f"suspended-{key}-response", "value": value, "sender": "penyusup"}
        return self._call("POST", f"/flow_runs/{run_id}/input", body)

    def force(self, run_id: UUID, state: str, name: str | None = None) -> httpx.Response:
        """Put the run into a state, whatever its rules say."""
        body = {"state": {"type": state, "name": name or state.title()}, "force": True}
        return self._call("POST", f"/flow_runs/{run_id}/set_state", body)

    def postpone(self, run_id: UUID, until: datetime) -> httpx.Response:
        """Schedule the run for some other day."""
        details = {"scheduled_time": until.isoformat()}
        state = {"type": "SCHEDULED", "name": "Scheduled", "state_details": details}
        return self._call("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": True})

    def delete(self, run_id: UUID) -> httpx.Response:
        """Remove the run with its form and answers."""
        return self._call("DELETE", f"/flow_runs/{run_id}")

    def start(
        self,
        request: Mapping[str, Any],
        *,
        rujukan: str = "",
        at: datetime | None = None,
        job_variables: Mapping[str, Any] | None = None,
    ) -> UUID:
        """Order a run of the publication's flow, with any parameters, now or later."""
        parameters = {"permintaan": dict(request), "rujukan": rujukan}
        return self._started("publikasi/publikasi", parameters, at, job_variables)

    def deploy_and_run(self, name: str, *, pull_steps: list[dict[str, Any]]) -> UUID:
        """A flow and deployment of the intruder's own in the office's pool, and a run of it."""
        flow = self._call("POST", "/flows/", {"name": name}).json()
        body = {
            "name": name,
            "flow_id": flow["id"],
            "work_pool_name": "siar",
            "entrypoint": "deployments.entrypoints.publikasi",
            "pull_steps": pull_steps,
        }
        answer = self._call("POST", "/deployments/", body)
        assert answer.is_success, answer.text
        return self._started(f"{name}/{name}", {})

    def sweep(self) -> UUID:
        """Run the sweeper once and wait for its end; its run."""
        run_id = self._started("rekonsiliasi/rekonsiliasi", {})
        over = {"COMPLETED", "FAILED", "CRASHED"}
        soon(lambda: self.state(run_id)["type"] in over, "the sweeper's end", PATIENCE)
        state = self.state(run_id)
        assert state["type"] == "COMPLETED", state
        return run_id

    def state(self, run_id: UUID) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"/flow_runs/{run_id}").json()["state"]
        return found

    def scheduled_times(self, idempotency_key: str) -> list[datetime]:
        """For when the runs made with this key were scheduled."""
        body = {"flow_runs": {"idempotency_key": {"any_": [idempotency_key]}}}
        found = self._call("POST", "/flow_runs/filter", body).json()
        return [datetime.fromisoformat(run["expected_start_time"]) for run in found]

    def _started(
        self,
        deployment: str,
        parameters: Mapping[str, Any],
        at: datetime | None = None,
        job_variables: Mapping[str, Any] | None = None,
    ) -> UUID:
        found = self._call("GET", f"/deployments/name/{deployment}").json()
        details = {"scheduled_time": at.isoformat()} if at else {}
        state = {"type": "SCHEDULED", "state_details": details}
        body = {
            "parameters": dict(parameters),
            "state": state,
            "job_variables": dict(job_variables or {}),
        }
        answer = self._call("POST", f"/deployments/{found['id']}/create_flow_run", body)
        assert answer.is_success, answer.text
        return UUID(answer.json()["id"])

    def _call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            answers.append(self._http.request(method, path, json=body))
            # 503: the server's database was busy and nothing was done.
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        soon(is_answered, f"an answer to {method} {path}", seconds=20)
        return answers[-1]
