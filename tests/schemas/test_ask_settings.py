"""From what size on an order is asked about, as imagemill.toml says it."""

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


def test_without_a_word_it_is_a_hundred_images_or_a_few_coins(toml: Path) -> None:
    toml.write_text("")
    ask = load_settings().ask
    assert ask.images == 100
    assert ask.limits_micro == {"CNY": 20_000_000, "USD": 3_000_000}


def test_the_settings_name_their_own(toml: Path) -> None:
    toml.write_text('[ask]\nimages = 0\ncost = ["1.5cny", "2 EUR"]\n')
    ask = load_settings().ask
    assert (ask.images, ask.limits_micro) == (0, {"CNY": 1_500_000, "EUR": 2_000_000})


def test_the_environment_comes_first(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml.write_text("[ask]\nimages = 5\n")
    monkeypatch.setenv("IMAGEMILL_ASK__IMAGES", "7")
    assert load_settings().ask.images == 7


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('cost = ["20"]', "ask.cost (imagemill.toml line 2): '20' is no amount of money"),
        (
            'cost = ["20CNY", "30cny"]',
            "ask.cost (imagemill.toml line 2): there are two amounts in CNY",
        ),
        ("images = -1", "ask.images"),
        (
            "image = 5",
            "ask.image (imagemill.toml line 2): there is no such setting; did you mean images?",
        ),
    ],
)
def test_what_is_wrong_is_named(toml: Path, line: str, message: str) -> None:
    toml.write_text(f"[ask]\n{line}\n")
    with pytest.raises(WrongSettings, match=re.escape(message)):
        load_settings()
