"""Reads and checks a manifest for a command, and says what is wrong with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from producer.budget import check_currencies
from producer.commands import wording
from producer.commands.ordering import INVALID_CSV
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
from producer.submission import Checked, Order, check
from producer.tally import Tally
from producer.unlisted_models import WithUnlisted, caution
from schemas.catalogue import Catalogue


class RowsRefused(ProducerError):
    """Some rows cannot be ordered, and nobody said to go on without them."""

    exit_code = ExitCode.MANIFEST


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
    """A manifest whose rows were all checked, with what is wrong said.

    Raises RowsRefused, unless it is only looked at.
    """
    with (
        open_manifest(
            source, form=options["form"], encoding=options["encoding"], sheet=options["sheet"]
        ) as manifest,
        tempfile.TemporaryDirectory(prefix="imagemill-") as folder,
        closing(_pictures(source, order, session)) as pictures,
    ):
        order = replace(order, pictures=pictures)
        told = "" if session.as_json else manifest.told()
        if told:
            session.say(told)
        wording.announce(manifest, order.matrix, options["matrix_limit"], session)
        with reading(session.err, session.clock, manifest.name, quiet=session.quiet) as read:
            checked = check(manifest, models, order, Path(folder), Path(INVALID_CSV), read)
        _say_what_is_wrong(checked, order, session, models)
        if refuse:
            refuse_bad_rows(checked, order)
        check_currencies(order.budgets, checked.tally)
        yield checked


def refuse_bad_rows(checked: Checked, order: Order) -> None:
    """Raises RowsRefused where some rows cannot be ordered, and nobody said to leave them out."""
    if checked.tally.bad and not order.skip_invalid:
        raise RowsRefused("")


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
        for caution in checked.cautions:
            session.complain(f"warning: {caution}")
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
