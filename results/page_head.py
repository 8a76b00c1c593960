"""The head of a contact sheet: what the batch was, what it came to, and its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from results.card import html_text
from results.tally import Tally
from results.words import state_label
from schemas.batch import Batch
from schemas.layout import FAILED_CSV, RESULTS_CSV, RESULTS_JSONL
from schemas.money import to_text


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
            "title": f"{name} · contact sheet",
            "name": name,
            "origin": self._origin(),
            "figures": self._figures(),
            "filters": self._filters(),
        }

    def _origin(self) -> str:
        parts = [
            f"<bdi>{html_text(self.batch.manifest)}</bdi>",
            _span(self.batch.created_at, self.finished_at),
        ]
        said = "".join(f"<span>{part}</span>" for part in parts)
        simulated = '<span class="simulated">drawn by the simulator</span>'
        return said + (simulated if self.batch.simulated else "")

    def _figures(self) -> str:
        costs = [
            f"{to_text(micro)} <small>{html_text(currency)}</small>"
            for currency, micro in self.tally.costs_micro.items()
        ]
        figures = [
            ("Jobs", f"{self.tally.jobs:,}"),
            ("Pictures", f"{self.tally.images:,}"),
            ("Cost", " + ".join(costs) or "0.00"),
        ]
        took = _duration(self.batch.created_at, self.finished_at)
        figures += [("Took", took)] if took else []
        if self.tally.possible_double_charges:
            figures.append(("Possibly paid twice", f"{self.tally.possible_double_charges:,}"))
        if self.batch.invalid:
            figures.append(("Rows left out", f"{self.batch.invalid:,}"))
        shown = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
        return shown + self._files()

    def _files(self) -> str:
        names = [RESULTS_CSV, RESULTS_JSONL, *([FAILED_CSV] if self.has_failed else [])]
        links = "".join(f'<a href="{name}">{name}</a>' for name in names)
        return f'<div class="files"><dt>Tables</dt><dd>{links}</dd></div>'

    def _filters(self) -> str:
        counts = {state: count for state, count in self.tally.states.items() if count}
        chips = [_chip("", "All", self.tally.jobs)]
        chips += [_chip(state, state_label(state), count) for state, count in counts.items()]
        return "".join(chips)


def _chip(state: str, label: str, count: int) -> str:
    dot = f'<span class="dot {state}" aria-hidden="true"></span>' if state else ""
    return (
        f'<button type="button" data-state="{state}" aria-pressed="{str(not state).lower()}">'
        f'{dot}{html_text(label)} <span class="count">{count:,}</span></button>'
    )


def _span(start: str, end: str) -> str:
    """From when to when, saying the day once; what is no time is shown as it is."""
    began, ended = _parsed(start), _parsed(end)
    if began is None or ended is None:
        return f"{html_text(start)} to {html_text(end)}"
    ending = f"{ended:%H:%M} UTC" if began.date() == ended.date() else f"{ended:%Y-%m-%d %H:%M} UTC"
    return (
        f'<time datetime="{html_text(start)}">{began:%Y-%m-%d %H:%M}</time>'
        f' to <time datetime="{html_text(end)}">{ending}</time>'
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
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    told = [f"{count} <small>{unit}</small>" for count, unit in parts if count][:2]
    return " ".join(told) or "0 <small>s</small>"
