"""What `run`, `submit` and `validate` have in common: reading and checking a manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from producer.budget import budgets_from, check_currencies, prices, shortfalls
from producer.defaults import defaults_from
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.input_pictures import InputPictures
from producer.manifest import open_manifest
from producer.picture_places import PicturePlaces
from producer.problems_text import render_cautions, render_problems
from producer.progress import reading
from producer.retirement import retirement_notice
from producer.session import Session
from producer.source import STDIN
from producer.submission import Checked, Order, check, check_account
from producer.tally import Tally
from producer.unlisted_models import LIKE, WithUnlisted, caution, with_unlisted
from schemas.account import SIMULATOR_ACCOUNT
from schemas.batch import Priority
from schemas.catalogue import Catalogue

INVALID_CSV = "invalid.csv"


class RowsRefused(ProducerError):
    """Some rows cannot be ordered, and nobody said to go on without them."""

    exit_code = ExitCode.MANIFEST


_OPTIONS = [
    click.option(
        "--model",
        metavar="NAME",
        help="Model of the rows that name none; PROVIDER:NAME where several have it.",
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="NAME=VALUE",
        help="Default for rows that leave it empty, e.g. n=2. Repeatable.",
    ),
    click.option(
        "--account",
        default="default",
        show_default=True,
        help="Account of imagemill.toml to order through.",
    ),
    click.option(
        "--allow-unknown-model",
        is_flag=True,
        help="Order from DashScope models the catalogue does not have; parameters are not checked.",
    ),
    click.option(
        "--price",
        metavar="AMOUNT",
        help="With --allow-unknown-model: what one picture costs, e.g. 0.20CNY.",
    ),
    click.option(
        "--like",
        metavar="NAME",
        help=f"With --allow-unknown-model: the model they are ordered like. [default: {LIKE}]",
    ),
    click.option(
        "--skip-invalid",
        is_flag=True,
        help=f"Go on without the bad rows; they are written to {INVALID_CSV}.",
    ),
    click.option(
        "--budget",
        "budgets",
        multiple=True,
        metavar="AMOUNT",
        help="The most the batch may cost, e.g. 50CNY. Once for each currency.",
    ),
    click.option(
        "--priority",
        type=click.Choice([str(each) for each in Priority]),
        default=str(Priority.NORMAL),
        show_default=True,
        help="The batch's share beside others: high starts at once, low has time.",
    ),
    click.option(
        "--batch",
        "name",
        metavar="NAME",
        help="The batch's name. [default: made of file name, day and content]",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(["csv", "jsonl"]),
        help="The manifest's form, where its name does not say.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="The manifest's encoding, e.g. gb18030. [default: UTF-8]",
    ),
]


def order_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a manifest is read and ordered."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def models_from(options: dict[str, Any], session: Session, *, simulated: bool = False) -> Catalogue:
    """The models there are to order from, those nobody lists among them. Raises OptionError."""
    return with_unlisted(
        session.settings.known_models(),
        options["price"],
        options["like"],
        allowed=options["allow_unknown_model"],
        simulated=simulated,
    )


def order_from(
    options: dict[str, Any], session: Session, models: Catalogue, *, simulated: bool = False
) -> Order:
    """What the options say. Raises OptionError, UnknownAccount."""
    account = SIMULATOR_ACCOUNT if simulated else options["account"]
    if not simulated:
        check_account(account, session.settings)
    return Order(
        name=options["name"],
        defaults=defaults_from(options["model"], options["sets"], models),
        account=account,
        skip_invalid=options["skip_invalid"],
        simulated=simulated,
        priority=Priority(options["priority"]),
        budgets=budgets_from(options["budgets"]),
        known_accounts=frozenset(session.settings.known_accounts()),
    )


@contextmanager
def checked_manifest(
    source: str, order: Order, options: dict[str, Any], session: Session, models: Catalogue
) -> Iterator[Checked]:
    """A manifest whose rows were all checked, with what is wrong said. Raises RowsRefused."""
    with (
        open_manifest(source, form=options["form"], encoding=options["encoding"]) as manifest,
        tempfile.TemporaryDirectory(prefix="imagemill-") as folder,
        closing(_pictures(source, order, session)) as pictures,
    ):
        order = replace(order, pictures=pictures)
        with reading(session.err, session.clock, manifest.name, quiet=session.quiet) as read:
            checked = check(manifest, models, order, Path(folder), Path(INVALID_CSV), read)
        _say_what_is_wrong(checked, order, session, models)
        check_currencies(order.budgets, checked.tally)
        yield checked


def summary(tally: Tally, budgets: Mapping[str, int]) -> str:
    """What is about to be ordered: rows, images, list price, and how far the budget goes."""
    rows = f"{tally.good:,} row{'' if tally.good == 1 else 's'}"
    images = f"{tally.images:,} image{'' if tally.images == 1 else 's'}"
    said = f"{rows}, {images}, at most {prices(tally.costs())} at list price"
    return "; ".join([said, *shortfalls(budgets, tally)])


def handed_in_before(name: str, order: Order) -> str:
    """What to say of a batch that is there already."""
    said = f"Batch {name} was handed in before; nothing is ordered twice."
    if order.priority is not Priority.NORMAL:
        said += f" `imagemill prioritize {name} {order.priority}` changes its priority."
    if order.budgets:
        said += f" Its budget stays as it is: `imagemill resume {name} --budget` changes it."
    return said


def _pictures(source: str, order: Order, session: Session) -> InputPictures:
    """What looks at the rows' pictures; a relative path begins beside the manifest, or here."""
    places = PicturePlaces(session.settings, order.account, simulated=order.simulated)
    here = Path.cwd()
    return InputPictures(
        places, (here if source == STDIN else Path(source).absolute().parent, here)
    )


def _say_what_is_wrong(checked: Checked, order: Order, session: Session, models: Catalogue) -> None:
    tally = checked.tally
    session.complain(render_problems(tally, skipped=order.skip_invalid))
    if checked.manifest.left_out:
        session.say(
            f"{', '.join(checked.manifest.left_out)}: columns of an earlier failed.csv, left out."
        )
    if checked.invalid is not None:
        session.complain(f"The rows left out are in {checked.invalid}.")
    if not session.quiet:
        session.complain(render_cautions(tally))
    _warn_of_models(tally, order, session, models)
    if tally.bad and not order.skip_invalid:
        raise RowsRefused("")


def _warn_of_models(tally: Tally, order: Order, session: Session, models: Catalogue) -> None:
    """Say once of each model what its user should know before it starts."""
    found = (tally.model(lane) for lane in tally.lanes)
    for model in {(model.provider, model.name): model for model in found}.values():
        if isinstance(models, WithUnlisted) and models.has_made(model):
            session.complain(f"warning: {caution(model, models)}")
        notice = retirement_notice(model, session.clock.now().date())
        if notice and not order.simulated:
            session.complain(f"warning: {notice}")
