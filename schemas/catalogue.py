"""The models we know: what each takes, how fast it may be asked, what it costs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Self

from pydantic import ValidationError

from schemas.model import Model
from schemas.parameter import nearest
from schemas.setting_keys import wrong_key


class UnknownModel(ValueError):
    """No such model; the message names the nearest ones."""


class BadModel(ValueError):
    """A model that is described wrongly; the message says where."""


class Catalogue:
    """All known models, found by name."""

    def __init__(self, models: list[Model]) -> None:
        self._models = {(model.provider, model.name): model for model in models}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def find(self, name: str, provider: str | None = None) -> Model:
        """The model of that name. Raises UnknownModel naming the nearest ones."""
        if provider is not None and (provider, name) in self._models:
            return self._models[provider, name]
        for model in self._models.values():
            if model.name == name and provider is None:
                return model
        names = [m.name for m in self._models.values() if provider in (None, m.provider)]
        if not names:
            providers = sorted({m.provider for m in self._models.values()})
            raise UnknownModel(
                f"unknown provider {provider!r}; known: {', '.join(providers)}"
                f"{nearest(str(provider), providers)}"
            )
        hint = nearest(name, names) or "; `imagemill models` lists them"
        raise UnknownModel(f"unknown model {name!r}{hint}")

    def extended(self, sections: Mapping[str, Mapping[str, Any]]) -> Self:
        """With models of the user's own, and changes to known ones, by `provider:model`.

        `like` names a model of the same provider to begin with; without it a known model is changed
        and a new one described whole. Raises BadModel.
        """
        models = dict(self._models)
        for name, section in sections.items():
            provider, colon, own = name.partition(":")
            if not colon or not own:
                raise BadModel(f'models."{name}": write the provider too, as in "dashscope:{name}"')
            try:
                models[provider, own] = _changed(models, provider, own, dict(section))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                said = first["msg"]
                if first["type"] == "extra_forbidden":
                    said = wrong_key(Model, first["loc"])
                raise BadModel(f'models."{name}": {place}: {said}') from error
        return type(self)(list(models.values()))


def _changed(
    models: Mapping[tuple[str, str], Model], provider: str, name: str, section: dict[str, Any]
) -> Model:
    like = section.pop("like", name)
    base = models.get((provider, like))
    if base is None and like != name:
        known = [model for vendor, model in models if vendor == provider]
        raise BadModel(f'models."{provider}:{name}": like: unknown {like!r}{nearest(like, known)}')
    start: dict[str, Any] = base.model_dump() if base else {"source": "imagemill.toml"}
    parameters = {**start.pop("parameters", {}), **section.pop("parameters", {})}
    if base is not None and like != name:
        title, source = f"ordered like {like}", "imagemill.toml"
        start.update(retired=None, successor=None, wire_name=None, title=title, source=source)
    if "price" in section:
        start.update(price_tiers=())
    document = {**start, **section, "provider": provider, "name": name}
    kept = {key: value for key, value in parameters.items() if value}
    return Model.model_validate({**document, "parameters": kept})


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with imagemill."""
    folder = resources.files("schemas").joinpath("models")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=str)
    models = []
    for file in files:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        shared = document.get("parameters", {})
        models += [_model(entry, shared) for entry in document["models"]]
    return Catalogue(models)


def _model(entry: dict[str, Any], shared: dict[str, Any]) -> Model:
    """`uses` names shared parameters of the file; [models.parameters] adds a model's own."""
    own = dict(entry)
    parameters = {name: shared[key] for name, key in own.pop("uses", {}).items()}
    parameters.update(own.pop("parameters", {}))
    return Model.model_validate({**own, "parameters": parameters})
