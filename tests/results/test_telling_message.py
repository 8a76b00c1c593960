"""Notices in words: what happened, what it cost, what to do; in both languages, and harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.telling.message import message
from results.words import Language
from schemas.notice import FailedRow, Notice, NoticeType
from schemas.states import JobState
from tests.results.notices import (
    EACH,
    FAILURE,
    FINISHED,
    LANE,
    PARKED,
    STOPPED,
    TEST,
    notice,
    status,
)


def said(told: Notice, language: Language = Language.ENGLISH) -> str:
    title, lines = message(told, language)
    return "\n".join([title, *lines])


def test_a_finished_batch() -> None:
    assert said(FINISHED) == (
        "imagemill: batch autumn is finished\n"
        "22 of 24 rows complete, 1 partial, 1 failed\n"
        "43 images for 6.88 CNY\n"
        "Contact sheet: /out/index.html\n"
        "`imagemill retry autumn` runs failed and partial rows again"
    )
    assert said(FINISHED, Language.CHINESE) == (
        "imagemill: 批次 autumn 已完成\n"
        "共 24 行，成功 22 行，部分完成 1 行，失败 1 行\n"
        "43 张图片，费用 6.88 CNY\n"
        "看图页：/out/index.html\n"
        "重新运行失败的行：imagemill retry autumn"
    )


def test_a_rehearsal_and_a_later_round_say_so() -> None:
    again = notice(NoticeType.FINISHED, round=2, simulated=True)
    assert message(again, Language.ENGLISH).title.endswith("is finished, round 2 (rehearsal)")


def test_the_first_failure_names_row_and_reason() -> None:
    text = said(FAILURE)
    assert "Row 杯子-7: The provider's content rules refused" in text
    assert "DataInspectionFailed: Output data may contain" in text
    assert "20 rows wait" in text


def test_a_failure_nobody_recorded_is_told_all_the_same() -> None:
    bare = notice(NoticeType.FIRST_FAILURE)
    assert said(bare).startswith("imagemill: first failure in batch autumn\n22 of 24")
    row = FailedRow(id="A", lane=LANE, state=JobState.FAILED)
    assert "Row A: Failed" in said(notice(NoticeType.FIRST_FAILURE, failure=row))


def test_a_spent_budget_and_a_stopped_lane_say_how_to_go_on() -> None:
    parked, stopped = said(PARKED), said(STOPPED)
    assert "1.92 of 2.00 CNY spent" in parked
    assert "`imagemill resume autumn --budget AMOUNT`" in parked
    assert f"{LANE} has stopped" in stopped
    assert "Reason: Arrearage: Access denied" in stopped
    assert f"`imagemill resume {LANE}`" in stopped


def test_uncertain_rows_are_a_persons_decision() -> None:
    found = status(failed=0, partial=0, uncertain=2)
    assert "retry autumn --uncertain" in said(notice(NoticeType.FINISHED, status=found))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("told", EACH, ids=lambda one: one.type)
def test_each_notice_has_words_in_each_language(told: Notice, language: Language) -> None:
    title, lines = message(told, language)
    assert title.startswith("imagemill: "), "a word that chats may ask for"
    assert lines
    assert all(lines)
    assert "{" not in said(told, language)
    assert TEST.data.status is None


@given(text=st.text(min_size=1))
def test_whatever_a_provider_writes_stays_one_line_that_can_be_read(text: str) -> None:
    row = FailedRow(id=text, lane=LANE, state=JobState.FAILED, code="X", message=text * 50)
    _, lines = message(notice(NoticeType.FIRST_FAILURE, failure=row), Language.ENGLISH)
    assert all(line.isprintable() for line in lines)
    assert all(len(line) < 1000 for line in lines)
