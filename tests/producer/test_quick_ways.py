"""Where most rows take a quicker way, it leads where the long one does."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.accounts_asked import Accounts
from producer.checking import Bad, Good, RowChecker
from producer.default_values import Defaults
from producer.plan import Header, Slot, make_plan
from producer.row import Row
from producer.tally import Tally
from schemas.catalogue import Catalogue, catalogue
from schemas.fields import resolve
from schemas.job import Job
from schemas.layout import safe_name
from schemas.model import Model, PriceTier
from tests.producer.manifests import checker, job_of

SEEDED = "wanx-v1"
NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(10**16), 10**16).map(str),
    st.sampled_from(["007", "1e3", "٣", "²"]),
)
TIERED = [model for model in catalogue() if model.price_tiers]
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def slot(model: str, name: str) -> Slot:
    columns = ("id", "prompt", name)
    header = Header(columns, resolve(columns, frozenset({name})), None)
    plan = make_plan(header, catalogue().find(model), Defaults())
    return plan.n if name == "n" else next(one for one in plan.slots if one.name == name)


@pytest.mark.parametrize("name", ["seed", "n", "size", "style"])
@given(raw=st.one_of(NUMBERS, st.text(max_size=5), st.sampled_from(["1024x1024", " <anime>"])))
def test_a_value_is_judged_alike(name: str, raw: Any) -> None:
    fresh = slot(SEEDED, name)
    for _ in range(2):  # what is judged once is remembered
        quick = fresh.plainly(raw)
        slow = fresh.check(raw) if raw != "" else None
        if quick is None:
            assert slow is None or slow.reason is not None or not str(raw).strip()
        else:
            assert slow is not None
            assert (type(quick), quick, None) == (type(slow.value), *slow)


@pytest.mark.parametrize("raw", [True, 1.0, None, [1], {"a": 1}, "", " \t"])
def test_what_is_not_plain_is_looked_at_closer(raw: Any) -> None:
    one = slot(SEEDED, "seed")
    assert one.plainly(1) == one.plainly("1") == 1
    assert one.plainly(raw) is None


@given(st.from_regex(r"[A-Za-z0-9_.~ \-]{0,80}", fullmatch=True) | st.text(max_size=20))
def test_a_safe_name_stays_as_it_is_only_where_it_may(text: str) -> None:
    name = safe_name(text)
    assert safe_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert not RESERVED.fullmatch(name)
    assert not name.startswith((".", "-"))
    assert len(name.encode()) <= 120


@pytest.mark.parametrize("model", TIERED, ids=lambda model: f"{model.provider}-{model.name}")
def test_a_price_is_remembered_only_for_orders_that_cost_the_same(model: Model) -> None:
    tried: list[dict[str, Any]] = [{}, {"seed": 1}, {"size": ["a list"]}]
    tried += [{"size": f"{side}*{side}"} for side in (256, 512, 1024, 2048, 4096)]
    tried += [{**more, **tier.when} for tier in model.price_tiers for more in tried]
    tally, micro = Tally(catalogue()), 0
    for number, parameters in enumerate(tried * 2):
        job = Job(
            id=str(number),
            line=number,
            lane=f"{model.provider}:{model.name}@default",
            prompt="a cup",
            n=2,
            parameters=parameters,
            name=str(number),
        )
        tally.add(Good(job, ()))
        micro += 2 * model.price_micro_of(parameters)
        assert tally.costs() == {model.currency: micro}


def test_a_tier_without_conditions_holds_for_all_orders() -> None:
    model = catalogue().find(SEEDED)
    always = model.model_copy(update={"price_tiers": (PriceTier(price=Decimal("0.5")),)})
    tally = Tally(Catalogue([always]))
    job = job_of(checker(SEEDED).check(Row(1, ("id", "prompt"), {"id": "A1", "prompt": "cup"})))
    tally.add(Good(job, ()))
    assert tally.costs() == {"CNY": 500_000}


def test_a_job_is_written_as_it_was() -> None:
    cells = {
        "id": "A1",
        "prompt": "一只 \x07 cup",
        "模型": SEEDED,
        "seed": "7",
        "own": [1, None, "é"],
    }
    job = job_of(checker().check(Row(3, tuple(cells), cells)))
    assert job.document() == job.model_dump_json(exclude_defaults=True).encode()
    assert Job.model_validate_json(job.document()) == job


def test_each_row_has_the_lane_of_its_own_account() -> None:
    judge = checker(SEEDED)
    columns = ("id", "prompt", "account")
    for written, account in (("", "default"), ("shop", "shop"), (" shop ", "shop")) * 2:
        row = Row(1, columns, dict(zip(columns, ("A1", "cup", written), strict=True)))
        assert job_of(judge.check(row)).lane == f"dashscope:{SEEDED}@{account}"


def test_an_account_that_is_refused_is_refused_every_time() -> None:
    judge = RowChecker(catalogue(), accounts=Accounts(known=frozenset()))
    cells = {"id": "A1", "prompt": "cup", "model": SEEDED, "account": "shop"}
    row = Row(1, tuple(cells), cells)
    first, second = judge.check(row), judge.check(row)
    assert isinstance(first, Bad)
    assert first == second
