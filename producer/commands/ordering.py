"""What `run`, `submit` and `validate` have in common: reading and checking a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from producer.budget import budgets_from, prices, shortfalls
from producer.column_map import column_map
from producer.commands import wording
from producer.commands.hours import hours_from
from producer.defaults import defaults_from
from producer.errors import OptionError
from producer.estimate import costs_micro, images_to_order
from producer.lane_time import spread_of
from producer.session import Session
from producer.submission import Order, check_account
from producer.tally import FIRST_KEPT, AlreadyDone, Tally
from producer.unlisted_models import LIKE, with_unlisted
from schemas.account import DEFAULT_ACCOUNT, SIMULATOR_ACCOUNT
from schemas.batch import Batch, Priority
from schemas.catalogue import Catalogue
from schemas.finishing import Finishing, Label
from schemas.finishing_sections import GateAction, finishing
from schemas.hours import Hours
from schemas.rendition import NONE, parse_renditions

INVALID_CSV = "invalid.csv"


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
        metavar="NAME",
        help="Account of imagemill.toml to order through. [default: default, or those of [spread]]",
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
        "--fresh",
        is_flag=True,
        help="Order everything, also what was drawn for the very same row in an earlier batch.",
    ),
    click.option(
        "--revision",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        metavar="N",
        help="Draw every row as its revision N: anew where only others were drawn, once however"
        " often it is said.",
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
        "--label",
        type=click.Choice([str(each) for each in Label]),
        help="The marks written into every file: made by AI. [default: all]",
    ),
    click.option(
        "--gate",
        type=click.Choice([str(each) for each in GateAction]),
        help="Look for pictures that are blank, alike or of a wrong size. [default: off]",
    ),
    click.option(
        "--rerolls",
        type=click.IntRange(1, 9),
        metavar="N",
        help="With --gate reroll: how often a row is ordered anew at most. [default: 1]",
    ),
    click.option(
        "--rendition",
        "renditions",
        multiple=True,
        metavar="[NAME=]SPEC",
        help="Make a further file of each picture: square-1600.jpg, fit-800.webp; none for none."
        " Repeatable.",
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
        type=click.Choice(["csv", "jsonl", "xlsx"]),
        help="The manifest's form, where its name does not say.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="The manifest's encoding, e.g. gb18030. [default: told by the text]",
    ),
    click.option(
        "--sheet",
        metavar="NAME|NUMBER",
        help="The workbook's sheet. [default: the first visible one]",
    ),
    click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="The column that holds a field, e.g. prompt=文案; n= says that none does. Repeatable.",
    ),
]


def order_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a manifest is read and ordered."""
    for option in reversed([*_OPTIONS, *wording.OPTIONS]):
        command = option(command)
    return command


def before_ordering(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that spends money: to see first, or not to be asked."""
    dry_run = click.option(
        "--dry-run", is_flag=True, help="Only say what it would be, cost and take: `estimate`."
    )
    yes = click.option("--yes", "-y", is_flag=True, help="Do not ask, however large the order.")
    return dry_run(yes(command))


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
    """What the options and a batch file say; a rehearsal orders at any hour.

    Raises ManifestError, OptionError, UnknownAccount.
    """
    account = SIMULATOR_ACCOUNT if simulated else options["account"] or DEFAULT_ACCOUNT
    if not simulated:
        check_account(account, session.settings)
    return Order(
        name=options["name"],
        defaults=replace(
            defaults_from(options["model"], options["sets"], models, options.get("set_table")),
            columns=column_map(options["maps"], models, options.get("map_table")),
        ),
        account=account,
        account_named=options["account"] is not None,
        skip_invalid=options["skip_invalid"],
        simulated=simulated,
        fresh=options["fresh"],
        revision=options["revision"],
        priority=Priority(options["priority"]),
        budgets=budgets_from(options["budgets"]),
        known_accounts=frozenset(session.settings.known_accounts()),
        spread=spread_of(session.settings),
        wording=wording.wording_from(options),
        packs=wording.style_packs_from(options, models),
        matrix=wording.matrix_from(options),
        notify=options.get("notify"),
        previewed=options.get("preview") or FIRST_KEPT,
        finishing=_finishing(options, session),
        hours=None if simulated else hours_from(options),
    )


def summary(
    tally: Tally,
    budgets: Mapping[str, int],
    done: AlreadyDone | None = None,
    *,
    hours: Hours | None = None,
    unseen: bool = False,
) -> str:
    """What is about to be ordered: rows, images, list price, hours, and how far the budget goes.

    What is `done` is free of charge. `unseen`: nobody looked for that, though it will be left out.
    """
    rows = f"{tally.good:,} {tally.unit}{'' if tally.good == 1 else 's'}"
    free = sum(done.rows.values()) if done else 0
    if free:
        rows += f", of which {free:,} {'is' if free == 1 else 'are'} already done"
    count = images_to_order(tally, done)
    images = f"{count:,} image{'' if count == 1 else 's'}"
    said = f"{rows}, {images}, at most {prices(costs_micro(tally, done))} at list price"
    said += ", before what is already done" if unseen else ""
    when = [] if hours is None else [f"ordered within {hours} only"]
    return "; ".join([said, *when, *shortfalls(budgets, tally, done)])


def handed_in_before(batch: Batch, order: Order) -> str:
    """What to say of a batch that is there already."""
    name = batch.batch
    said = f"Batch {name} was handed in before; nothing is ordered twice."
    if order.fresh:
        said += " To draw all of it once more, name another --batch."
    if order.priority is not Priority.NORMAL:
        said += f" `imagemill prioritize {name} {order.priority}` changes its priority."
    if order.budgets:
        said += f" Its budget stays as it is: `imagemill resume {name} --budget` changes it."
    if order.finishing != batch.finishing:
        said += " Its labels, gate and renditions stay as they were first asked for."
    if order.hours != batch.hours:
        said += " Its hours stay as they were first asked for."
    return said


def _renditions(said: tuple[str, ...]) -> tuple[str, ...]:
    """Raises OptionError."""
    if said == (NONE,):
        return ()
    try:
        return parse_renditions(said)
    except ValueError as error:
        raise OptionError(f"--rendition {error}") from error


def _finishing(options: dict[str, Any], session: Session) -> Finishing:
    """What is done with the pictures: as the options say, else as the settings do."""
    results, gate = session.settings.results, session.settings.gate
    if options["label"] is not None:
        results = results.model_copy(update={"label": Label(options["label"])})
    if options["renditions"]:
        results = results.model_copy(update={"renditions": _renditions(options["renditions"])})
    if options["gate"] is not None:
        gate = gate.model_copy(update={"action": GateAction(options["gate"])})
    if options["rerolls"] is not None:
        if gate.action is not GateAction.REROLL:
            raise OptionError("--rerolls is of use with --gate reroll only")
        gate = gate.model_copy(update={"rerolls": options["rerolls"]})
    return finishing(results, gate)
