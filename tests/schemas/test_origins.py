"""Each setting with who said it: flag, variable, file, line; and what may be shown of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.origins import MASK, Sources, origins
from schemas.settings import child_environment, config_text, load_settings
from schemas.toml_lines import lines_of

SECRET = "s3cret-value"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in child_environment():
        if name.startswith(("IMAGEMILL_", "AWS_", "DASHSCOPE_", "QIANFAN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(tmp_path / "imagemill.toml"))
    (tmp_path / "imagemill.toml").write_text("")
    return tmp_path


def said(
    flags: dict[tuple[str, ...], str] | None = None, **given: str
) -> dict[str, tuple[Any, str]]:
    """Every setting's value and origin, as the environment and the file stand now."""
    environment = child_environment()
    settings = load_settings(**given)
    sources = Sources(flags or {}, environment, "mill.toml", lines_of(config_text()))
    return {".".join(path): (value, origin) for path, value, origin in origins(settings, sources)}


def test_what_nobody_said_is_a_default() -> None:
    found = said()
    assert found["worker.concurrency"] == (32, "default")
    assert found["redis_url"] == (None, "default")
    assert {origin for _, origin in found.values()} == {"default"}


def test_the_first_that_speaks_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "imagemill.toml").write_text('\nstorage_url = "file"\n[worker]\nconcurrency = 4\n')
    assert said()["storage_url"] == ("file", "mill.toml line 2")
    assert said()["worker.concurrency"] == (4, "mill.toml line 4")
    monkeypatch.setenv("IMAGEMILL_STORAGE_URL", "variable")
    monkeypatch.setenv("imagemill_worker__concurrency", "5")
    assert said()["storage_url"] == ("variable", "IMAGEMILL_STORAGE_URL")
    assert said()["worker.concurrency"] == (5, "imagemill_worker__concurrency")
    flagged = said({("storage_url",): "--out"}, storage_url="flag")
    assert flagged["storage_url"] == ("flag", "--out")


def test_a_table_in_a_variable_says_its_own_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_WORKER", '{"concurrency": 6}')
    found = said()
    assert found["worker.concurrency"] == (6, "IMAGEMILL_WORKER")
    assert found["worker.lease_s"][1] == "default"


def test_of_several_names_the_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu")
    assert said()["s3_region"] == ("eu", "AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "cn")
    assert said()["s3_region"] == ("cn", "AWS_REGION")


def test_a_secrets_file_is_named_and_nothing_of_it_shown(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "key").write_text(SECRET)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "")
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE", str(place / "key"))
    assert said()["dashscope_api_key"] == (MASK, "DASHSCOPE_API_KEY_FILE")
    monkeypatch.setenv("DASHSCOPE_API_KEY", SECRET)
    assert said()["dashscope_api_key"] == (MASK, "DASHSCOPE_API_KEY")


def test_only_a_secret_may_be_in_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_LOG_LEVEL_FILE", str(place / "imagemill.toml"))
    assert said()["log_level"] == ("INFO", "default")
    (told,) = Sources({}, child_environment(), "", {}).unknown_variables()
    assert told.startswith("IMAGEMILL_LOG_LEVEL_FILE is no setting")


def test_an_accounts_secret_may_be_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "key").write_text(SECRET)
    name = "IMAGEMILL_ACCOUNTS__SECOND__API_KEY"
    monkeypatch.setenv(name, "")
    monkeypatch.delenv(name)
    monkeypatch.setenv(f"{name}_FILE", str(place / "key"))
    found = said()
    assert found["accounts.second.api_key"] == (MASK, f"{name}_FILE")
    key = load_settings().account("second", "dashscope").api_key
    assert key is not None
    assert key.get_secret_value() == SECRET


def test_no_secret_is_shown(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "imagemill.toml").write_text(
        f'simulator_url = "http://user:{SECRET}@box:1/x"\n'
        f'[accounts.b]\napi_key = "{SECRET}"\nsecret_key = "{SECRET}"\n'
        f'[notify]\nurl = "https://hooks.example.com/{SECRET}?key={SECRET}"\n'
    )
    monkeypatch.setenv(
        "IMAGEMILL_REDIS_URL", f"rediss://me:{SECRET}@redis:6380/0?password={SECRET}"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    found = said()
    assert SECRET not in repr(found)
    assert found["redis_url"][0] == f"rediss://redis:6380/{MASK}"
    assert found["notify.url"][0] == f"https://hooks.example.com/{MASK}"
    assert found["simulator_url"][0] == f"http://{MASK}@box:1/x"


def test_a_variable_that_is_no_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_STORAG_URL", "x")
    sources = Sources({}, child_environment(), "", {})
    (told,) = sources.unknown_variables()
    assert told == "IMAGEMILL_STORAG_URL is no setting; did you mean IMAGEMILL_STORAGE_URL?"
