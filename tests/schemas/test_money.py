"""Money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import to_micro, to_text


@pytest.mark.parametrize(
    ("amount", "micro", "text"),
    [
        ("0", 0, "0.00"), ("0.16", 160_000, "0.16"), ("1.28", 1_280_000, "1.28"),
        ("0.005", 5_000, "0.005"), ("0.000001", 1, "0.000001"), ("1000000", 10**12, "1000000.00"),
        ("0.1", 100_000, "0.10"), ("50", 50_000_000, "50.00"), ("-0.16", -160_000, "-0.16"),
    ],
)  # fmt: skip
def test_amounts(amount: str, micro: int, text: str) -> None:
    assert to_micro(amount) == to_micro(Decimal(amount)) == micro
    assert to_text(micro) == text


@pytest.mark.parametrize("amount", ["0.0000001", "1.2345678"])
def test_fractions_of_a_millionth_are_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="more than six decimals"):
        to_micro(amount)


@given(st.integers(-(10**18), 10**18))
def test_no_amount_is_changed_by_writing_it(micro: int) -> None:
    assert to_micro(to_text(micro)) == micro
