"""How pictures are finished: from the settings to the job that brings it along."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.finishing import Finishing, Gate, Label
from schemas.finishing_sections import GateAction, GateSection, ResultsSection, finishing
from schemas.job import Job, content_key
from schemas.settings import WrongSettings, load_settings


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "A",
        "line": 2,
        "lane": "dashscope:wanx-v1@default",
        "prompt": "p",
        "name": "A",
    }
    return Job(**{**fields, **changes})


def test_without_a_word_pictures_have_every_label_and_no_gate() -> None:
    assert finishing(ResultsSection(), GateSection()) == Finishing()
    assert (Finishing().label, Finishing().parameters, Finishing().gate) == (Label.ALL, True, None)


def test_settings_say_otherwise() -> None:
    results = ResultsSection(label=Label.TC260, label_producer="001-9", label_parameters=False)
    gate = GateSection(action=GateAction.MARK, min_size_bytes=10, max_size_bytes=10, alike_bits=0)
    assert finishing(results, gate) == Finishing(
        label=Label.TC260,
        producer="001-9",
        parameters=False,
        gate=Gate(min_size_bytes=10, max_size_bytes=10, alike_bits=0),
    )


def test_the_environment_may_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_RESULTS__LABEL", "iptc")
    monkeypatch.setenv("IMAGEMILL_GATE__ACTION", "mark")
    settings = load_settings()
    assert settings.results.label is Label.IPTC
    assert settings.gate.gate() == Gate()


@pytest.mark.parametrize("name", ["某公司", "a b", 'a"b', "a\\b", "a\n"])
def test_a_producer_is_a_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_RESULTS__LABEL_PRODUCER", name)
    with pytest.raises(WrongSettings, match=r"results\.label_producer \(\w+\): must be a code"):
        load_settings()


def test_limits_that_no_file_could_keep_are_refused() -> None:
    with pytest.raises(ValidationError, match="no file could be right"):
        GateSection(min_size_bytes=2, max_size_bytes=1)


def test_a_job_brings_it_along_only_where_it_says_something() -> None:
    assert "finishing" not in job().request_json()
    wanted = Finishing(label=Label.NONE, gate=Gate())
    brought = job(finishing=wanted).request_json()
    assert Job.model_validate_json(brought).finishing == wanted
    assert len(brought) - len(job().request_json()) < 50


def test_it_does_not_make_another_picture() -> None:
    assert content_key(job()) == content_key(job(finishing=Finishing(label=Label.NONE)))
