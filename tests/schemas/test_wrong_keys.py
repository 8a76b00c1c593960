"""A wrong key of imagemill.toml is an error that names the line and the nearest right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.setting_keys import keys_at
from schemas.settings import Settings, WrongSettings, load_settings

HINTS = [
    ("storge_url = 'x'", "storge_url (imagemill.toml line 2)", "did you mean storage_url?"),
    ("[worker]\nconcurency = 3", "worker.concurency (imagemill.toml line 3)", "concurrency?"),
    ("[accounts.b]\napi_kye = 'x'", "accounts.b.api_kye (imagemill.toml line 3)", "api_key?"),
    ('[lanes."dashscope:wanx-v1"]\nrat = "2/s"', "line 3", "did you mean rate?"),
    ("[notify]\nurl_env = 'X'\nevent = []", "notify.event (imagemill.toml line 4)", "events?"),
    ("[ask]\ncosts = []", "ask.costs", "did you mean cost?"),
    ("[gate]\nxyz = 1", "gate.xyz", "there is action, rerolls"),
    ('[models."dashscope:wanx-v1"]\nprise = "1"', "prise", "did you mean price?"),
    (
        '[models."dashscope:wanx-v1".parameters.size]\nkind = "size"\ndoc = "x"\nchoises = []',
        "parameters.size.choises",
        "did you mean choices?",
    ),
    ("[spread]\ndashscop = ['a', 'b']", "spread.dashscop", "did you mean dashscope?"),
    ("[spread]\ndashscope = ['default', 'secnd']\n[accounts.second]", "secnd", "second?"),
    ("[spread]\ndashscope = ['default']", "spread.dashscope", "two accounts or more"),
    ("[spread]\ndashscope = ['default', 'default']", "spread.dashscope", "each once"),
    ("[accounts.b]\nprovider = 'stabilty'", "stabilty", "did you mean stability?"),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "imagemill.toml"


@pytest.mark.parametrize(("text", "place", "hint"), HINTS)
def test_a_wrong_key_is_told_with_the_nearest(file: Path, text: str, place: str, hint: str) -> None:
    file.write_text(f"# settings\n{text}\n")
    with pytest.raises(WrongSettings) as caught:
        load_settings()
    assert place in str(caught.value)
    assert hint in str(caught.value)


def test_a_wrong_key_in_a_variable_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_WORKER__CONCURENCY", "3")
    words = r"worker.concurency \(IMAGEMILL_WORKER__CONCURENCY\).*did you mean concurrency\?"
    with pytest.raises(WrongSettings, match=words):
        load_settings()


def test_the_file_that_was_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "of-the-night.toml"
    path.write_text("\nconcurrency = 3\n")
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(path))
    with pytest.raises(WrongSettings, match=rf"concurrency \({path} line 2\)"):
        load_settings()


def test_all_wrong_keys_are_told_at_once(file: Path) -> None:
    file.write_text("[worker]\nthreads = 3\n[gate]\nactoin = 'off'\n")
    with pytest.raises(WrongSettings, match=r"worker.threads.*gate.actoin"):
        load_settings()


def test_where_any_key_may_stand_none_is_named() -> None:
    assert keys_at(Settings, ("accounts",)) == []
    assert keys_at(Settings, ("models", "dashscope:wanx-v1")) == []
    assert "api_key" in keys_at(Settings, ("accounts", "any"))
