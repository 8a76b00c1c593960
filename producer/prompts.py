"""A row's prompts: whether its model wants one, takes one, and reads all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from producer.default_values import Defaults
from producer.judging import Values
from producer.problem import Caution, Problem, is_blank
from producer.prompt_template import TemplateFault
from producer.row import Row
from producer.style_packs import Pack
from producer.texts import (
    check_negative_prompt,
    check_prompt,
    cut,
    foreign_language,
    refused,
    too_long,
)
from producer.wording import Wording
from schemas.fields import ALIASES, Fields, normal_name
from schemas.job import Job
from schemas.model import Model

_MEANT_AS_PROMPT = frozenset({"prompt", "提示词"})
"""Columns that are nothing else; a description is the user's own where no prompt is taken."""


class Prompt(NamedTuple):
    """A prompt as it is ordered, and what is wrong with it."""

    text: str | None
    problem: Problem | None = None


_UNSAID = Prompt(None)


def read_prompt(row: Row, fields: Fields, model: Model, pack: Pack, wording: Wording) -> Prompt:
    """What is to be drawn, as far as the model takes it: the row's words, or a template's.

    A style pack's prefix and suffix go around them.
    """
    column = fields.columns.get("prompt")
    raw = row.cells.get(column) if column is not None else None
    if model.prompt == "none":
        # Where a template is, a prompt's cell is one of its ingredients.
        return _untaken(row, column, raw, model) if wording.template is None else Prompt(None)
    if wording.template is not None:
        return _worded(row, fields, model, pack, wording)
    style = pack.style
    if style is None and type(raw) is str and not 0 < model.prompt_limit < len(raw):
        text = raw.strip()
        if text:
            return Prompt(text)
    source = column or "prompt"
    if is_blank(raw) and "prompt" in pack.defaults.values:
        raw, source = pack.defaults.values["prompt"], pack.defaults.place("prompt")
    if is_blank(raw) and model.prompt == "optional":
        return Prompt(None)
    text, reason = check_prompt(raw)
    if reason is not None and column is None and is_blank(raw):
        reason = f"{reason}: {model.name} needs one, in a column {' or '.join(ALIASES['prompt'])}"
    if reason is not None:
        # What is no text is shown; a prompt itself never is.
        return Prompt(None, row.problem(source, raw, reason))
    text = text if style is None else style.around(text)
    return _measured(row, source, text, model, model.prompt_limit)


def read_negative_prompt(
    row: Row, columns: Mapping[str, str], model: Model, defaults: Defaults
) -> Prompt:
    """What is not to be drawn; what is said for all rows counts where the model takes one."""
    column = columns.get("negative_prompt")
    if column is None and "negative_prompt" not in defaults.values:
        return _UNSAID
    raw = row.cells[column] if column is not None else None
    limit = model.negative_prompt_limit
    if is_blank(raw):
        default = defaults.values.get("negative_prompt")
        if default is None or not limit:
            return Prompt(None)
        return _measured(row, defaults.place("negative_prompt"), str(default), model, limit)
    if not limit:
        reason = f"{model.name} takes no negative prompt; leave the cell empty"
        return Prompt(None, Problem(row.line, column, None, reason))
    text, fault = check_negative_prompt(raw)
    if fault is not None:
        return Prompt(None, row.problem(column, raw, fault))
    return _measured(row, column, text, model, limit)


def beside(values: Values, prompt: Prompt, negative: Prompt, n: int | None) -> Values:
    """A row's values beside what its other fields say."""
    # A prompt that is wrong is there all the same: no rule need say that it is missing.
    texts = {
        "prompt": prompt.text or prompt.problem,
        "negative_prompt": negative.text or negative.problem,
        "n": n,
    }
    return values._replace(given={**texts, **values.given})


def cautions(job: Job, columns: Mapping[str, str], model: Model) -> tuple[Caution, ...]:
    """What the user would want to know of a job's prompts."""
    short = not 0 < model.prompt_limit < len(job.prompt)
    if short and job.negative_prompt is None and model.prompt_unit != "words":
        return ()
    texts = [cut(job.prompt, model.prompt_limit, model), foreign_language(job.prompt, model)]
    column = columns.get("prompt", "prompt")
    found = [Caution(job.line, column, text) for text in texts if text is not None]
    if job.negative_prompt is not None:
        text = cut(job.negative_prompt, model.negative_prompt_limit, model)
        if text is not None:
            column = columns.get("negative_prompt", "negative_prompt")
            found.append(Caution(job.line, column, text))
    return tuple(found)


def _worded(row: Row, fields: Fields, model: Model, pack: Pack, wording: Wording) -> Prompt:
    """The prompt that a template makes of the row."""
    try:
        text = wording.prompt(row, fields, pack.style)
    except TemplateFault as fault:
        return Prompt(None, Problem(row.line, None, None, str(fault)))
    if text and pack.style is not None:
        text = pack.style.around(text)
    if not text and model.prompt != "optional":
        return Prompt(None, Problem(row.line, None, None, "the template gives no prompt"))
    if not text:
        return Prompt(None)
    return _measured(row, None, text, model, model.prompt_limit)


def _untaken(row: Row, column: str | None, raw: Any, model: Model) -> Prompt:
    if is_blank(raw) or column is None or normal_name(column) not in _MEANT_AS_PROMPT:
        return Prompt(None)
    reason = f"{model.name} takes no prompt; leave the cell empty"
    return Prompt(None, Problem(row.line, column, None, reason))


def overlong(text: str, model: Model, limit: int) -> str | None:
    """Why the model would refuse a text for its length; None where it takes it."""
    length = too_long(text, limit, model) if refused(model) else None
    if length is None:
        return None
    return f"has {length:,} {model.prompt_unit}; {model.name} takes at most {limit}"


def _measured(row: Row, source: str | None, text: str, model: Model, limit: int) -> Prompt:
    """The text, with what is wrong with its length where the model refuses what is longer."""
    reason = overlong(text, model, limit)
    if reason is None:
        return Prompt(text)
    subject = "the prompt " if source is None else ""
    return Prompt(text, Problem(row.line, source, None, f"{subject}{reason}"))
