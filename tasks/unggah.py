"""SOP step 7: the connectors publish; the PPID officer settles what they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.base import LINK_MARK
from ledger import deliveries
from ledger.models import Delivery, DeliveryState
from ledger.work import Work
from sop.forms import Trouble
from sop.forms.steps import ALREADY_LIVE, GIVE_UP
from sop.markup import escape_for_form
from tasks.case import Case, publication_in
from tasks.freezing import in_force
from tasks.office import Office
from tasks.rendering import posts_from_json
from tasks.standings import CANCELLED, needs_person, standings
from tasks.stepwork import Answered, Draft, Extras, Outcome, StepWork


def extras(office: Office, case: Case) -> Extras:
    return Extras(troubles=tuple(troubles(office, case)))


def troubles(office: Office, case: Case) -> list[Trouble]:
    """Channels that wait for a person."""
    labels = office.channel_labels
    return [
        Trouble(
            channel=row.channel,
            label=labels.get(row.channel, row.channel),
            manual=row.channel in office.manual_channels,
            uncertain=row.state == DeliveryState.UNKNOWN,
            sentence=row.error_sentence,
            action=row.error_action,
        )
        for row in standings(office, case.publication_id)
        if needs_person(row)
    ]


def body(office: Office, case: Case) -> str:
    rows = standings(office, case.publication_id)
    labels = office.channel_labels
    lines = ["| Saluran | Keadaan |", "|---|---|"]
    lines += [
        f"| {escape_for_form(labels.get(row.channel, row.channel))} | {_state(row)} |"
        for row in rows
    ]
    return "\n\n".join(["\n".join(lines), *_texts_for_hand(office, case, rows)])


def _state(row: Delivery) -> str:
    if row.state == DeliveryState.PUBLISHED:
        return f"✓ tayang: {row.url}"
    if row.raw.get(CANCELLED):
        return "– dibatalkan"
    if not needs_person(row) and not row.error_sentence:
        return "… sedang dikerjakan"
    mark = "✗" if needs_person(row) else "…"
    if row.state == DeliveryState.UNKNOWN:
        mark = "?"
    return f"{mark} {escape_for_form(row.error_sentence)} {escape_for_form(row.error_action)}"


def _texts_for_hand(office: Office, case: Case, rows: list[Delivery]) -> list[str]:
    """The approved text of each channel that a person posts by hand."""
    with office.ledger.read() as work:
        frozen = in_force(work, publication_in(work, case.publication_id))
        posts = posts_from_json(frozen.posts)
    link = next((row.url for row in rows if row.channel == "website"), "")
    return [
        f"Teks untuk **{escape_for_form(office.channel_labels[row.channel])}**:\n\n"
        + "```\n"
        + posts[row.channel].text.replace(LINK_MARK, link).replace("```", "'''")
        + "\n```"
        for row in rows
        if row.channel in office.manual_channels and needs_person(row)
    ]


def prepare(office: Office, case: Case, values: Mapping[str, Any]) -> Draft:
    problems = []
    for trouble in troubles(office, case):
        action = values[f"tindakan_{trouble.channel}"]
        address = values[f"alamat_{trouble.channel}"]
        if action == ALREADY_LIVE and not _is_address(address):
            problems.append(
                f"Alamat tayangan di {trouble.label} belum benar. Salin alamat lengkapnya dari "
                "peramban, diawali https:// (atau http:// pada gladi)."
            )
        if action == GIVE_UP and not values["catatan"]:
            problems.append(
                f"Tulis di “Catatan” mengapa {trouble.label} dibatalkan, agar dapat "
                "dipertanggungjawabkan."
            )
    return Draft(tuple(problems))


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.netloc) and len(text) <= 2000


def apply(office: Office, work: Work, case: Case, answered: Answered) -> Outcome:
    publication = publication_in(work, case.publication_id)
    digest = in_force(work, publication).digest
    note = answered.values["catatan"]
    for name, action in answered.values.items():
        if not name.startswith("tindakan_"):
            continue
        channel = name.removeprefix("tindakan_")
        row = deliveries.delivery(work, publication, digest, channel)
        if row is None or not needs_person(row):
            continue
        address = answered.values[f"alamat_{channel}"]
        _settle(work, row, action, address, note, answered.staff_id)
    return Outcome(None)


def _settle(work: Work, row: Delivery, action: str, address: str, note: str, staff_id: str) -> None:
    if action == ALREADY_LIVE:
        _settle_as_live(work, row, address, staff_id)
    elif action == GIVE_UP:
        deliveries.settle(
            work,
            row,
            from_state=row.state,
            to_state=DeliveryState.REJECTED,
            actor=staff_id,
            wait=deliveries.NOT_WAITING,
            raw={CANCELLED: True, "alasan": note},
        )
    else:
        _send_again(work, row, staff_id)


def _settle_as_live(work: Work, row: Delivery, address: str, staff_id: str) -> None:
    deliveries.settle(
        work,
        row,
        from_state=row.state,
        to_state=DeliveryState.PUBLISHED,
        actor=staff_id,
        url=address,
        remote_id=row.remote_id or address,
        # Where the website's pictures stand is known from its preparation.
        media_urls=dict(row.media_urls or row.prepared.get("media_urls", {})),
        published_at=work.now,
    )


def _send_again(work: Work, row: Delivery, staff_id: str) -> None:
    """An unknown post is looked for once more before it is sent; the rest is prepared anew."""
    unknown = row.state == DeliveryState.UNKNOWN
    wait = {**deliveries.NOT_WAITING, "insisted": True}
    if unknown:
        wait |= {"since": work.now, "next_try_at": work.now}
    deliveries.settle(
        work,
        row,
        from_state=row.state,
        to_state=DeliveryState.UNKNOWN if unknown else DeliveryState.PLANNED,
        actor=staff_id,
        wait=wait,
    )


WORK = StepWork(extras, body, prepare, apply)
