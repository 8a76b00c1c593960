"""`models`: what can be ordered, how fast, and for how much."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.retirement import retirement_notice
from schemas.catalogue import Model, UnknownModel, catalogue
from schemas.clock import SystemClock
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
    table = Table("model", "provider", "what for", "rate", "running", "price", "status", box=None)
    for model in catalogue():
        price = f"{to_text(model.price_micro)} {model.currency}" if model.price else "free trial"
        status = retirement_notice(model, today) or "available"
        table.add_row(
            model.name, model.provider, model.title, model.rate, str(model.running), price, status
        )
    Console().print(table)


def _find(name: str) -> Model:
    try:
        return catalogue().find(name)
    except UnknownModel as error:
        raise NoSuchModel(f"{error}.") from error


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
    table = Table("column", "what", "allowed", "when empty", box=None)
    table.add_row("id", "SKU or any name of the row", "at most 128 characters", "required")
    limit = f"the first {model.prompt_limit} {model.prompt_unit} count"
    table.add_row("prompt", "what to draw", limit, "required")
    if model.negative_prompt_limit:
        limit = f"the first {model.negative_prompt_limit} {model.prompt_unit} count"
        table.add_row("negative_prompt", "what not to draw", limit, "")
    table.add_row("n", "pictures", f"1 to {model.max_n}", "1")
    for name, parameter in model.parameters.items():
        default = "" if parameter.default is None else str(parameter.default)
        table.add_row(name, parameter.doc, parameter.allowed(), default)
    Console().print(table)
