"""Playing staff through the Prefect API: the same calls that the Prefect UI makes.

Used by `make demo`, the tests and the benchmarks. It knows the sample people's
secrets and nothing else that a person at the UI would not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pyotp

T = TypeVar("T")
PATIENCE = 60.0
PERIOD = 30
# The server rolled the call back: its database was busy.
BUSY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)


class PlayError(Exception):
    """The run did something that nobody at the UI would expect."""


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form as the UI would draw it."""

    run_id: UUID
    key: str
    description: str
    schema: Mapping[str, Any]

    def options(self, field: str) -> list[str]:
        """The drop-down of a field."""
        shown = self.schema["properties"][field]
        shown = shown.get("items", shown)
        return list(shown.get("enum", [shown["const"]] if "const" in shown else []))

    def defaults(self) -> dict[str, Any]:
        """What the UI would send if nothing was touched."""
        return {
            name: shown["default"]
            for name, shown in self.schema["properties"].items()
            if "default" in shown
        }


class Player:
    """A client of one Prefect server. `secrets` maps a person's name to the TOTP secret."""

    def __init__(
        self, api_url: str, secrets: Mapping[str, str], *, auth: tuple[str, str] | None = None
    ) -> None:
        self._http = httpx.Client(base_url=api_url, auth=auth, timeout=30.0, trust_env=False)
        self._secrets = dict(secrets)
        self._spent: dict[str, int] = {}
        self._guard()

    def _guard(self) -> None:
        """Fetch the CSRF token as the UI does, where the server asks for one."""
        # The server keeps one token for each name: two who shared one would end each other's.
        client = str(uuid4())
        answer = self._http.get("/csrf-token", params={"client": client})
        if answer.status_code == httpx.codes.OK:
            token = answer.json()["token"]
            self._http.headers.update({"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": client})

    def close(self) -> None:
        self._http.close()

    def know(self, person: str, secret: str) -> None:
        """Play one more person from now on."""
        self._secrets[person] = secret

    def start(self, request: Mapping[str, Any], *, deployment: str = "publikasi/publikasi") -> UUID:
        """Press Run on the publication's deployment; the new run's id."""
        return self.order(deployment, {"permintaan": dict(request)})

    def order(self, deployment: str, parameters: Mapping[str, Any]) -> UUID:
        """Press Run on any deployment, with its start form filled like this."""
        found = self._call("GET", f"/deployments/name/{deployment}")
        body = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}}
        return UUID(self._call("POST", f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def run(self, run_id: UUID) -> dict[str, Any]:
        """The run as the UI shows it."""
        found: dict[str, Any] = self._call("GET", f"/flow_runs/{run_id}")
        return found

    def form(self, run_id: UUID, *, after: str = "", patience: float = PATIENCE) -> OpenForm:
        """Wait for the run's next form (another one than `after`)."""

        def look() -> OpenForm | None:
            state = self.run(run_id)["state"]
            if state["type"] in {"FAILED", "CRASHED", "COMPLETED"}:
                raise PlayError(f"run {state['name']}: {state.get('message')}")
            keyset = (state.get("state_details") or {}).get("run_input_keyset")
            key = (state.get("state_details") or {}).get("pause_key")
            if state["type"] != "PAUSED" or not keyset or key == after:
                return None
            return OpenForm(
                run_id,
                str(key),
                str(self._call("GET", f"/flow_runs/{run_id}/input/{keyset['description']}")),
                self._call("GET", f"/flow_runs/{run_id}/input/{keyset['schema']}"),
            )

        return self._wait(look, f"formulir run {run_id}", patience)

    def finished(self, run_id: UUID, *, patience: float = PATIENCE) -> dict[str, Any]:
        """Wait until the run is over; its final state."""

        def look() -> dict[str, Any] | None:
            state: dict[str, Any] = self.run(run_id)["state"]
            if state["type"] == "PAUSED":
                raise PlayError("run menunggu formulir, bukan selesai")
            return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED"} else None

        return self._wait(look, f"akhir run {run_id}", patience)

    def answer(self, form: OpenForm, person: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fill the form as this person, with a fresh code, and press Submit."""
        filled = {**form.defaults(), "petugas": person, "kode": self.code(person), **fields}
        return self.resume(form.run_id, filled)

    def resume(self, run_id: UUID, filled: Mapping[str, Any] | None) -> dict[str, Any]:
        """Press Resume with exactly these fields; a refusal by the server is a PlayError."""
        outcome: dict[str, Any] = self._call(
            "POST", f"/flow_runs/{run_id}/resume", {"run_input": filled}
        )
        if outcome["status"] != "ACCEPT":
            raise PlayError(f"resume: {outcome['status']} {outcome.get('details')}")
        return outcome

    def code(self, person: str) -> str:
        """A code that this person has not used yet; waits for the next one if need be."""
        name = person.split(" (", maxsplit=1)[0]
        totp = pyotp.TOTP(self._secrets[name])
        now = int(time.time()) // PERIOD
        # One step of clock skew is allowed, so the step before and after count too.
        free = [step for step in (now, now - 1, now + 1) if step > self._spent.get(name, 0)]
        if not free:
            time.sleep((now + 1) * PERIOD - time.time() + 0.1)
            return self.code(person)
        step = free[0]
        self._spent[name] = step
        return str(totp.at(step * PERIOD))

    def task_runs(self, run_id: UUID) -> list[dict[str, Any]]:
        """The run's timeline, in order."""
        body = {"flow_runs": {"id": {"any_": [str(run_id)]}}, "sort": "EXPECTED_START_TIME_ASC"}
        found: list[dict[str, Any]] = self._call("POST", "/task_runs/filter", body)
        return found

    def artifacts(self, key: str) -> list[dict[str, Any]]:
        """What the UI shows under keys that begin like this, the newest version of each."""
        body = {"artifacts": {"key": {"like_": f"{key}%"}}}
        found: list[dict[str, Any]] = self._call("POST", "/artifacts/latest/filter", body)
        return found

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        for pause in (*BUSY_PAUSES, None):
            answer = self._http.request(method, path, json=body)
            if answer.status_code == httpx.codes.FORBIDDEN and "CSRF" in answer.text and pause:
                self._guard()  # as the UI does when its token has run out
            elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or pause is None:
                break
            time.sleep(pause)  # as a person would press the button again
        if answer.is_error:
            raise PlayError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    @staticmethod
    def _wait(look: Callable[[], T | None], what: str, patience: float) -> T:
        began = time.monotonic()
        while (found := look()) is None:
            waited = time.monotonic() - began
            if waited > patience:
                raise PlayError(f"{what} tidak kunjung ada setelah {patience:.0f} detik")
            # Each look costs the server some milliseconds: what takes long gets fewer.
            time.sleep(0.05 if waited < 1.0 else 0.2)
        return found
