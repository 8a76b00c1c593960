"""What an account may spend in a day, as imagemill.toml says it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.settings import WrongSettings, load_settings


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings' file, and no other."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "imagemill.toml"


def test_a_cap_and_where_its_days_begin(toml: Path) -> None:
    toml.write_text('[accounts.default]\ndaily_cap = "200CNY"\nutc_offset = "+08:00"\n')
    account = load_settings().account("default", "dashscope")
    assert (account.daily_cap, account.utc_offset) == ("200CNY", "+08:00")


def test_without_a_cap(toml: Path) -> None:
    toml.write_text("[accounts.default]\n")
    account = load_settings().account("default", "dashscope")
    assert (account.daily_cap, account.utc_offset) == (None, "+00:00")


def test_a_cap_from_the_environment(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml.write_text("")
    monkeypatch.setenv("IMAGEMILL_ACCOUNTS__DEFAULT__DAILY_CAP", "5usd")
    assert load_settings().account("default", "dashscope").daily_cap == "5usd"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('daily_cap = "200"', "daily_cap (imagemill.toml line 2): '200' is no amount of money"),
        ('daily_cap = "200 元"', "like 200CNY"),
        ("daily_cap = 200", "accounts.second.daily_cap"),
        ('utc_offset = "8"', "utc_offset (imagemill.toml line 2): '8' is no offset from UTC"),
    ],
)
def test_what_is_wrong_is_named(toml: Path, line: str, message: str) -> None:
    toml.write_text(f"[accounts.second]\n{line}\n", encoding="utf-8")
    with pytest.raises(WrongSettings, match=re.escape(message)):
        load_settings()
