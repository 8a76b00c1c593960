"""Amounts of money as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import MOST_MICRO, Amount


@pytest.mark.parametrize(
    ("text", "amount", "written"),
    [
        ("50CNY", Amount(50_000_000, "CNY"), "50.00 CNY"),
        ("50 CNY", Amount(50_000_000, "CNY"), "50.00 CNY"),
        (" 0.5usd ", Amount(500_000, "USD"), "0.50 USD"),
        ("0.000001 Eur", Amount(1, "EUR"), "0.000001 EUR"),
        ("0CNY", Amount(0, "CNY"), "0.00 CNY"),
        ("1000000000CNY", Amount(MOST_MICRO, "CNY"), "1000000000.00 CNY"),
    ],
)
def test_amounts_are_read_and_written(text: str, amount: Amount, written: str) -> None:
    assert Amount.parse(text) == amount
    assert str(amount) == written


@given(st.integers(0, MOST_MICRO), st.from_regex("[A-Z]{3}", fullmatch=True))
def test_no_amount_is_changed_by_writing_it(micro: int, currency: str) -> None:
    assert Amount.parse(str(Amount(micro, currency))) == (micro, currency)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("50", "like 50CNY or 50USD"),
        ("0.5 元", "like 0.5CNY or 0.5USD"),
        ("¥50", "like 50CNY or 50USD"),
        ("CNY", "like 50CNY or 50USD"),
        ("", "like 50CNY or 50USD"),
        ("50 yuan", "like 50CNY"),
        ("50C", "like 50CNY"),
        ("50  CNY", "like 50CNY"),
        ("CNY 50", "like 50CNY"),
        ("-50CNY", "like 50CNY"),
        ("1e3CNY", "a currency's three letters"),
        ("1,000CNY", "a currency's three letters"),
        ("５０CNY", "a currency's three letters"),
        (".5CNY", "a currency's three letters"),
        ("0.0000001CNY", "more than six decimals"),
        ("1000000000.000001CNY", "1000000000.00 is the most"),
        ("9" * 40 + "CNY", "1000000000.00 is the most"),
    ],
)
def test_what_is_no_amount_is_told_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        Amount.parse(text)
