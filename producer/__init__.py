"""Reads manifests, makes batches, and is the command line.

What programs that order pictures use is here: `from producer import Batch, submit`. See
docs/embedding.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from producer.commands.checked_manifest import RowsRefused
    from producer.commands.results import NotFinished
    from producer.connecting import NotReachable, WrongAccess
    from producer.errors import ManifestError, ProducerError
    from producer.handing_in import NameTaken
    from producer.ordered_batch import Batch
    from producer.placing import submit
    from producer.session import SettingsError
    from producer.watching import BudgetSpent, LanesStopped, NoSuchBatch, WaitedTooLong
    from schemas.batch import BatchStatus
    from schemas.result import Image, JobResult

__all__ = [
    "Batch",
    "BatchStatus",
    "BudgetSpent",
    "Image",
    "JobResult",
    "LanesStopped",
    "ManifestError",
    "NameTaken",
    "NoSuchBatch",
    "NotFinished",
    "NotReachable",
    "ProducerError",
    "RowsRefused",
    "SettingsError",
    "WaitedTooLong",
    "WrongAccess",
    "submit",
]

_HOMES = {
    "Batch": "producer.ordered_batch",
    "BatchStatus": "schemas.batch",
    "BudgetSpent": "producer.watching",
    "Image": "schemas.result",
    "JobResult": "schemas.result",
    "LanesStopped": "producer.watching",
    "ManifestError": "producer.errors",
    "NameTaken": "producer.handing_in",
    "NoSuchBatch": "producer.watching",
    "NotFinished": "producer.commands.results",
    "NotReachable": "producer.connecting",
    "ProducerError": "producer.errors",
    "RowsRefused": "producer.commands.checked_manifest",
    "SettingsError": "producer.session",
    "WaitedTooLong": "producer.watching",
    "WrongAccess": "producer.connecting",
    "submit": "producer.placing",
}


def __getattr__(name: str) -> Any:
    """What a program uses, loaded when it is asked for: commands need none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
