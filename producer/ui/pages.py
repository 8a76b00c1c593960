"""The pages as HTML: templates in which every text is only text."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound

from producer.ui.figures import bars, counts_of, lane_counts, percent, states_found, to_do, use_of
from producer.ui.words import Speech

_FOLDER = resources.files("producer.ui") / "pages"


class _Beside(BaseLoader):
    """Templates that lie beside this file, also where that is within an archive."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:  # noqa: ARG002 - jinja2 passes it
        """A template's text. Raises TemplateNotFound."""
        try:
            return read(template), None, None
        except FileNotFoundError as error:
            raise TemplateNotFound(template) from error


def read(name: str) -> str:
    """A file of the pages. Raises FileNotFoundError."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=_Beside(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"moment": moment, "rate": rate}
    made.globals |= {
        "bars": bars,
        "counts_of": counts_of,
        "lane_counts": lane_counts,
        "percent": percent,
        "states_found": states_found,
        "to_do": to_do,
        "use_of": use_of,
    }
    return made


def page(name: str, speech: Speech, **shown: Any) -> str:
    """A page in one language."""
    template = _environment().get_template(name)
    return template.render(speech=speech, say=speech.say, **{"every_s": 0, **shown})


def rate(per_s: float) -> str:
    """So many a second, as far as anybody wants to know."""
    return f"{per_s:,.0f}" if per_s >= 100 else f"{per_s:.3g}"


def moment(text: str | None) -> str:
    """A time as people read it; what is no time is shown as it is."""
    if not text:
        return ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.astimezone(UTC) if found.tzinfo else found:%Y-%m-%d %H:%M} UTC"
