"""From a manifest to a batch: what is described, handed in, refused."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.batches import Batches
from ledger.opening import Ledger
from producer.default_values import Defaults
from producer.errors import ManifestError
from producer.handing_in import NameTaken, NotHandedIn, Submitted
from producer.submission import Order, UnknownAccount, check_account, lane_limits
from schemas.account import Account
from schemas.batch import Batch
from schemas.catalogue import catalogue
from schemas.lane import LaneLimits
from schemas.mill_sections import LaneSection
from schemas.settings import Settings
from schemas.states import BatchState
from tests.steps.storages import StumblingStorage
from tests.submission.manifests import EVENING, FLUX, TWO_LANES, WANX, prepared, rows

NIGHT = Order(name="night")


def test_a_batch_says_what_was_handed_in(tmp_path: Path) -> None:
    order = Order(defaults=Defaults({"n": "2"}), account="shop", simulated=True)
    batch = prepared(TWO_LANES, tmp_path, order).batch
    shop = {lane.replace("default", "shop"): 3 for lane in (WANX, FLUX)}
    assert (batch.total, batch.lanes) == (6, shop)
    assert set(batch.currencies.values()) == {"CNY"}
    assert batch.columns == ["sku", "prompt", "model"]
    assert batch.defaults == {"n": "2", "account": "shop", "simulated": True}
    assert (batch.simulated, batch.invalid) == (True, 0)
    assert batch.created_at == "2026-11-20T12:00:00+00:00"


def test_bad_rows_are_left_out_when_asked(tmp_path: Path) -> None:
    content = "sku,prompt,model\nA-1,a cat,wanx-v1\nA-2,,wanx-v1\n"
    ready = prepared(content, tmp_path, Order(skip_invalid=True))
    assert (ready.batch.total, ready.batch.invalid) == (1, 1)
    assert ready.checked.invalid == tmp_path / "invalid.csv"
    assert "A-2" in (tmp_path / "invalid.csv").read_text(encoding="utf-8")


def test_a_manifest_without_any_good_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="none of the 1 rows"):
        prepared("sku,prompt,model\nA-2,,wanx-v1\n", tmp_path, Order(skip_invalid=True))


def test_a_batch_handed_in_is_in_ledger_and_storage(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    ready = prepared(TWO_LANES, tmp_path, NIGHT)
    assert ready.hand_in(ledger, storage) == Submitted(ready.batch, fresh=True)
    assert Batch.model_validate_json(storage.get("batches/night/batch.json")) == ready.batch
    status = ledger.batches.status("night")
    assert status is not None
    assert (status.state, status.total, status.pending) == ("running", 6, 6)
    assert ledger.batches.due(10) == ["night"]
    assert ledger.lanes.names() == sorted([WANX, FLUX])
    for lane in (WANX, FLUX):
        assert ledger.client.lrange(f"mill:{{{lane}}}:waiting:night", 0, -1) == ["night/00001/3"]


def test_handed_in_again_it_is_the_same_batch(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    first = prepared(rows(2), tmp_path, NIGHT)
    first.hand_in(ledger, storage)
    later = prepared(rows(2), tmp_path, NIGHT, now=EVENING + timedelta(hours=1))
    assert later.hand_in(ledger, storage) == Submitted(first.batch, fresh=False)
    ledger.batches.finish("night", "2026-11-21T06:00:00+00:00")
    assert not later.hand_in(ledger, storage).fresh
    assert ledger.batches.state("night") is BatchState.FINISHED


@pytest.mark.parametrize(
    ("content", "order"),
    [
        (rows(3), NIGHT),
        (rows(2), Order(name="night", account="second")),
        (rows(2), Order(name="night", simulated=True)),
        (rows(2), Order(name="night", defaults=Defaults({"n": "2"}))),
    ],
    ids=["content", "account", "simulated", "defaults"],
)
def test_another_orders_name_is_taken(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path, content: str, order: Order
) -> None:
    prepared(rows(2), tmp_path / "one", NIGHT).hand_in(ledger, storage)
    written = list(storage.written)
    with pytest.raises(NameTaken, match="Choose another --batch NAME"):
        prepared(content, tmp_path / "other", order).hand_in(ledger, storage)
    assert storage.written == written
    status = ledger.batches.status("night")
    assert status is not None
    assert status.total == 2


def test_a_name_is_taken_even_while_its_batch_is_being_handed_in(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    storage.dies_at = 1
    with pytest.raises(NotHandedIn, match="run the same command again"):
        prepared(rows(2), tmp_path / "one", NIGHT).hand_in(ledger, storage)
    storage.dies_at = None
    with pytest.raises(NameTaken):
        prepared(rows(3), tmp_path / "other", NIGHT).hand_in(ledger, storage)


def test_two_that_take_a_name_at_once_do_not_mix(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    """Both see that nobody has the name; only one of them gets it."""
    meeting = threading.Barrier(2)

    class Meeting(Batches):
        def open(self, batch: Batch, created_ms: int) -> BatchState:
            meeting.wait(10)
            return super().open(batch, created_ms)

    meeting_batches = Meeting(ledger.client, ledger.scripts)
    together = Ledger(**{**vars(ledger), "batches": meeting_batches})
    both = [prepared(rows(n), tmp_path / str(n), NIGHT) for n in (2, 3)]
    ends: list[Submitted | NameTaken] = []

    def run(index: int) -> None:
        try:
            ends.append(both[index].hand_in(together, storage))
        except NameTaken as error:
            ends.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (won,) = [end for end in ends if isinstance(end, Submitted)]
    assert len(ends) == 2
    status = ledger.batches.status("night")
    assert status is not None
    assert status.pending == status.total == won.batch.total


def test_limits_come_from_catalogue_and_settings() -> None:
    settings = Settings(lanes={"dashscope:wanx-v1": LaneSection(rate="5/s", window=9)})
    assert lane_limits([WANX, FLUX], settings, catalogue()) == {
        WANX: LaneLimits(rate_per_s=5, window=9),
        FLUX: catalogue().find("flux-schnell").limits,
    }


def test_an_account_nobody_set_up_is_refused() -> None:
    settings = Settings(accounts={"shop": Account()})
    check_account("shop", settings)
    check_account("default", settings)
    with pytest.raises(UnknownAccount, match=r"known: default, shop.*\[accounts.stall\]"):
        check_account("stall", settings)
