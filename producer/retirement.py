"""Whether a model may still be ordered from."""

from __future__ import annotations

from datetime import date

from schemas.model import Model


def retirement_notice(model: Model, today: date) -> str | None:
    """What to say once of a manifest that orders from a retired model, or one about to be."""
    if model.retired is None:
        return None
    successor = f"; {model.successor} takes its place" if model.successor else ""
    if today >= model.retired:
        return f"{model.name} was retired on {model.retired}: its orders fail{successor}"
    return f"{model.name} retires on {model.retired}: orders fail from that day{successor}"
