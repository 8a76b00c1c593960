"""`models`: what can be ordered, how fast, and for how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.retirement import retirement_notice
from producer.table import print_table
from schemas.catalogue import UnknownModel, catalogue
from schemas.clock import SystemClock
from schemas.model import Model
from schemas.money import to_text


class NoSuchModel(ProducerError):
    """The catalogue has no such model."""

    exit_code = ExitCode.USAGE


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
def models(name: str | None, *, as_json: bool) -> None:
    """List the models, or show the fields of model NAME."""
    if name is not None:
        _show(_find(name), as_json=as_json)
        return
    if as_json:
        for model in catalogue():
            click.echo(model.model_dump_json())
        return
    today = SystemClock().now().date()
    columns = ("model", "provider", "rate", "running", "price", "status", "what for")
    print_table(columns, [_row(model, today) for model in catalogue()])


def _row(model: Model, today: date) -> tuple[str, ...]:
    price = f"{to_text(model.price_micro)} {model.currency}" if model.price else "free trial"
    status = "available"
    if model.retired is not None:
        tense = "retired" if today >= model.retired else "retires"
        status = f"{tense} {model.retired}, then {model.successor}"
    rate, running = model.rate, str(model.running)
    return model.name, model.provider, rate, running, price, status, model.title


def _find(name: str) -> Model:
    try:
        return catalogue().find(name)
    except UnknownModel as error:
        raise NoSuchModel(str(error)) from error


def _show(model: Model, *, as_json: bool) -> None:
    if as_json:
        click.echo(model.model_dump_json())
        return
    price = f"{to_text(model.price_micro)} {model.currency} a picture ({model.price_as_of})"
    click.echo(f"{model.name}: {model.title}")
    click.echo(f"{model.rate} orders, {model.running} running at once; {price}")
    notice = retirement_notice(model, SystemClock().now().date())
    if notice:
        click.echo(notice)
    print_table(("column", "what", "allowed", "when empty"), _fields(model))


def _fields(model: Model) -> Iterator[tuple[str, ...]]:
    """The columns a row for this model may have."""
    yield "id", "SKU or any name of the row", "at most 128 characters", "required"
    yield "prompt", "what to draw", _limit(model, model.prompt_limit), "required"
    if model.negative_prompt_limit:
        limit = _limit(model, model.negative_prompt_limit)
        yield "negative_prompt", "what not to draw", limit, ""
    yield "n", "pictures", f"1 to {model.max_n}", "1"
    for name, parameter in model.parameters.items():
        default = "" if parameter.default is None else str(parameter.default)
        yield name, parameter.doc, parameter.allowed(), default


def _limit(model: Model, limit: int) -> str:
    return f"the first {limit} {model.prompt_unit} count"
