"""Models nobody here knows, ordered all the same because the user says so."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from producer.errors import OptionError
from producer.problem import shown
from schemas.catalogue import Catalogue, UnknownModel
from schemas.model import Model
from schemas.money import Amount
from schemas.parameter import Kind, Parameter, nearest
from schemas.size import Size
from schemas.unlisted import Unlisted

LIKE = "wan2.6-t2i"
"""The model whose wire form unknown ones are taken to have: DashScope's newest kind."""
_NAME = re.compile(r"[^@{}\s]{1,100}")
_AS_TYPED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.SWITCH, Kind.TEXTS, Kind.STRUCTURE})


class WithUnlisted(Catalogue):
    """A catalogue in which every name of one provider is a model's."""

    def __init__(self, known: Catalogue, unlisted: Unlisted, like: Model) -> None:
        super().__init__(list(known))
        self.unlisted = unlisted
        self._like = like
        self._made: dict[str, Model] = {}

    def find(self, name: str, provider: str | None = None) -> Model:
        """The model of that name, known or not. Raises UnknownModel for another provider's."""
        try:
            return super().find(name, provider)
        except UnknownModel:
            if provider not in (None, self._like.provider) or not _NAME.fullmatch(name):
                raise
        if name not in self._made:
            self._made[name] = self.unlisted.model(name, self._like)
        return self._made[name]

    def has_made(self, model: Model) -> bool:
        """Whether a model is one that nobody lists."""
        return self._made.get(model.name) is model


def with_unlisted(
    known: Catalogue,
    price: str | None,
    like: str | None,
    *,
    allowed: bool,
    simulated: bool = False,
) -> Catalogue:
    """The catalogue that `--allow-unknown-model --price --like` make. Raises OptionError.

    A rehearsal asks the simulator, which knows no more models than we do, for the one they are like.
    """
    if not allowed:
        for option, value in (("--price", price), ("--like", like)):
            if value is not None:
                raise OptionError(f"{option} goes with --allow-unknown-model; say both or neither")
        return known
    if price is None:
        raise OptionError(
            "--allow-unknown-model needs --price, what one picture costs, e.g. --price 0.20CNY:"
            " nobody here knows it"
        )
    try:
        Amount.parse(price)
        provider, name = _place(known, like or LIKE)
        model = known.find(name, provider)
    except UnknownModel as error:
        raise OptionError(f"--like: {error}") from error
    except ValueError as error:
        raise OptionError(f"--price {error}") from error
    stand_in = model.sent_name if simulated else None
    return WithUnlisted(known, Unlisted(like=model.name, price=price, wire_name=stand_in), model)


def described(known: Catalogue, said: Iterable[tuple[str, str, str]]) -> Catalogue:
    """The catalogue with models as the ledger has them: (provider, name, what was said)."""
    models = list(known)
    for provider, name, document in said:
        unlisted = Unlisted.model_validate_json(document)
        models.append(unlisted.model(name, known.find(unlisted.like, provider)))
    return Catalogue(models)


def as_typed(raw: Any, parameter: Parameter | None) -> Any:
    """A cell's text as the value it looks like; what a parameter may be is not checked."""
    if not isinstance(raw, str):
        return raw
    text = raw.strip()
    size = Size.parse(text)
    if parameter is not None and parameter.kind is Kind.SIZE and size is not None:
        return f"{size.width}{parameter.separator}{size.height}"
    if parameter is not None and parameter.kind is Kind.SWITCH:
        return _switch(parameter, text)
    if parameter is not None and parameter.kind not in _AS_TYPED:
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    # NaN and what is too large for a float are no JSON on their way to the provider.
    return text if isinstance(found, float) and not math.isfinite(found) else found


def object_of(raw: Any) -> dict[str, Any]:
    """What a `parameters` cell holds. Raises ValueError unless it is an object."""
    match as_typed(raw, None):
        case dict() as found:
            return found
        case _:
            raise ValueError('must be a JSON object, such as {"size": "1024*1024"}')


def caution(model: Model, known: Catalogue) -> str:
    """What to say once of a batch that orders from such a model."""
    names = [other.name for other in known if other.provider == model.provider]
    hint = (
        nearest(model.name, names).replace("; did you mean ", " (did you mean ").replace("?", "?)")
    )
    return (
        f"{shown(model.name)} is not in the catalogue{hint}:"
        f" {model.title.split('; ')[-1]}, {model.price} {model.currency} a picture as you say;"
        " its parameters are not checked"
    )


def _switch(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.check(text)
    except ValueError:
        return text


def _place(known: Catalogue, name: str) -> tuple[str | None, str]:
    provider, colon, own = name.partition(":")
    there = {model.provider for model in known}
    return (provider, own) if colon and provider in there else (None, name)
