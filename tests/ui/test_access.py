"""Who may look at the status pages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from producer.ui.access import LASTS_S, Access
from producer.ui.server import _own

ACCESS = Access("correct horse battery staple")
NOW_S = 1_800_000_000.0


def test_the_token_opens_and_the_cookie_keeps_open() -> None:
    assert ACCESS.opens(ACCESS.token)
    cookie = ACCESS.cookie(NOW_S)
    assert ACCESS.admits(cookie, NOW_S)
    assert ACCESS.admits(cookie, NOW_S + LASTS_S - 1)
    assert not ACCESS.admits(cookie, NOW_S + LASTS_S)
    assert ACCESS.token not in cookie


def test_another_token_ends_all_cookies() -> None:
    assert not Access("another horse entirely").admits(ACCESS.cookie(NOW_S), NOW_S)


@given(st.text())
def test_nothing_else_opens(given_: str) -> None:
    assert ACCESS.opens(given_) == (given_ == ACCESS.token)
    assert not ACCESS.admits(given_, NOW_S)


@given(st.integers(0, 10**11), st.text("0123456789abcdef.", max_size=80))
def test_nobody_makes_a_cookie_last(until_s: int, signature: str) -> None:
    genuine = ACCESS.cookie(NOW_S).partition(".")[2]
    assert not ACCESS.admits(f"{until_s}.{signature}", NOW_S)
    stretched = f"{int(NOW_S) + LASTS_S + 1 + until_s}.{genuine}"
    assert not ACCESS.admits(stretched, NOW_S)


def test_a_form_leads_to_our_own_pages_only() -> None:
    assert _own("/batches/autumn") == "/batches/autumn"
    for elsewhere in (
        "//evil.test/x",
        "https://evil.test",
        "/\\evil.test",
        "javascript:x",
        "",
        "x",
    ):
        assert _own(elsewhere) == "/", elsewhere
