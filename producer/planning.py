"""Finds the plan for rows that name a model: in their cells, or where it is said for all."""

from __future__ import annotations

from typing import Any

from producer.batch_line import PROVIDER
from producer.default_values import Defaults
from producer.model_named import Said, find_model
from producer.plan import Header, NoModel, Plan, make_free_plan, make_plan
from producer.problem import is_blank
from producer.unlisted_models import WithUnlisted
from schemas.catalogue import Catalogue
from schemas.fields import Fields


def plan_for(
    header: Header, named: tuple[Any, Any], defaults: Defaults, catalogue: Catalogue
) -> Plan | NoModel:
    """The plan for rows of a header, or why there is none.

    `named` are the model and the provider as the rows' cells have them.
    """
    model, provider = named
    name = _said("model", header.fields, model, defaults)
    vendor = _said("provider", header.fields, provider, defaults)
    if name.value is None:
        return NoModel(
            name.place, None, "the row names no model; fill the cell or say --model NAME"
        )
    if header.body is not None and vendor.value is None and not is_blank(model):
        vendor = Said(defaults.place("provider"), PROVIDER)
    found = find_model(catalogue, name, vendor)
    if isinstance(found, NoModel):
        return found
    make = make_plan
    if isinstance(catalogue, WithUnlisted) and catalogue.has_made(found):
        make = make_free_plan
    return make(header, found, defaults)


def _said(name: str, fields: Fields, raw: Any, defaults: Defaults) -> Said:
    """Where a field's value comes from, and the value."""
    if not is_blank(raw):
        return Said(fields.columns.get(name), str(raw).strip(), by_row=True)
    default = defaults.values.get(name)
    if default is not None:
        return Said(defaults.place(name), str(default))
    return Said(fields.columns.get(name), None)
