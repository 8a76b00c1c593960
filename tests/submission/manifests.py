"""Checked manifests, ready to be handed in."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.opening import Ledger
from producer.chunk_files import ChunkFiles
from producer.handing_in import Submitted, hand_in
from producer.submission import Checked, Order, check, describe, lane_limits
from schemas.batch import Batch
from schemas.catalogue import catalogue
from schemas.job import Job
from schemas.settings import Settings
from storage import Storage
from tests.producer.manifests import given

EVENING = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""Noon in UTC: the same day almost everywhere."""
WANX = "dashscope:wanx-v1@default"
FLUX = "dashscope:flux-schnell@default"

TWO_LANES = "sku,prompt,model\n" + "".join(
    f"SKU-{i},a cat,{('wanx-v1', 'flux-schnell')[i % 2]}\n" for i in range(6)
)


def rows(count: int, prompt: str = "a cat") -> str:
    return "sku,prompt,model\n" + "".join(f"SKU-{i},{prompt},wanx-v1\n" for i in range(count))


@dataclass(frozen=True)
class Prepared:
    """A batch that may be handed in as often as one likes."""

    batch: Batch
    checked: Checked

    @property
    def chunks(self) -> ChunkFiles:
        return self.checked.chunks

    def hand_in(self, ledger: Ledger, storage: Storage) -> Submitted:
        limits = lane_limits(self.batch.lanes, Settings(), catalogue())
        return hand_in(self.batch, self.chunks, ledger, storage, limits)


def prepared(
    content: str, folder: Path, order: Order | None = None, now: datetime = EVENING
) -> Prepared:
    """A manifest that was checked and described."""
    order = order or Order()
    with given(content) as manifest:
        checked = check(manifest, catalogue(), order, folder, folder / "invalid.csv")
        return Prepared(describe(checked, order, catalogue(), now), checked)


def jobs_in(path: Path) -> list[Job]:
    """The jobs of one chunk."""
    return jobs_of(path.read_bytes())


def jobs_of(data: bytes) -> list[Job]:
    lines = gzip.decompress(data).decode().splitlines()
    return [Job.model_validate_json(line) for line in lines]
