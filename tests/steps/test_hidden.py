"""What no log may show, however it is spelled."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from schemas.settings import Settings
from worker.hidden import hidden_words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://worker:p%40ss@host:6379/0", {"p%40ss", "p@ss"}),
        ("sentinel://:p%2Fw@a,b/mill/0?sentinel_password=w%26t&x=1", {"p/w", "w%26t", "w&t"}),
    ],
)
def test_passwords_of_an_address_are_hidden(url: str, words: set[str]) -> None:
    found = hidden_words(Settings(redis_url=SecretStr(url), flower_password=SecretStr("fl0wer")))
    assert {url, "fl0wer", *words} <= set(found)


def test_an_address_without_a_password_hides_no_empty_word() -> None:
    assert "" not in hidden_words(Settings(redis_url=SecretStr("redis://host:6379/0")))
