"""The model that a name means: `wanx-v1`, or `dashscope:wanx-v1` where several have the name."""

from __future__ import annotations

from typing import NamedTuple

from producer.plan import NoModel
from producer.problem import shown
from schemas.catalogue import Catalogue, UnknownModel
from schemas.model import Model
from schemas.parameter import nearest


class Said(NamedTuple):
    """What somebody says, and where."""

    place: str | None
    """The column, or the option."""
    value: str | None
    by_row: bool = False
    """In a cell: nobody said it for all rows."""


def find_model(catalogue: Catalogue, name: Said, provider: Said) -> Model | NoModel:
    """The model somebody names, or what is wrong with the name."""
    written = name.value or ""
    model_name, own = without_provider(written, catalogue)
    if own is None:
        own = provider.value
    elif provider.value not in (None, own) and provider.by_row:
        reason = f"is not where {shown(written)} comes from; leave the cell empty or write {own}"
        return NoModel(provider.place, provider.value, reason)
    models = [model for model in catalogue if own in (None, model.provider)]
    if not models:
        providers = sorted({model.provider for model in catalogue})
        hint = nearest(str(own), providers) or f"; known: {', '.join(providers)}"
        return NoModel(provider.place, own, f"is no known provider{hint}")
    found = [model for model in models if model.name == model_name]
    if len(found) > 1:
        names = " or ".join(f"{model.provider}:{model.name}" for model in found)
        return NoModel(name.place, written, f"is a model of several providers; write {names}")
    try:
        return found[0] if found else catalogue.find(model_name, own)
    except UnknownModel:
        where = "" if own is None else f" of {own}"
        hint = _elsewhere(model_name, catalogue) or _hint(model_name, models)
        return NoModel(name.place, written, f"is no known model{where}{hint}")


def without_provider(written: str, catalogue: Catalogue) -> tuple[str, str | None]:
    """A model's name, and the provider written before it."""
    provider, colon, name = written.partition(":")
    if not colon or any(model.name == written for model in catalogue):
        return written, None
    if provider not in {model.provider for model in catalogue}:
        return written, None
    return name.strip(), provider


def full_name(model: Model, catalogue: Catalogue) -> str:
    """The shortest name that means this model and no other."""
    alike = sum(other.name == model.name for other in catalogue)
    return model.name if alike == 1 else f"{model.provider}:{model.name}"


def _elsewhere(name: str, catalogue: Catalogue) -> str:
    """A hint at another provider's model of that very name, or nothing."""
    found = [f"{model.provider}:{model.name}" for model in catalogue if model.name == name]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _hint(name: str, models: list[Model]) -> str:
    names = [model.name for model in models]
    return nearest(name, names) or "; `imagemill models` lists them"
