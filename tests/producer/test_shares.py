"""Rows that name no account are shared among those of a spread, in proportion to their limits."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from producer.accounts_asked import Accounts
from producer.checking import Good, RowChecker
from producer.row import Row
from producer.shares import Shares, Spread
from schemas.catalogue import catalogue

WANX = catalogue().find("wanx-v1", "dashscope")
FLUX = catalogue().find("flux-schnell", "dashscope")
ARK = WANX.model_copy(update={"provider": "openai", "name": "seedream", "account": "ark"})
GROUP = {"dashscope": ("a", "b")}
SPEEDS = st.dictionaries(
    st.sampled_from("abcde"), st.integers(1, 1000).map(lambda n: n / 10), min_size=2
)


@given(SPEEDS, st.integers(0, 300))
def test_all_lanes_are_done_at_nearly_the_same_time(speeds: dict[str, float], rows: int) -> None:
    shares = Shares(Spread({"dashscope": list(speeds)}, lambda _, account: speeds[account]))
    given_to = Counter(shares.account(WANX, line) for line in range(rows))
    assert given_to.total() == rows
    ends = {name: given_to[name] / speed for name, speed in speeds.items()}
    for name, speed in speeds.items():
        # One more row there would have ended no earlier than the last that was given elsewhere.
        assert (given_to[name] + 1) / speed >= max(ends.values()) - 1e-9


@given(SPEEDS, st.lists(st.integers(0, 9)))
def test_the_same_rows_are_the_same_shares(speeds: dict[str, float], lines: list[int]) -> None:
    spread = Spread({"dashscope": list(speeds)}, lambda _, account: speeds[account])
    first, second = Shares(spread), Shares(spread)
    assert [first.account(WANX, n) for n in lines] == [second.account(WANX, n) for n in lines]


def test_what_a_matrix_makes_of_a_line_stays_together() -> None:
    shares = Shares(Spread(GROUP))
    assert [shares.account(WANX, line) for line in (2, 2, 2, 3, 4, 5)] == ["a"] * 3 + ["b"] * 3


def test_each_model_is_shared_by_itself() -> None:
    shares = Shares(Spread(GROUP))
    assert [shares.account(m, line) for line, m in enumerate((WANX, FLUX, WANX, FLUX))] == [
        "a", "a", "b", "b",
    ]  # fmt: skip


def test_a_provider_without_a_spread_has_no_shares() -> None:
    assert Shares(Spread(GROUP)).account(ARK, 2) is None


def lanes(accounts: Accounts, *written: str | None) -> tuple[list[str], set[str]]:
    checker, found = RowChecker(catalogue(), accounts=accounts), []
    for line, account in enumerate(written, 2):
        cells = {"id": str(line), "prompt": "cup", "model": "wanx-v1", "account": account}
        judged = checker.check(Row(line, tuple(cells), cells))
        assert isinstance(judged, Good), judged
        found.append(judged.job.lane.partition("@")[2])
    return found, {lane.partition("@")[2] for lane in checker.lanes.bound}


def test_rows_that_name_their_account_keep_it() -> None:
    accounts = Accounts(spread=Spread(GROUP))
    assert lanes(accounts, None, "a", " ", None, "default") == (
        ["a", "a", "b", "a", "default"],
        {"a", "default"},
    )


def test_an_option_binds_all_rows_also_to_the_account_called_default() -> None:
    spread = Spread(GROUP)
    assert lanes(Accounts("b", named=True, spread=spread), None, None) == (["b", "b"], {"b"})
    assert lanes(Accounts(named=True, spread=spread), None) == (["default"], {"default"})


def test_without_a_spread_rows_are_free_and_go_through_the_default() -> None:
    assert lanes(Accounts(), None, " ") == (["default", "default"], set())


def test_a_rehearsal_is_not_spread() -> None:
    accounts = Accounts("simulator", fixed=True, spread=Spread(GROUP))
    assert lanes(accounts, None, "a")[0] == ["simulator", "simulator"]
