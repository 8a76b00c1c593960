"""Notices as a mill would post them."""

from __future__ import annotations

from typing import Any

from schemas.batch import BatchStatus, BudgetStatus
from schemas.failure import ErrorClass
from schemas.notice import FailedRow, News, Notice, NoticeType, Places, StoppedLane
from schemas.states import JobState

LANE = "dashscope:wanx-v1@default"


def status(**changes: Any) -> BatchStatus:
    fields: dict[str, Any] = {
        "batch": "autumn",
        "state": "finished",
        "total": 24,
        "succeeded": 22,
        "partial": 1,
        "failed": 1,
        "images": 43,
        "cost": "6.88",
        "currency": "CNY",
        "costs": {"CNY": "6.88"},
    }
    return BatchStatus(**{**fields, **changes})


def notice(type_: NoticeType, **news: Any) -> Notice:
    return Notice(
        id="evt_0123",
        type=type_,
        timestamp="2026-11-21T05:00:00.000+00:00",
        data=News(**{"status": status(), **news}),
    )


FINISHED = notice(
    NoticeType.FINISHED,
    places=Places(contact_sheet="/out/index.html", results="/out/results.csv"),
)
FAILURE = notice(
    NoticeType.FIRST_FAILURE,
    status=status(state="running", succeeded=3, partial=0, pending=20),
    failure=FailedRow(
        id="杯子-7",
        lane=LANE,
        state=JobState.FAILED,
        error_class=ErrorClass.MODERATED,
        code="DataInspectionFailed",
        message="Output data may contain [inappropriate](http://evil.test) <!channel> content.",
    ),
)
PARKED = notice(
    NoticeType.PARKED,
    status=status(
        state="parked: budget",
        pending=11,
        budgets={"CNY": BudgetStatus(limit="2.00", spent="1.92", reserved="0.00")},
    ),
)
STOPPED = notice(
    NoticeType.STOPPED,
    status=status(state="running", pending=20),
    stopped=StoppedLane(lane=LANE, why="Arrearage: Access denied, please pay."),
)
TEST = notice(NoticeType.TEST, status=None)
EACH = [FINISHED, FAILURE, PARKED, STOPPED, TEST]
