"""A notice in words, for people in a chat."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from results.words import FAILURES, STATES, Language, Wording
from schemas.batch import BatchStatus
from schemas.notice import FailedRow, News, Notice, NoticeType
from schemas.states import JobState

_SHOWN_CHARACTERS = 300
"""Of an id, of a provider's message: a chat is no place for more."""
_TITLES = {
    NoticeType.FINISHED: Wording("batch {batch} is finished", "批次 {batch} 已完成"),
    NoticeType.FIRST_FAILURE: Wording(
        "first failure in batch {batch}", "批次 {batch} 出现第一个失败"
    ),
    NoticeType.PARKED: Wording(
        "batch {batch} is parked: its budget is spent", "批次 {batch} 已暂停：预算用完"
    ),
    NoticeType.STOPPED: Wording(
        "batch {batch} stands still: {lane} has stopped", "批次 {batch} 停滞：{lane} 已停止"
    ),
    NoticeType.TEST: Wording("a test", "测试消息"),
}
_REHEARSAL = Wording(" (rehearsal)", "（演练）")
_ROUND = Wording(", round {round}", "（第 {round} 轮）")
_COUNTS = Wording("{done} of {total} rows complete", "共 {total} 行，成功 {done} 行")
_COMMA = Wording(", ", "，")
_COUNTED = Wording("{count} {name}", "{name} {count} 行")
_BILL = Wording("{images} images for {cost}", "{images} 张图片，费用 {cost}")
_NO_COST = Wording("no cost", "0")
_BUDGET = Wording("{spent} of {limit} {currency} spent", "已用 {spent} / {limit} {currency}")
_WAITING = Wording("{pending} rows wait, unpaid", "{pending} 行等待中，未付费")
_ROW = Wording("Row {id}: {why}", "第一个失败的行 {id}：{why}")
_REASON = Wording("Reason: {why}", "原因：{why}")
_SHEET = Wording("Contact sheet: {place}", "看图页：{place}")
_RETRY = Wording(
    "`imagemill retry {batch}` runs failed and partial rows again",
    "重新运行失败的行：imagemill retry {batch}",
)
_UNCERTAIN = Wording(
    "`imagemill retry {batch} --uncertain` orders uncertain rows once more; they may have been paid for",
    "再次订购不确定的行（可能已经计费）：imagemill retry {batch} --uncertain",
)
_RESUME_BUDGET = Wording(
    "`imagemill resume {batch} --budget AMOUNT` lets it go on",
    "提高预算后继续：imagemill resume {batch} --budget 金额",
)
_RESUME_LANE = Wording(
    "Put right what stopped it, then `imagemill resume {lane}`",
    "排除原因后继续：imagemill resume {lane}",
)
_ARRIVED = Wording("Notices of imagemill arrive here.", "imagemill 的通知可以送达这里。")


class Message(NamedTuple):
    """What is said: the title begins with `imagemill`, a word that chats may ask for."""

    title: str
    lines: tuple[str, ...]


def message(notice: Notice, language: Language) -> Message:
    """A notice in the words of a language."""
    news, status = notice.data, notice.data.status
    names = {
        "batch": "" if status is None else status.batch,
        "lane": "" if news.stopped is None else news.stopped.lane,
    }
    title = f"imagemill: {_TITLES[notice.type].said_in(language).format(**names)}"
    if news.round > 1 and notice.type is NoticeType.FINISHED:
        title += _ROUND.said_in(language).format(round=news.round)
    if news.simulated:
        title += _REHEARSAL.said_in(language)
    if status is None:
        return Message(title, (_ARRIVED.said_in(language),))
    lines = [_reason(notice.type, news, language), _counts(status, language)]
    lines += [_bill(status, language), *_budgets(status, language)]
    lines += [_place(news, language), *_advice(notice.type, news, status, language)]
    return Message(_line(title), tuple(_line(line) for line in lines if line))


def _reason(type_: NoticeType, news: News, language: Language) -> str:
    match type_:
        case NoticeType.FIRST_FAILURE:
            return "" if news.failure is None else _row(news.failure, language)
        case NoticeType.STOPPED:
            why = "" if news.stopped is None else news.stopped.why
            return _REASON.said_in(language).format(why=_short(why))
        case NoticeType.FINISHED | NoticeType.PARKED | NoticeType.TEST:
            return ""
        case never:
            assert_never(never)


def _row(failure: FailedRow, language: Language) -> str:
    why = STATES[failure.state].said_in(language)
    if failure.error_class is not None:
        why = FAILURES[failure.error_class].said_in(language)
    if failure.message or failure.code:
        why += f" ({': '.join(filter(None, (failure.code, _short(failure.message))))})"
    return _ROW.said_in(language).format(id=_short(failure.id), why=why)


def _counts(status: BatchStatus, language: Language) -> str:
    said = [_COUNTS.said_in(language).format(done=status.succeeded, total=status.total)]
    for state in (JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED, JobState.UNCERTAIN):
        count = getattr(status, state)
        if count:
            name = STATES[state].said_in(language)
            name = name if language is Language.CHINESE else name.lower()
            said.append(_COUNTED.said_in(language).format(count=count, name=name))
    if status.pending:
        said.append(_WAITING.said_in(language).format(pending=status.pending))
    return _COMMA.said_in(language).join(said)


def _bill(status: BatchStatus, language: Language) -> str:
    amounts = [f"{amount} {currency}" for currency, amount in status.costs.items()]
    cost = " + ".join(amounts) or _NO_COST.said_in(language)
    return _BILL.said_in(language).format(images=status.images, cost=cost)


def _budgets(status: BatchStatus, language: Language) -> list[str]:
    return [
        _BUDGET.said_in(language).format(spent=purse.spent, limit=purse.limit, currency=currency)
        for currency, purse in status.budgets.items()
    ]


def _place(news: News, language: Language) -> str:
    if news.places is None:
        return ""
    return _SHEET.said_in(language).format(place=news.places.contact_sheet)


def _advice(type_: NoticeType, news: News, status: BatchStatus, language: Language) -> list[str]:
    """What a person can do about it."""
    said: list[Wording] = []
    if type_ is NoticeType.FINISHED:
        said += [_RETRY] if status.failed or status.partial else []
        said += [_UNCERTAIN] if status.uncertain else []
    elif type_ is NoticeType.PARKED:
        said.append(_RESUME_BUDGET)
    elif type_ is NoticeType.STOPPED:
        said.append(_RESUME_LANE)
    lane = "" if news.stopped is None else news.stopped.lane
    return [one.said_in(language).format(batch=status.batch, lane=lane) for one in said]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _line(text: str) -> str:
    """One line, without signs that turn letters around or that nobody sees."""
    return "".join(c if c.isprintable() else " " for c in text)
