"""Many people at their desks: each form is answered the moment it opens, whatever dies."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pyotp

from deployments.player import PERIOD, OpenForm, Player, PlayError
from ledger.people import add_staff
from ledger.work import Work
from sop.forms.steps import FROM_FORM, TRY_AGAIN, YES
from tasks.office import Office, is_carried_out

ROLES = ("subbag", "humas", "ppid", "kepala")
# A form that still stands after an answer is answered again, as a person would.
PRESS_AGAIN = 4.0
SWEEP_AGAIN = 4.0  # seconds after the last sweep
# Each look asks the server for all runs: the storm is to be weathered, not the lookers-on.
LOOK_AGAIN = 0.4
TROUBLE = "tindakan_"
BODY = "Balai Kekarantinaan Kesehatan melayani **vaksinasi** bagi calon jemaah dengan tertib."


class People:
    """Staff with their codes. Each code counts once, so who was just asked rests."""

    def __init__(self, each: int) -> None:
        self._lock = threading.Lock()
        self.names = {role: [_name(role, number) for number in range(each)] for role in ROLES}
        every = [name for names in self.names.values() for name in names]
        self._secrets = {name: pyotp.random_base32() for name in every}
        self._spent = dict.fromkeys(every, 0)

    def enrol(self, work: Work) -> None:
        for place, (role, names) in enumerate(self.names.items(), start=1):
            for number, name in enumerate(names):
                nip = f"19000101{place:05d}{number:05d}"
                add_staff(work, nip, name, (role,), secret=self._secrets[name])

    def take(self, labels: Iterable[str], now: float) -> tuple[str, str] | None:
        """One of these people who has a code left, with it; None while all of them rest."""
        # The newest code that counts: a slow machine is not a wrong answer.
        step = int(now) // PERIOD + 1
        with self._lock:
            known = [label for label in labels if label in self._spent]
            for label in sorted(known, key=self._spent.__getitem__):
                if step > self._spent[label]:
                    self._spent[label] = step
                    return label, str(pyotp.TOTP(self._secrets[label]).at(step * PERIOD))
        return None


def _name(role: str, number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"{role.capitalize()} Contoh {letters[number // 26]}{letters[number % 26]}"


def mark(number: int) -> str:
    """What is found in every post of this publication and in no other's."""
    return f"kapal bernomor {number:04d}x"


def request(number: int, folder: str) -> dict[str, Any]:
    """The start form of a publication."""
    return {
        "judul": f"Pengawasan {mark(number)}",
        "unit": "Tim Kerja 1",
        "klasifikasi": "berkala",
        "folder": folder,
        "apa": "Pengawasan kekarantinaan kapal",
        "siapa": "Petugas kekarantinaan",
        "kapan": "Senin, 23 November 2026",
        "di_mana": "Pelabuhan Boom Baru, Palembang",
        "mengapa": "Mencegah penyakit masuk",
        "bagaimana": "Pemeriksaan dokumen dan sanitasi",
    }


class Desks:
    """Answers the forms of these runs, and has the sweeper run, until told to stop."""

    def __init__(self, api_url: str, people: People, folder: str, hands: int = 3) -> None:
        self._player, self._people, self._folder = Player(api_url, {}), people, folder
        self._runs: dict[UUID, int] = {}
        self._answered: dict[UUID, tuple[str, float]] = {}
        self._pool = ThreadPoolExecutor(hands)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="desks")
        self._sweep: UUID | None = None
        self.answers = 0
        self.by_a_person = 0
        self.troubles: Counter[str] = Counter()

    def start(self, number: int) -> None:
        """Have a publication started, however often that must be asked."""
        wanted = request(number, self._folder)
        while True:
            try:
                self._runs[self._player.start(wanted)] = number
            except (PlayError, httpx.HTTPError):
                time.sleep(0.2)
            else:
                return

    def states(self) -> dict[str, int]:
        """How many of the runs stand in each state; of a server that is down, nothing."""
        try:
            found = self._filtered(id={"any_": [str(run_id) for run_id in self._runs]})
        except (PlayError, httpx.HTTPError):
            return {}
        return dict(Counter(str(run["state"]["type"]) for run in found))

    def standing_runs(self, office: Office) -> list[str]:
        """Runs of any flow that say they run, though no process of the office carries them out."""
        try:
            found = self._filtered(state={"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}})
        except (PlayError, httpx.HTTPError):
            return ["?"]
        return [
            f"{run['name']} {run['state']['type']}"
            for run in found
            if not is_carried_out(office, run["id"])
        ]

    def _filtered(self, **wanted: Any) -> list[Mapping[str, Any]]:
        body = {"flow_runs": wanted, "limit": 200}
        found: list[Mapping[str, Any]] = self._player._call("POST", "/flow_runs/filter", body)
        return found

    def __enter__(self) -> Desks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._pool.shutdown()
        self._player.close()

    def _work(self) -> None:
        while not self._stop.wait(LOOK_AGAIN):
            try:
                runs = {"any_": [str(run_id) for run_id in list(self._runs)]}
                paused = self._filtered(id=runs, state={"type": {"any_": ["PAUSED"]}})
                self._sweep_again()
            except (PlayError, httpx.HTTPError) as error:
                self.troubles[str(error)[:80]] += 1
                continue
            list(self._pool.map(self._safely, paused))

    def _sweep_again(self) -> None:
        """The schedule's minute, made shorter: the sweeper runs again soon after its end."""
        if self._sweep is not None:
            state = self._player.run(self._sweep)["state"]
            age = time.time() - datetime.fromisoformat(state["timestamp"]).timestamp()
            over = state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
            if age < (SWEEP_AGAIN if over else 20.0):
                return
        found = self._player._call("GET", "/deployments/name/rekonsiliasi/rekonsiliasi")
        body = {"state": {"type": "SCHEDULED"}}
        path = f"/deployments/{found['id']}/create_flow_run"
        self._sweep = UUID(self._player._call("POST", path, body)["id"])

    def _safely(self, run: Mapping[str, Any]) -> None:
        try:
            self._look_at(run)
        except (PlayError, httpx.HTTPError) as error:
            self.troubles[str(error)[:80]] += 1

    def _look_at(self, run: Mapping[str, Any]) -> None:
        run_id, details = UUID(run["id"]), run["state"]["state_details"]
        key, keyset = str(details.get("pause_key")), details.get("run_input_keyset")
        before, at = self._answered.get(run_id, ("", 0.0))
        if not keyset or (key == before and time.monotonic() - at < PRESS_AGAIN):
            return
        form = self._player.form(run_id, patience=0)
        if form.key != key:
            return
        taken = self._people.take(form.options("petugas"), time.time())
        if taken is None:
            return
        person, code = taken
        fields = careful_fields(form, self._runs[run_id])
        self.by_a_person += any(name.startswith(TROUBLE) for name in fields)
        self._answered[run_id] = (key, time.monotonic())
        self._player.resume(run_id, {**form.defaults(), **fields, "petugas": person, "kode": code})
        self.answers += 1


def careful_fields(form: OpenForm, number: int) -> dict[str, Any]:
    """What a careful person says, by what is asked; a channel in trouble is tried again."""
    asked: Sequence[str] = list(form.schema["properties"])
    troubles = [name for name in asked if name.startswith(TROUBLE)]
    if troubles:
        return dict.fromkeys(troubles, TRY_AGAIN)
    if "penulis" in asked:
        return {"penulis": form.options("penulis")[0], "catatan": "Tulis singkat."}
    if "petugas_unggah" in asked:
        return {"petugas_unggah": form.options("petugas_unggah")[0]}
    if "sumber" in asked:
        return {
            "sumber": FROM_FORM,
            "judul": f"BKK awasi {mark(number)}",
            "teras": f"Petugas memeriksa {mark(number)} di Pelabuhan Boom Baru.",
            "isi": BODY,
            "tagar": "kekarantinaan",
        }
    if "keputusan" in asked:
        return {"keputusan": YES, "alasan": "Lengkap."}
    if "catatan" in asked:
        return {"catatan": "Berjalan baik."}
    return {}
