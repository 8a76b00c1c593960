"""`models`: what can be ordered, how fast, and for how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import click

from producer import model_words as words
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.model_named import Said, find_model, full_name
from producer.plan import NoModel
from producer.retirement import retirement_notice
from producer.session import open_session
from producer.table import print_table
from schemas.catalogue import Catalogue
from schemas.clock import SystemClock
from schemas.model import Model
from schemas.parameter import nearest

_COLUMNS = (
    "model",
    "provider",
    "endpoint family",
    "rate",
    "running",
    "price",
    "status",
    "what for",
)


class NoSuchModel(ProducerError):
    """The catalogue has no such model, or no such provider."""

    exit_code = ExitCode.USAGE


@click.command()
@click.argument("name", required=False)
@click.option("--provider", metavar="NAME", help="Only the models of this provider.")
@click.option(
    "--template",
    type=click.Choice(["csv", "jsonl"]),
    help="Print only a manifest for model NAME to begin with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
def models(name: str | None, *, provider: str | None, template: str | None, as_json: bool) -> None:
    """List the models, or show the fields of model NAME (PROVIDER:NAME where several have it)."""
    known = open_session().settings.known_models()
    if name is None:
        if template is not None:
            raise click.UsageError("--template goes with the NAME of a model.")
        _list(_of(provider, known), known, as_json=as_json)
        return
    model = _find(name, provider, known)
    if template is not None:
        write = words.csv_template if template == "csv" else words.jsonl_template
        click.echo(write(model, known), nl=False)
    elif as_json:
        click.echo(model.model_dump_json())
    else:
        _show(model, known)


def _list(found: list[Model], known: Catalogue, *, as_json: bool) -> None:
    if as_json:
        for model in found:
            click.echo(model.model_dump_json())
        return
    today = SystemClock().now().date()
    print_table(_COLUMNS, [_row(model, known, today) for model in found])


def _row(model: Model, known: Catalogue, today: date) -> tuple[str, ...]:
    return (
        full_name(model, known),
        model.provider,
        model.protocol,
        model.rate,
        str(model.running),
        words.price(model),
        words.status(model, today),
        model.title,
    )


def _of(provider: str | None, known: Catalogue) -> list[Model]:
    found = [model for model in known if provider in (None, model.provider)]
    if not found:
        providers = sorted({model.provider for model in known})
        hint = nearest(str(provider), providers) or f"; known: {', '.join(providers)}"
        raise NoSuchModel(f"unknown provider {provider!r}{hint}")
    return found


def _find(name: str, provider: str | None, known: Catalogue) -> Model:
    _of(provider, known)
    found = find_model(known, Said("NAME", name), Said("provider", provider, by_row=True))
    if isinstance(found, NoModel):
        raise NoSuchModel(f"{found.value!r} {found.reason}")
    return found


def _show(model: Model, known: Catalogue) -> None:
    for line in _lines(model):
        click.echo(line)
    print_table(("column", "what", "allowed", "when empty"), words.fields(model))
    for rule in words.rules(model):
        click.echo(f"rule: {rule}")
    click.echo("\nA manifest to begin with (--template csv prints only this):\n")
    click.echo(words.csv_template(model, known), nl=False)


def _lines(model: Model) -> Iterator[str]:
    today = SystemClock().now().date()
    yield f"{model.name}: {model.title}"
    yield f"status: {words.status(model, today)}"
    yield f"limits: {words.limits(model)}"
    yield f"price: {words.dated_price(model)}"
    for tier in words.tiers(model):
        yield f"price: {tier}"
    yield f"endpoint: {model.endpoint} ({model.protocol}, {model.provider})"
    yield f"pictures: {words.answer(model)}"
    if model.account:
        yield f"account: {model.account}, unless something else is said"
    yield f"source: {model.source}"
    notice = retirement_notice(model, today)
    if notice:
        yield notice
