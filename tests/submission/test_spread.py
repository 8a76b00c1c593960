"""A batch whose rows are shared among accounts, from the settings to the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from ledger.opening import Ledger
from producer.handing_in import NameTaken
from producer.lane_time import spread_of
from producer.shares import Spread
from producer.submission import Order
from schemas.account import Account
from schemas.mill_sections import LaneSection
from schemas.settings import Settings
from schemas.states import BatchState
from tests.steps.storages import StumblingStorage
from tests.submission.manifests import WANX, prepared, rows

SECOND = "dashscope:wanx-v1@second"
SETTINGS = Settings(
    accounts={"second": Account(api_key=SecretStr("sk-2"))},
    lanes={
        "dashscope:wanx-v1": LaneSection(rate="1/s", window=100),
        SECOND: LaneSection(rate="3/s"),
    },
    spread={"dashscope": ("default", "second")},
)
ALIKE = Order(name="night", spread=Spread({"dashscope": ("default", "second")}))


def test_rows_are_shared_as_the_settings_limits_are(tmp_path: Path) -> None:
    batch = prepared(rows(40), tmp_path, Order(spread=spread_of(SETTINGS))).batch
    assert batch.lanes == {SECOND: 30, WANX: 10}
    assert sorted(batch.unbound) == sorted(batch.lanes)


def test_a_lane_where_a_row_named_its_account_is_bound(tmp_path: Path) -> None:
    content = "sku,prompt,model,account\nA,cup,wanx-v1,\nB,cup,wanx-v1,default\nC,cup,wanx-v1,\n"
    batch = prepared(content, tmp_path, ALIKE).batch
    assert batch.lanes == {WANX: 2, SECOND: 1}
    assert batch.unbound == [SECOND]


def test_an_account_said_for_all_binds_all(tmp_path: Path) -> None:
    order = Order(account="second", account_named=True, spread=spread_of(SETTINGS))
    batch = prepared(rows(3), tmp_path, order).batch
    assert (batch.lanes, batch.unbound) == ({SECOND: 3}, [])


def test_a_batch_that_was_begun_is_completed_only_as_it_was_begun(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    begun = prepared(rows(4), tmp_path / "a", ALIKE)
    ledger.batches.open(begun.batch, 1000)  # and whoever handed it in died
    otherwise = prepared(rows(4), tmp_path / "b", Order(name="night"))
    with pytest.raises(NameTaken, match=r"2 rows in .*second.*4 rows in"):
        otherwise.hand_in(ledger, storage)
    assert begun.hand_in(ledger, storage).fresh
    assert ledger.batches.state("night") is BatchState.RUNNING
