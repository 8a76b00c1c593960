"""Whom to tell: which addresses are admitted, and how an occasion is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.notify import Event, Notify, Occasion


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/mill?a=b",
        "https://10.0.0.5/",
        "http://localhost:8080/hook",
        "http://127.0.0.1/hook",
        "http://[::1]:9000/",
        "https://例子.测试/hook",
    ],
)
def test_encrypted_or_on_this_machine(url: str) -> None:
    assert Notify(url=url).fault_of(url) is None


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "http://10.0.0.5/", "http://localhost.example.com/"]
)
def test_plain_http_elsewhere_needs_a_word(url: str) -> None:
    with pytest.raises(ValidationError, match="allow_http = true"):
        Notify(url=url)
    assert Notify(url=url, allow_http=True).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://a/b",
        "https://",
        "https://a:b/",
        "https://a/\n",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        Notify(url=url, allow_http=True)
    assert Notify(url_env="HOOK").fault_of(url) is not None


@given(event=st.sampled_from(Event), detail=st.text(max_size=20))
def test_an_occasion_is_read_as_it_was_written(event: Event, detail: str) -> None:
    assert Occasion.parse(str(Occasion(event, detail))) == Occasion(event, detail)
