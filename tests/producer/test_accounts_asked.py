from __future__ import annotations

import pytest

from producer.accounts_asked import Accounts, NoAccount
from producer.checking import Bad, Good, RowChecker
from producer.row import Row
from schemas.catalogue import Catalogue, catalogue

KNOWN = frozenset({("dashscope", "default"), ("dashscope", "night"), ("openai", "ark")})
WANX = catalogue().find("wanx-v1")
ARK = WANX.model_copy(update={"provider": "openai", "name": "seedream", "account": "ark"})


def test_the_row_then_the_option_then_the_model_says_which() -> None:
    asked = Accounts("night", known=KNOWN)
    assert asked.of(WANX, "default") == "default"
    assert asked.of(WANX, None) == "night"
    assert Accounts(known=KNOWN).of(ARK, None) == "ark"
    assert Accounts(known=KNOWN).of(ARK, "default") == "default"
    assert Accounts(known=KNOWN).of(WANX, None) == "default"


def test_a_rehearsals_account_is_the_simulators_whatever_rows_say() -> None:
    asked = Accounts("simulator", fixed=True, known=KNOWN)
    assert asked.of(ARK, "night") == "simulator"
    assert asked.of(WANX, None) == "simulator"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("nigth", NoAccount("nigth", "is no known account of dashscope; did you mean night?", None)),
        ("x", NoAccount("x", "is no known account of dashscope; known: default, night", None)),
        ("ark", NoAccount("ark", "is an account of openai, and wanx-v1 is ordered from dashscope", None)),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_used_is_named(written: str, expected: NoAccount) -> None:
    assert Accounts(known=KNOWN).of(WANX, written) == expected


def test_the_options_account_of_another_provider_is_a_problem_of_the_row() -> None:
    known = Catalogue([WANX, ARK])
    checker = RowChecker(known, accounts=Accounts("night", known=KNOWN))
    cells = {"id": "1", "prompt": "cup", "model": "seedream"}
    found = checker.check(Row(3, tuple(cells), cells))
    assert isinstance(found, Bad)
    assert [str(problem) for problem in found.problems] == [
        'line 3, column --account: "night" is an account of dashscope,'
        " and seedream is ordered from openai"
    ]


def test_a_row_goes_to_the_lane_of_its_account() -> None:
    checker = RowChecker(catalogue(), accounts=Accounts(known=KNOWN))
    lanes = []
    for account in ("night", " ", None):
        cells = {"id": "1", "prompt": "cup", "model": "wanx-v1", "Account": account}
        found = checker.check(Row(1, tuple(cells), cells))
        assert isinstance(found, Good)
        lanes.append(found.job.lane)
    assert lanes == [f"dashscope:wanx-v1@{name}" for name in ("night", "default", "default")]
