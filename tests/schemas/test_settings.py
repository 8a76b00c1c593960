"""Settings: flag > environment > imagemill.toml > defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.catalogue import catalogue
from schemas.lane import Lane
from schemas.provider import PROVIDERS
from schemas.settings import (
    Settings,
    WrongSettings,
    child_environment,
    load_settings,
)

NAMES = (
    "IMAGEMILL_CONFIG", "IMAGEMILL_STORAGE_URL", "IMAGEMILL_LOG_LEVEL", "IMAGEMILL_REDIS_URL",
    "IMAGEMILL_REDIS_URL_FILE", "IMAGEMILL_WORKER__CONCURRENCY", "IMAGEMILL_S3_REGION",
    "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID_FILE",
    "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_FILE", "AWS_SESSION_TOKEN",
    "AWS_SESSION_TOKEN_FILE", "DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE",
    "DASHSCOPE_HTTP_BASE_URL",
)  # fmt: skip
SECRETS = {
    "DASHSCOPE_API_KEY": "dashscope_api_key",
    "AWS_ACCESS_KEY_ID": "aws_access_key_id",
    "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "AWS_SESSION_TOKEN": "aws_session_token",
    "IMAGEMILL_REDIS_URL": "redis_url",
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment that says nothing."""
    for name in NAMES:
        monkeypatch.setenv(name, "")  # remembered, so that it is undone even if it was not set
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(place: Path, text: str) -> None:
    (place / "imagemill.toml").write_text(text, encoding="utf-8")


def test_defaults_are_enough() -> None:
    settings = load_settings()
    assert settings.storage_url == "./out"
    assert settings.redis_url is None
    assert settings.worker.concurrency == 32
    assert settings.account("default", "dashscope").base_url == PROVIDERS["dashscope"].base_url


def test_flag_before_environment_before_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(place, 'storage_url = "from-file"\nlog_level = "DEBUG"\n[worker]\nconcurrency = 3\n')
    assert load_settings().storage_url == "from-file"
    assert load_settings().worker.concurrency == 3
    monkeypatch.setenv("IMAGEMILL_STORAGE_URL", "from-environment")
    monkeypatch.setenv("IMAGEMILL_WORKER__CONCURRENCY", "4")
    assert load_settings().storage_url == "from-environment"
    assert load_settings().worker.concurrency == 4
    assert load_settings(storage_url="from-flag").storage_url == "from-flag"
    assert load_settings(storage_url=None).storage_url == "from-environment"
    assert load_settings().log_level == "DEBUG"


@pytest.mark.parametrize(("name", "field"), SECRETS.items())
def test_every_secret_can_be_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str, field: str
) -> None:
    (place / "secret").write_text("redis://s3cret\n")
    monkeypatch.setenv(f"{name}_FILE", str(place / "secret"))
    value = getattr(load_settings(), field)
    assert value is not None
    assert value.get_secret_value() == "redis://s3cret"


def test_the_secret_itself_counts_before_its_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "secret").write_text("from-file")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "from-environment")
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE", str(place / "secret"))
    key = load_settings().account("default", "dashscope").api_key
    assert key is not None
    assert key.get_secret_value() == "from-environment"


def test_a_secrets_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE", "/nowhere/secret")
    with pytest.raises(WrongSettings, match="/nowhere/secret"):
        load_settings()


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "s3cret")
    monkeypatch.setenv("IMAGEMILL_REDIS_URL", "redis://:s3cret@host/0")
    settings = load_settings()
    for text in (
        repr(settings),
        settings.model_dump_json(),
        repr(settings.account("default", "dashscope")),
    ):
        assert "s3cret" not in text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[worker]\nconcurrency = 0\n", "worker.concurrency"),
        ('[worker]\nconcurrency = "many"\n', "worker.concurrency"),
        ("[worker]\nthreads = 3\n", "worker.threads"),
        (
            '[lanes."dashscope:wanx-v1"]\nrate = "fast"\n',
            r"rate \(imagemill.toml line 2\): 'fast' is no rate",
        ),
        ('[lanes."wanx-v1"]\nwindow = 3\n', "is no lane"),
        ('[lanes."dashscope:wanx-v1"]\nwindow = 0\n', "window"),
        ('[lanes."dashscope:wanx-v1"]\non_uncertain = "guess"\n', "on_uncertain"),
        (
            '[accounts.default]\nquery_rate = "0/s"\n',
            r"query_rate \(imagemill.toml line 2\): '0/s' is no rate",
        ),
        ('[accounts.default]\nprovider = "dashscop"\n', "toml line 2.*did you mean dashscope"),
        ('[accounts.default]\npassword = "x"\n', "accounts.default.password"),
    ],
)
def test_a_wrong_value_in_the_file_is_an_error_that_names_it(
    place: Path, text: str, named: str
) -> None:
    _write(place, text)
    with pytest.raises(WrongSettings, match=named):
        load_settings()


def test_a_wrong_secret_is_not_repeated(place: Path) -> None:
    _write(place, '[accounts.default]\napi_key = ["s3cret"]\n')
    with pytest.raises(WrongSettings, match=r"accounts\.default\.api_key") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_toml_is_an_error(place: Path) -> None:
    _write(place, "storage_url = \n")
    with pytest.raises(WrongSettings, match=r"imagemill\.toml"):
        load_settings()


def test_a_byte_order_mark_is_no_harm(place: Path) -> None:
    (place / "imagemill.toml").write_text('storage_url = "图"\n', encoding="utf-8-sig")
    assert load_settings().storage_url == "图"


def test_a_file_in_another_encoding_is_told_with_the_line(place: Path) -> None:
    (place / "imagemill.toml").write_text('\nstorage_url = "中文"\n', encoding="gb18030")
    with pytest.raises(WrongSettings, match=r"imagemill.toml is not UTF-8: line 2; save it as UTF"):
        load_settings()


@pytest.mark.parametrize("text", ['storge_url = "x"\n', "[workers]\nconcurrency = 3\n"])
def test_a_misspelt_name_in_the_file_is_an_error(place: Path, text: str) -> None:
    _write(place, text)
    with pytest.raises(WrongSettings, match=r"storge_url|workers"):
        load_settings()


def test_a_named_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_CONFIG", "/nowhere/imagemill.toml")
    with pytest.raises(WrongSettings, match=r"/nowhere/imagemill\.toml"):
        load_settings()


def test_which_file_counts(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = place / "config" / "imagemill"
    user.mkdir(parents=True)
    (user / "imagemill.toml").write_text('log_level = "USER"\n')
    assert load_settings().log_level == "USER"
    _write(place, 'log_level = "HERE"\n')
    assert load_settings().log_level == "HERE"
    (place / "other.toml").write_text('log_level = "NAMED"\n')
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(place / "other.toml"))
    assert load_settings().log_level == "NAMED"


def test_limits_are_the_catalogues_then_the_models_then_the_lanes(place: Path) -> None:
    _write(
        place,
        '[lanes."dashscope:wanx-v1"]\nrate = "1/min"\nwindow = 9\n'
        '[lanes."dashscope:wanx-v1@second"]\nwindow = 1\nburst = 2\n',
    )
    settings, model = load_settings(), catalogue().find("wanx-v1")
    first = settings.limits(Lane("dashscope", "wanx-v1", "default"), model)
    second = settings.limits(Lane("dashscope", "wanx-v1", "second"), model)
    assert first.rate_per_s == second.rate_per_s == 1 / 60
    assert (first.window, first.burst) == (9, 1)
    assert (second.window, second.burst) == (1, 2)
    assert Settings().limits(Lane("dashscope", "flux-dev", "default"), catalogue().find("flux-dev"))


def test_accounts_and_the_vendors_own_names(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(place, '[accounts.second]\napi_key = "k2"\nbase_url = "http://there"\n')
    monkeypatch.setenv("DASHSCOPE_API_KEY", "k1")
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "http://here")
    settings = load_settings()
    first, second = (
        settings.account("default", "dashscope"),
        settings.account("second", "dashscope"),
    )
    assert first.api_key is not None
    assert second.api_key is not None
    assert (first.api_key.get_secret_value(), first.base_url) == ("k1", "http://here")
    assert (second.api_key.get_secret_value(), second.base_url) == ("k2", "http://there")
    with pytest.raises(KeyError):
        settings.account("third", "dashscope")


@pytest.mark.parametrize("name", ["IMAGEMILL_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_has_several_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "cn-hangzhou")
    assert load_settings().s3_region == "cn-hangzhou"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings().storage_url = "elsewhere"  # type: ignore[misc]  # the point of the test


def test_a_childs_environment_is_ours_with_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "k")
    environment = child_environment(IMAGEMILL_LOG_LEVEL="DEBUG")
    assert environment["DASHSCOPE_API_KEY"] == "k"
    assert environment["IMAGEMILL_LOG_LEVEL"] == "DEBUG"


def test_the_workspace_may_live_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", "llm-shop")
    settings = load_settings()
    assert settings.account("default", "dashscope").workspace == "llm-shop"
    assert settings.account("default", "stability").workspace is None
