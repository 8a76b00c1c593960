"""A worker that a program starts has the program's settings, wherever those were said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from producer.worker_environment import worker_environment
from schemas.settings import load_settings

TOML = """
[accounts.second]
provider = "dashscope"
api_key = "sk-second"
[worker]
concurrency = 4
"""
SAID: dict[str, Any] = {
    "dashscope_api_key": "sk-said",
    "aws_secret_access_key": "secret",
    "s3_region": "cn-north-1",
    "s3_endpoint_url": "http://127.0.0.1:8333",
    "shared_storage": True,
    "log_level": "DEBUG",
    "worker": {"lease_s": 3, "thumbnails": False},
    "accounts": {"shop": {"provider": "openai", "api_key": "sk-shop", "query_rate": "9/s"}},
    "spread": {"dashscope": ["default", "second"]},
    "lanes": {"dashscope:wanx-v1": {"rate": "50/s", "window": 60}},
    "models": {"openai:my-model": {"like": "dall-e-3", "price": "0.10"}},
    "ask": {"images": 7},
    "results": {"renditions": ["square-1600.jpg"], "label": "none"},
    "gate": {"action": "reroll", "rerolls": 2},
    "manifests": {"own_hosts": ["erp.internal:8443"]},
    "notify": {"url_env": "HOOK"},
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with an imagemill.toml, and variables that the program overrules."""
    (tmp_path / "imagemill.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-there")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.mark.parametrize("name", [*SAID, "all of them"])
def test_a_worker_reads_what_the_program_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(**({name: SAID[name]} if name in SAID else SAID))
    assert load_settings() != settings
    for variable, value in worker_environment(settings).items():
        monkeypatch.setenv(variable, value)
    assert load_settings() == settings


def test_a_worker_that_finds_it_all_is_told_nothing() -> None:
    settings = load_settings(redis_url="redis://there:6379/0", storage_url="s3://there/mill")
    assert worker_environment(settings) == {}


def test_what_is_wrong_here_and_right_in_the_program_reaches_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMAGEMILL_SHARED_STORAGE", "perhaps")
    settings = load_settings(shared_storage=True)
    for variable, value in worker_environment(settings).items():
        monkeypatch.setenv(variable, value)
    assert load_settings() == settings
