"""What must lie in one slot of a Redis Cluster does, whatever people call their lanes and batches."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from ledger import keys
from ledger.keys import LaneKeys
from tests.house.packages import python_files
from tests.ledger.slots import slots_of

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text("{}:@/", min_size=1)
SLOTS = 16384


@given(model=NAMES, one=NAMES, other=NAMES)
def test_a_lanes_keys_share_a_slot(model: str, one: str, other: str) -> None:
    found = LaneKeys(f"dashscope:{model}@default")
    named = [value for name, value in vars(found).items() if name not in ("lane", "_tag")]
    made = [
        make(name)
        for name in (one, other)
        for make in (
            found.job,
            found.chunk,
            found.counts,
            found.ready,
            found.waiting,
            found.backlog,
        )
    ]
    assert len(slots_of([*named, *made])) == 1


@given(batch=NAMES, currency=NAMES, other=NAMES)
def test_a_batchs_keys_share_a_slot(batch: str, currency: str, other: str) -> None:
    notices = keys.notice_keys(batch)
    own = [keys.batch_record(batch), keys.batch_closing(batch), *notices, notices.notice(other)]
    purses = [*keys.batch_purse_keys(batch, currency), *keys.batch_purse_keys(batch, other)]
    assert len(slots_of([*own, *purses])) == 1


@given(provider=NAMES, account=NAMES, currency=NAMES)
def test_an_accounts_keys_share_a_slot(provider: str, account: str, currency: str) -> None:
    own = [keys.query_bucket(provider, account), *keys.access_token_keys(provider, account)]
    purse = keys.account_purse_keys(provider, account, currency)
    assert len(slots_of([*own, *purse])) == 1


def test_the_fleets_keys_share_a_slot() -> None:
    fleet = [value for value in vars(keys).values() if str(value).startswith("mill:{fleet}:")]
    assert len(fleet) >= 6
    assert len(slots_of(fleet)) == 1


def test_lanes_and_batches_are_spread_over_the_slots() -> None:
    """Three servers with a third of the slots each: none has half as many again as it should."""
    tags = [LaneKeys(f"dashscope:wanx-v1@account-{i}").config for i in range(1000)]
    tags += [keys.batch_record(f"2026-11-21-{i}") for i in range(1000)]
    for share in (tags[:1000], tags[1000:]):
        on = [3 * slots_of([key]).pop() // SLOTS for key in share]
        assert max(on.count(server) for server in range(3)) < 500


def test_no_pipeline_of_the_ledger_is_a_transaction() -> None:
    """A cluster takes MULTI for the keys of one slot; a script does what must be done as one."""
    calls = [
        node
        for path in python_files("ledger")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "pipeline"
    ]
    assert calls
    for call in calls:
        named = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert named == {"transaction": "False"}, ast.unparse(call)
