"""Room of the archive: sealing and checking the archive packages (SOP step 8)."""

from archive.bag import ArchiveError, bag_path, seal, seal_of
from archive.content import ChannelRecord, Content, DecisionRecord, Retention, StepTime, Stored
from archive.fixity import Damage, bags, check, check_one
from archive.webpage import Exchange, warc_of

__all__ = [
    "ArchiveError",
    "ChannelRecord",
    "Content",
    "Damage",
    "DecisionRecord",
    "Exchange",
    "Retention",
    "StepTime",
    "Stored",
    "bag_path",
    "bags",
    "check",
    "check_one",
    "seal",
    "seal_of",
    "warc_of",
]
