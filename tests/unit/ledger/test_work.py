from __future__ import annotations

from ledger import decisions, publications
from ledger.work import Ledger
from sop.model import Sop
from tests.unit.ledger.carrying import DIGEST, carried_to_approval, published
from tests.unit.ledger.conftest import Team


def test_a_publication_carried_to_approval_may_be_published(
    ledger: Ledger, team: Team, sop: Sop
) -> None:
    publication_id = carried_to_approval(ledger, team, sop)
    with ledger.read() as work:
        publication = publications.get(work, publication_id)
        assert decisions.approval_obstacles(work, publication, DIGEST) == []
        assert decisions.approval(work, publication, DIGEST) is not None
        assert decisions.approval(work, publication, "0" * 64) is None
    assert published(ledger, publication_id)
