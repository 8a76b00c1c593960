"""The head of a contact sheet: what the batch was, what it came to, and its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from results.markup import both, html_text
from results.tally import Tally
from results.words import STATES, Wording
from schemas.batch import Batch
from schemas.layout import FAILED_CSV, RESULTS_CSV, RESULTS_JSONL
from schemas.money import to_text
from schemas.states import JobState

_TITLE = Wording("{name} · contact sheet", "{name} · 图片总览")
_SIMULATED = Wording("drawn by the simulator", "由模拟器绘制")
_JOBS = Wording("Jobs", "任务")
_PICTURES = Wording("Pictures", "图片")
_COST = Wording("Cost", "费用")
_TOOK = Wording("Took", "用时")
_TWICE = Wording("Possibly paid twice", "可能重复计费")
_FLAWED = Wording("Marked by the gate", "质检标记")
_LEFT_OUT = Wording("Rows left out", "略去的行")
_TABLES = Wording("Tables", "表格")
_ALL = Wording("All", "全部")
_TO = Wording(" to ", " 至 ")
_UNITS = (Wording("h", "小时"), Wording("min", "分"), Wording("s", "秒"))


@dataclass(frozen=True)
class PageHead:
    """The figures above the cards."""

    batch: Batch
    tally: Tally
    finished_at: str
    has_failed: bool

    def fields(self) -> dict[str, str]:
        """What the page's template asks for, as HTML."""
        name = html_text(self.batch.batch)
        return {
            "title": both("title", _TITLE, name=self.batch.batch),
            "name": name,
            "origin": self._origin(),
            "figures": self._figures(),
            "filters": self._filters(),
            "created": html_text(self.batch.created_at),
        }

    def _origin(self) -> str:
        parts = [
            f"<bdi>{html_text(self.batch.manifest)}</bdi>",
            _span(self.batch.created_at, self.finished_at),
        ]
        said = "".join(f"<span>{part}</span>" for part in parts)
        return said + (both("span", _SIMULATED, "simulated") if self.batch.simulated else "")

    def _figures(self) -> str:
        costs = [
            f"{to_text(micro)} <small>{html_text(currency)}</small>"
            for currency, micro in self.tally.costs_micro.items()
        ]
        figures = [
            (_JOBS, f"{self.tally.jobs:,}"),
            (_PICTURES, f"{self.tally.images:,}"),
            (_COST, " + ".join(costs) or "0.00"),
        ]
        took = _duration(self.batch.created_at, self.finished_at)
        figures += [(_TOOK, took)] if took else []
        if self.tally.possible_double_charges:
            figures.append((_TWICE, f"{self.tally.possible_double_charges:,}"))
        if self.tally.flawed:
            figures.append((_FLAWED, f"{self.tally.flawed:,}"))
        if self.batch.invalid:
            figures.append((_LEFT_OUT, f"{self.batch.invalid:,}"))
        shown = "".join(
            f"<div>{both('dt', title)}<dd>{value}</dd></div>" for title, value in figures
        )
        return shown + self._files()

    def _files(self) -> str:
        names = [RESULTS_CSV, RESULTS_JSONL, *([FAILED_CSV] if self.has_failed else [])]
        links = "".join(f'<a href="{name}">{name}</a>' for name in names)
        return f'<div class="files">{both("dt", _TABLES)}<dd>{links}</dd></div>'

    def _filters(self) -> str:
        counts = {state: count for state, count in self.tally.states.items() if count}
        chips = [_chip("", _ALL, self.tally.jobs)]
        chips += [_chip(state, STATES[state], count) for state, count in counts.items()]
        if self.tally.flawed_jobs:
            chips.append(_chip("flawed", _FLAWED, self.tally.flawed_jobs))
        return "".join(chips)


def _chip(state: JobState | str, label: Wording, count: int) -> str:
    dot = f'<span class="dot {state}" aria-hidden="true"></span>' if state else ""
    return (
        f'<button type="button" data-state="{state}" aria-pressed="{str(not state).lower()}">'
        f'{dot}{both("span", label)} <span class="count">{count:,}</span></button>'
    )


def _span(start: str, end: str) -> str:
    """From when to when, saying the day once; what is no time is shown as it is."""
    to = both("span", _TO)
    began, ended = _parsed(start), _parsed(end)
    if began is None or ended is None:
        return f"{html_text(start)}{to}{html_text(end)}"
    ending = f"{ended:%H:%M} UTC" if began.date() == ended.date() else f"{ended:%Y-%m-%d %H:%M} UTC"
    return (
        f'<time datetime="{html_text(start)}">{began:%Y-%m-%d %H:%M}</time>'
        f'{to}<time datetime="{html_text(end)}">{ending}</time>'
    )


def _parsed(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(start: str, end: str) -> str:
    began, ended = _parsed(start), _parsed(end)
    if began is None or ended is None or ended < began:
        return ""
    whole_s = round((ended - began).total_seconds())
    minutes, seconds = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    parts = zip((hours, minutes, seconds), _UNITS, strict=True)
    told = [f"{count} {both('small', unit)}" for count, unit in parts if count][:2]
    return " ".join(told) or f"0 {both('small', _UNITS[-1])}"
