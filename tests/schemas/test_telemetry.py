"""What may be said of metrics and traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.settings import WrongSettings, load_settings

WRONG = [
    ("[metrics]\nport = 70000\n", "metrics.port"),
    ('[metrics]\nlisten = ""\n', "metrics.listen"),
    ('[traces]\nendpoint = "otel:4318"\n', "http://host:4318/v1/traces"),
    ("[traces]\nsample = 0\n", "traces.sample"),
    ("[traces]\nsample = 1.5\n", "traces.sample"),
    ("[metrics]\nprot = 1\n", "there is no such setting"),
]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "imagemill.toml"
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(path))
    return path


def test_nobody_listens_and_nothing_is_sent_unless_asked(written: Path) -> None:
    written.write_text("")
    settings = load_settings()
    assert (settings.metrics.port, settings.metrics.listen) == (None, "127.0.0.1")
    assert settings.traces.endpoint is None


def test_each_process_may_have_a_port_of_its_own(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.write_text('[metrics]\nport = 9464\nlisten = "10.0.0.7"\n')
    monkeypatch.setenv("IMAGEMILL_METRICS__PORT", "9465")
    section = load_settings().metrics
    assert (section.port, section.listen) == (9465, "10.0.0.7")


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_makes_no_sense_is_said(written: Path, text: str, words: str) -> None:
    written.write_text(text)
    with pytest.raises(WrongSettings, match=words):
        load_settings()
