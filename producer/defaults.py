"""What is said for rows that say nothing: `--model`, `--set name=value`, and a batch file's [set]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from producer.default_values import Defaults
from producer.errors import OptionError
from producer.model_named import Said, find_model, without_provider
from producer.plan import NoModel, n_parameter, parameter_names
from producer.problem import shown
from schemas.catalogue import Catalogue
from schemas.fields import canonical_name
from schemas.parameter import nearest

SETTABLE = ("prompt", "negative_prompt", "n", "model", "provider")
"""Fields that --set takes besides the models' own parameters."""
SET = "--set"
SET_TABLE = "[set]"
"""In a batch file."""


def defaults_from(
    model: str | None,
    sets: Iterable[str],
    catalogue: Catalogue,
    table: Mapping[str, str] | None = None,
) -> Defaults:
    """Read `--model`, every `--set`, and a batch file's [set], which they win over.

    Raises OptionError for what could fit no row.
    """
    said = dict(parse_set(text, catalogue) for text in sets)
    if model is not None:
        said["model"] = model.strip()
    written = dict(
        parse_value(SET_TABLE, name, value, catalogue) for name, value in (table or {}).items()
    )
    values = {**written, **said}
    if "model" in values or "provider" in values:
        check_model(values, catalogue, ("--model", f"{SET} provider"))
    return Defaults(values, {name: f"{SET_TABLE} {name}" for name in written if name not in said})


def parse_set(text: str, catalogue: Catalogue) -> tuple[str, str]:
    """`name=value` as field or parameter and value. Raises OptionError with what to write."""
    written, equals, value = text.partition("=")
    if not equals or not canonical_name(written):
        raise OptionError(f"--set {shown(text)} has no value; write --set name=value, as in n=2")
    return parse_value(SET, written, value, catalogue)


def parse_value(
    place: str, written: str, value: str, catalogue: Catalogue, further: Iterable[str] = ()
) -> tuple[str, str]:
    """A field or parameter and its value, said in some place, where further names stand as well.

    Raises OptionError with what to write.
    """
    name, value = canonical_name(written), value.strip()
    if name == "id":
        raise OptionError(f"{place} id: every row needs an id of its own; put it in a column")
    if name == "style_pack":
        raise OptionError(f"{place} style_pack: say --style-pack NAME, or style_pack = in the file")
    known = sorted({*SETTABLE, *parameter_names(catalogue)})
    if name not in known:
        hint = nearest(name, [*known, *further])
        hint = hint or "; `imagemill models NAME` shows those of a model"
        raise OptionError(f"{place} {shown(written)}: no model has such a parameter{hint}")
    if not value:
        raise OptionError(f"{place} {name} has no value; write {place} {name}=value")
    _check_value(place, name, value, catalogue)
    return name, value


def check_model(values: Mapping[str, str], catalogue: Catalogue, places: tuple[str, str]) -> None:
    """Raises OptionError for a model or provider nobody knows; `places` are where they were said."""
    name, provider = values.get("model"), values.get("provider")
    if name is None:
        if provider not in {model.provider for model in catalogue}:
            raise OptionError(_unknown_provider(places[1], str(provider), catalogue))
        return
    # What a row says of its provider may still tell models of one name apart.
    _, own = without_provider(name, catalogue)
    alike = sum(model.name == name for model in catalogue)
    if alike > 1 and own is None and provider is None:
        return
    found = find_model(catalogue, Said(places[0], name), Said(places[1], provider))
    if isinstance(found, NoModel):
        raise OptionError(f'{found.column}: "{shown(found.value)}" {found.reason}')


def _check_value(place: str, name: str, value: str, catalogue: Catalogue) -> None:
    """A value may suit one model and not another; one that suits none is refused here."""
    refusals = []
    for model in catalogue:
        parameter = n_parameter(model) if name == "n" else model.parameters.get(name)
        if parameter is None:
            continue
        try:
            parameter.check(value)
        except (ValueError, OverflowError) as error:
            refusals.append(f"{model.name}: {error}")
        else:
            return
    if refusals:
        raise OptionError(f'{place} {name}: "{shown(value)}" suits no model; {refusals[0]}')


def _unknown_provider(place: str, name: str, catalogue: Catalogue) -> str:
    known = sorted({model.provider for model in catalogue})
    hint = nearest(name, known) or f"; known: {', '.join(known)}"
    return f'{place}: "{shown(name)}" is no known provider{hint}'
