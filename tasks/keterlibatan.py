"""Reading engagement: reads only, once per post and age; one channel never stops another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from prefect import task
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from connectors.base import Connector, Measured
from connectors.errors import ChannelError, Dibatasi, Ditolak, PerluOtorisasi, Sementara
from ledger import engagements
from ledger.engagements import DueReading
from tasks.delivery import Paced
from tasks.office import Office, office

LOCK = "keterlibatan"
# Under this name stands why a post gave no number at all.
WHOLE_POST = "kiriman"
# So many posts in a row that cannot be read: the channel itself is in trouble.
MOST_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Readings:
    """What one run read, by channel; `hindered` says by channel why it did not go on."""

    read: Mapping[str, int] = field(default_factory=dict)
    hindered: Mapping[str, str] = field(default_factory=dict)
    left: int = 0


@task(name="Baca keterlibatan", task_run_name="Baca keterlibatan", persist_result=False)
def baca_keterlibatan() -> Readings:
    """Read what is due; another run that is still reading is left to it."""
    here = office()
    if not here.locks.acquire(LOCK):
        return Readings()
    done = read_engagement(here)
    for channel, sentence in done.hindered.items():
        get_run_logger().warning("%s: %s", channel, sentence)
    return done


def hasil_keterlibatan(done: Readings) -> State:
    """How the run ends; what could not be read today is tried again tomorrow."""
    told = [f"{channel}: {count} bacaan" for channel, count in sorted(done.read.items())]
    told += [f"{channel}: {sentence}" for channel, sentence in sorted(done.hindered.items())]
    if done.left:
        told.append(f"{done.left} kiriman menyusul")
    name = "Perlu tindakan" if done.hindered else "Terbaca" if done.read else "Tidak ada"
    return Completed(name=name, message="\n".join(told)[:900] or "Tidak ada yang perlu dibaca.")


def read_engagement(here: Office) -> Readings:
    """Read every post that is due, channel by channel. Raises for no channel."""
    channels = set(here.connectors) - here.manual_channels
    with here.ledger.read() as work:
        due = engagements.due_readings(work, channels)
    read: Counter[str] = Counter()
    hindered: dict[str, str] = {}
    ordered = sorted(due, key=lambda one: (one.channel, one.published_at, one.delivery_id))
    for channel, posts in groupby(ordered, key=lambda one: one.channel):
        connector = here.connectors[channel]
        count, error = _read_channel(here, connector, posts)
        if count:
            read[connector.label] = count
        if error is not None:
            hindered[connector.label] = f"{error.sentence} {error.action}"
            with here.ledger.work() as work:
                engagements.record_hindrance(work, channel, error.sentence, error.action)
    with here.ledger.read() as work:
        left = len(engagements.due_readings(work, channels))
    return Readings(dict(read), hindered, left)


def _read_channel(
    here: Office, connector: Connector, posts: Iterable[DueReading]
) -> tuple[int, ChannelError | None]:
    """How many readings were kept, and what kept others from it."""
    count, failures = 0, 0
    trouble: ChannelError | None = None
    for post in posts:
        if _rests(connector, here.clock()):
            break
        try:
            found = _measured(connector, post)
        except Dibatasi:
            break  # goes on at the next run; nobody has to do anything
        except PerluOtorisasi as error:
            return count, error  # every other post would fail the same way
        except ChannelError as error:
            # One post that cannot be read must not keep the others from it for ever.
            trouble, failures = error, failures + 1
            if failures == MOST_FAILURES:
                break
            continue
        failures = 0
        with here.ledger.work() as work:
            count += engagements.record_reading(work, post, found, found.missing)
    return count, trouble


def _measured(connector: Connector, post: DueReading) -> Measured:
    try:
        return connector.metrics(post.remote_id)
    except Ditolak as error:
        # The post is gone or gives no numbers: that is an answer, and stays one.
        return Measured(missing={WHOLE_POST: error.sentence})
    except ChannelError:
        raise
    except Exception as failure:
        error_of_ours = Sementara(
            f"Jawaban {connector.label} tidak terbaca.",
            "Siar membacanya lagi besok; laporkan kepada pengembang bila berulang.",
            channel=connector.channel,
            code="tak-terduga",
            detail=type(failure).__name__,
        )
    raise error_of_ours


def _rests(connector: Connector, now: datetime) -> bool:
    until = connector.rest_until() if isinstance(connector, Paced) else None
    return until is not None and until > now
