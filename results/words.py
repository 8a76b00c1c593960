"""Endings in plain words: what happened, and what the person who wrote the row can do."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from schemas.failure import ErrorClass, Failure
from schemas.result import JobResult
from schemas.states import JobState

_QUOTE_LIMIT = 300
"""Characters of a provider's message that are quoted: some providers send whole pages."""


class Language(StrEnum):
    """A language we speak, as HTML names it."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


class Wording(NamedTuple):
    """One thing to say, in each language we speak."""

    english: str
    chinese: str

    def said_in(self, language: Language) -> str:
        """The words of one language."""
        return self.chinese if language is Language.CHINESE else self.english


STATES: dict[JobState, Wording] = {
    JobState.PENDING: Wording("Pending", "等待中"),
    JobState.RELEASED: Wording("Released", "已放行"),
    JobState.SUBMITTING: Wording("Submitting", "提交中"),
    JobState.RUNNING: Wording("Running", "生成中"),
    JobState.STORING: Wording("Storing", "保存中"),
    JobState.SUCCEEDED: Wording("Succeeded", "成功"),
    JobState.PARTIAL: Wording("Partial", "部分完成"),
    JobState.FAILED: Wording("Failed", "失败"),
    JobState.CANCELLED: Wording("Cancelled", "已取消"),
    JobState.UNCERTAIN: Wording("Uncertain", "不确定"),
}

FAILURES: dict[ErrorClass, Wording] = {
    ErrorClass.INVALID: Wording(
        "The provider does not accept this row. Correct its prompt or settings and run it again.",
        "服务商不接受这一行。请修改提示词或参数，然后重新运行。",
    ),
    ErrorClass.MODERATED: Wording(
        "The provider's content rules refused this prompt or its picture."
        " Reword the prompt and run the row again.",
        "服务商的内容规则拒绝了这条提示词或它的图片。请改写提示词，然后重新运行这一行。",
    ),
    ErrorClass.THROTTLED: Wording(
        "The provider kept answering that there were too many requests. Run the row again later.",
        "服务商一直答复请求过多。请稍后重新运行这一行。",
    ),
    ErrorClass.TRANSIENT: Wording(
        "The provider or the network kept failing. Nothing is wrong with the row; run it again.",
        "服务商或网络持续出错。这一行本身没有问题，请重新运行。",
    ),
    ErrorClass.ACCOUNT: Wording(
        "The provider refused our account: key, balance or quota."
        " Have the account put right, then run the row again.",
        "服务商拒绝了我们的账号：密钥、余额或配额有问题。请先处理好账号，再重新运行这一行。",
    ),
    ErrorClass.MODEL_GONE: Wording(
        "The provider no longer offers this model. Choose another model and run the row again.",
        "服务商已不再提供这个模型。请换一个模型，然后重新运行这一行。",
    ),
    ErrorClass.LOST: Wording(
        "The provider lost this order after accepting it. Run the row again;"
        " the lost order may have been charged.",
        "服务商接单之后丢失了这个订单。请重新运行这一行；丢失的订单可能已经计费。",
    ),
    ErrorClass.TIMEOUT: Wording(
        "The provider did not finish in time. Run the row again.",
        "服务商没有按时完成。请重新运行这一行。",
    ),
    ErrorClass.DOWNLOAD: Wording(
        "The picture was made but could not be fetched, or arrived broken. Run the row again.",
        "图片已经生成，但没有取到，或取到时已损坏。请重新运行这一行。",
    ),
    ErrorClass.AMBIGUOUS: Wording(
        "The order was sent but its answer never came, so it may have been charged."
        " Look at the provider's bill; `imagemill retry BATCH --uncertain` orders it once more.",
        "订单已经发出，但没有收到答复，所以可能已经计费。请核对服务商的账单；"
        "`imagemill retry BATCH --uncertain` 会再订一次。",
    ),
    ErrorClass.POISON: Wording(
        "This row was given up after several workers broke off while handling it."
        " Show it to whoever runs the system before running it again.",
        "多个工作进程都在处理这一行时中断，因此不再尝试。重新运行之前，请先交给系统管理员查看。",
    ),
    ErrorClass.CANCELLED: Wording(
        "Cancelled before it was done. Run the row again if you want it.",
        "完成之前已被取消。如果还需要，请重新运行这一行。",
    ),
}

UNEXPLAINED: dict[JobState, Wording] = {
    JobState.FAILED: Wording(
        "No picture was made, and no reason was recorded. Run the row again.",
        "没有生成图片，也没有记录原因。请重新运行这一行。",
    ),
    JobState.UNCERTAIN: FAILURES[ErrorClass.AMBIGUOUS],
    JobState.CANCELLED: FAILURES[ErrorClass.CANCELLED],
}
"""What is said of a job that ended in such a state without a failure on record."""

STORED = Wording("{stored} of {ordered} pictures stored.", "订了 {ordered} 张，存了 {stored} 张。")
STORED_BUT_ONE = Wording(
    "{stored} of {ordered} pictures stored; picture {which} is missing.",
    "订了 {ordered} 张，存了 {stored} 张；缺第 {which} 张。",
)
STORED_BUT_SOME = Wording(
    "{stored} of {ordered} pictures stored; pictures {which} are missing.",
    "订了 {ordered} 张，存了 {stored} 张；缺第 {which} 张。",
)
COMMA = Wording(", ", "、")
AND = Wording(" and ", "、")
SAYS = Wording("The provider says: {message}", "服务商的原话：{message}")
_BETWEEN_SENTENCES = Wording(" ", "")


def explain(result: JobResult, language: Language = Language.ENGLISH) -> str:
    """Why this job is not (wholly) done and what to do about it; empty where all went well."""
    if result.state is JobState.SUCCEEDED:
        return ""
    reasons = _reasons(result.failures, language)
    if result.state is JobState.PARTIAL:
        reasons = [_shortfall(result, language), *reasons]
    elif not reasons and result.state in UNEXPLAINED:
        reasons = [UNEXPLAINED[result.state].said_in(language)]
    return _BETWEEN_SENTENCES.said_in(language).join(reasons)


def first_failure(result: JobResult) -> Failure | None:
    """The failure that names the row's error: the whole job's before a single image's."""
    whole_first = sorted(result.failures, key=lambda failure: failure.index or 0)
    return whole_first[0] if whole_first else None


def missing_indexes(result: JobResult) -> list[int]:
    """Which of the ordered images, from 1, are not stored."""
    stored = {*(image.index for image in result.images), *result.unapproved}
    return [index for index in range(1, result.n + 1) if index not in stored]


def _shortfall(result: JobResult, language: Language) -> str:
    missing = [str(index) for index in missing_indexes(result)]
    wording = (STORED, STORED_BUT_ONE, STORED_BUT_SOME)[min(len(missing), 2)]
    listed = [COMMA.said_in(language).join(missing[:-1]), *missing[-1:]]
    which = AND.said_in(language).join(filter(None, listed))
    return wording.said_in(language).format(
        stored=len(result.images) + len(result.unapproved), ordered=result.n, which=which
    )


def _reasons(failures: list[Failure], language: Language) -> list[str]:
    """Each class's sentence once, each followed by what the provider adds to it."""
    said: dict[str, None] = {}
    for error_class in dict.fromkeys(failure.error_class for failure in failures):
        said[FAILURES[error_class].said_in(language)] = None
        for failure in failures:
            if failure.error_class is error_class and _says_more(failure):
                quoted = _quotable(failure.message)
                said[SAYS.said_in(language).format(message=quoted)] = None
    return list(said)


def _says_more(failure: Failure) -> bool:
    if failure.error_class is ErrorClass.CANCELLED:
        return False  # what a person did is no news from the provider
    message = " ".join(failure.message.split()).casefold().rstrip(".")
    known = FAILURES[failure.error_class].english.casefold()
    return bool(message) and message not in known and message != failure.code.casefold()


def _quotable(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= _QUOTE_LIMIT else text[: _QUOTE_LIMIT - 1].rstrip() + "…"
