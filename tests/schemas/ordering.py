"""One full order of a model, as a table has it, and the request that comes of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from schemas.job import Job
from schemas.model import Model
from worker.providers.order import body_of

CAT = "https://example.com/cat.png"
DOG = "https://example.com/dog.png"
MASK = "https://example.com/mask.png"


class Row(NamedTuple):
    """One full order and what must be sent for it, the model's name apart."""

    model: str
    cells: dict[str, Any]
    body: dict[str, Any]
    prompt: str = ""
    negative_prompt: str | None = None
    n: int = 1


def ordered(row: Row, model: Model) -> dict[str, Any]:
    """What would be sent; nothing may be wrong with the row."""
    parameters = {name: model.parameters[name].check(cell) for name, cell in row.cells.items()}
    given = {**parameters, "prompt": row.prompt or None, "negative_prompt": row.negative_prompt}
    assert [rule.broken_by(given) for rule in model.rules if rule.broken_by(given)] == []
    missing = [name for name, p in model.parameters.items() if p.required and name not in given]
    assert missing == []
    job = Job(
        id="SKU-1",
        line=2,
        lane=f"dashscope:{row.model}@default",
        prompt=row.prompt,
        negative_prompt=row.negative_prompt,
        n=row.n,
        parameters=parameters,
        name="SKU-1",
    )
    return body_of(job, model)
