"""docs/models.md: every model of the catalogue, written from its data.

`python -m producer.models_page` writes it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from producer import model_words as words
from producer.model_named import full_name
from schemas.catalogue import Catalogue, catalogue
from schemas.model import Model
from schemas.provider import PROVIDERS

PAGE = Path("docs/models.md")
_INTRODUCTION = """\
<!-- Written by `python -m producer.models_page` from schemas/models/*.toml: change those. -->

# Models

{count} models at {providers} providers, as their vendors described them on {day}. `imagemill models`
prints this list with your own models in it, `imagemill models NAME` one model's fields, and
`imagemill models NAME --template csv` a manifest to begin with. Where two providers have a model of
one name, write `provider:name`.

Every row also has an id (`sku`, `id` or `custom_id`), and may have `model`, `provider` and `account`
columns. A picture is a public URL, a local file, or `s3://bucket/key`.
"""


def page(known: Catalogue) -> str:
    """The whole page. What is retired is so on the day the newest price is of."""
    models = list(known)
    today = max(model.price_as_of for model in models)
    providers = list(dict.fromkeys(model.provider for model in models))
    parts = [_INTRODUCTION.format(count=len(models), providers=len(providers), day=today)]
    parts.append(_overview(models, today))
    for provider in providers:
        title = PROVIDERS[provider].title if provider in PROVIDERS else provider
        parts.append(f"## {title}\n")
        parts += [_section(model, known, today) for model in models if model.provider == provider]
    return "\n".join(parts)


def _overview(models: Iterable[Model], today: date) -> str:
    head = ("model", "provider", "for", "endpoint family", "rate", "running", "price", "status")
    return _table(
        head,
        (
            (
                f"[{model.name}](#{_anchor(model)})",
                model.provider,
                model.title,
                model.protocol,
                model.rate,
                str(model.running),
                words.price(model),
                words.status(model, today),
            )
            for model in models
        ),
    )


def _section(model: Model, known: Catalogue, today: date) -> str:
    return "\n".join(
        [
            f'<a id="{_anchor(model)}"></a>\n',
            f"### {full_name(model, known)}\n",
            f"{model.title}.\n",
            *(f"- {fact}" for fact in _facts(model, today)),
            "",
            _table(
                ("column", "what", "allowed", "when empty"),
                ((f"`{field.column}`", *field[1:]) for field in words.fields(model)),
            ),
            f"```csv\n{words.csv_template(model, known)}```\n",
        ]
    )


def _facts(model: Model, today: date) -> Iterator[str]:
    if model.retired is not None or model.trial_only:
        yield f"**{words.status(model, today)}**"
    yield f"Price: {words.dated_price(model)}"
    yield from (f"Price: {tier}" for tier in words.tiers(model))
    yield f"Limits: {words.limits(model)}"
    yield f"Endpoint: `{model.endpoint}` ({model.protocol})"
    yield f"Pictures: {words.answer(model)}"
    if model.account:
        yield f"Account: `{model.account}`, unless something else is said"
    yield from (f"Rule: {rule}" for rule in words.rules(model))
    yield f"Source: {model.source}"


def _anchor(model: Model) -> str:
    name = f"{model.provider}-{model.name}".lower()
    return "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    escaped = text if text.startswith("`") else text.replace("<", "\\<")
    return escaped.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    place.write_text(page(catalogue()), encoding="utf-8")
