"""Reads and checks a manifest for a command, and says what is wrong with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from producer.budget import check_currencies
from producer.commands import wording
from producer.commands.ordering import INVALID_CSV
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.fetched_manifest import fetched
from producer.input_pictures import InputPictures
from producer.manifest import open_manifest
from producer.picture_places import PicturePlaces
from producer.problem import Problem
from producer.problems_text import render_cautions, render_problems
from producer.progress import Read, reading
from producer.retirement import retirement_notice
from producer.session import Session
from producer.source import STDIN
from producer.submission import Checked, Order, check
from producer.tally import Tally
from producer.unlisted_models import WithUnlisted, caution
from schemas.catalogue import Catalogue
from schemas.manifest_place import is_remote


class RowsRefused(ProducerError):
    """Some rows cannot be ordered, and nobody said to go on without them."""

    exit_code = ExitCode.MANIFEST

    def __init__(self, said: str = "", problems: Sequence[Problem] = ()) -> None:
        """`said` is empty where the person has read it already."""
        super().__init__(said)
        self.problems = tuple(problems)
        """What is wrong, by line; of very many the first."""


@contextmanager
def checked_manifest(
    source: str,
    order: Order,
    options: dict[str, Any],
    session: Session,
    models: Catalogue,
    *,
    refuse: bool = True,
) -> Iterator[Checked]:
    """A manifest whose rows were all checked, with what is wrong said; it may lie anywhere.

    Raises RowsRefused, unless it is only looked at.
    """
    with (
        fetched(source, session.settings, session.clock) as path,
        open_manifest(
            path, form=options["form"], encoding=options["encoding"], sheet=options["sheet"]
        ) as manifest,
        tempfile.TemporaryDirectory(prefix="imagemill-") as folder,
        closing(_pictures(source, order, session)) as pictures,
    ):
        order = replace(order, pictures=pictures)
        told = "" if session.as_json else manifest.told()
        if told:
            session.say(told)
        wording.announce(manifest, order.matrix, options["matrix_limit"], session)
        with _told_to(options, manifest.name, session) as read:
            checked = check(manifest, models, order, Path(folder), _invalid(options), read)
        _say_what_is_wrong(checked, order, session, models)
        if refuse:
            refuse_bad_rows(checked, order)
        check_currencies(order.budgets, checked.tally)
        yield checked


def refuse_bad_rows(checked: Checked, order: Order) -> None:
    """Raises RowsRefused where some rows cannot be ordered, and nobody said to leave them out."""
    if checked.tally.bad and not order.skip_invalid:
        raise RowsRefused(problems=checked.tally.problems)


def _told_to(options: dict[str, Any], name: str, session: Session) -> AbstractContextManager[Read]:
    """Who is told how far the rows are read: the person here, unless somebody else asked."""
    if "tell_rows" in options:
        return nullcontext(options["tell_rows"])
    return reading(session.err, session.clock, name, quiet=session.quiet)


def _invalid(options: dict[str, Any]) -> Path:
    """Where the rows go that are left out: here, unless somebody else reads than asks."""
    return Path(options.get("invalid_rows", INVALID_CSV))


def _pictures(source: str, order: Order, session: Session) -> InputPictures:
    """What looks at the rows' pictures; a relative path begins beside the manifest, or here.

    A manifest from elsewhere may name no file of this machine.
    """
    places = PicturePlaces(session.settings, order.account, simulated=order.simulated)
    if is_remote(source):
        return InputPictures(places, ())
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
        for words in checked.cautions:
            session.complain(f"warning: {words}")
    _warn_of_models(tally, order, session, models)


def _warn_of_models(tally: Tally, order: Order, session: Session, models: Catalogue) -> None:
    """Say once of each model what its user should know before it starts."""
    found = (tally.model(lane) for lane in tally.lanes)
    for model in {(model.provider, model.name): model for model in found}.values():
        if isinstance(models, WithUnlisted) and models.has_made(model):
            session.complain(f"warning: {caution(model, models)}")
        notice = retirement_notice(model, session.clock.now().date())
        if notice and not order.simulated:
            session.complain(f"warning: {notice}")
