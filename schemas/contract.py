"""What every document that crosses a process border has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A frozen document that refuses fields it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="null",
        hide_input_in_errors=True,  # a prompt would stand in the log
    )
