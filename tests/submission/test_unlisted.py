"""Batches of models nobody lists: described, handed in, run again."""

from __future__ import annotations

from pathlib import Path

from ledger.opening import Ledger
from producer.another_round import gather
from producer.choice import Choice
from producer.handing_in import hand_in
from producer.submission import Order, check, describe, lane_limits
from producer.unlisted_models import described, with_unlisted
from schemas.catalogue import catalogue
from schemas.settings import Settings
from schemas.states import JobState
from schemas.unlisted import Unlisted
from storage import Storage
from tests.producer.manifests import given
from tests.submission.finished import finish
from tests.submission.manifests import EVENING

LANE = "dashscope:wan9-super@default"
TABLE = "sku,prompt,model,n\nA-1,a cup,wan9-super,2\nA-2,a jug,wan9-super,1\n"


def test_a_failed_row_of_such_a_model_is_run_again_at_the_price_said(
    ledger: Ledger, storage: Storage, tmp_path: Path
) -> None:
    known = with_unlisted(catalogue(), "0.25CNY", None, allowed=True)
    order = Order(name="night")
    with given(TABLE) as manifest:
        checked = check(manifest, known, order, tmp_path, tmp_path / "invalid.csv")
        batch = describe(checked, order, known, EVENING)
    unlisted = Unlisted(like="wan2.6-t2i", price="0.25CNY")
    assert (batch.unlisted, batch.currencies) == ({LANE: unlisted}, {LANE: "CNY"})
    limits = lane_limits(batch.lanes, Settings(), known)
    hand_in(batch, checked.chunks, ledger, storage, limits)
    finish(ledger, storage, "night", {"A-1": (JobState.FAILED,)}, lanes=(LANE,))

    said = ledger.lanes.unlisted(LANE)
    assert said is not None
    again = described(catalogue(), [("dashscope", "wan9-super", said)])
    tally = gather("night", Choice(), storage, again, None).tally
    assert (tally.jobs, tally.costs_micro) == (1, {"CNY": 500_000})
