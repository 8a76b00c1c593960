"""A batch file: everything a nightly order says, in one TOML file that can be reviewed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from schemas.batch import Priority
from schemas.contract import Contract
from schemas.fields import canonical_name
from schemas.finishing import Label
from schemas.finishing_sections import GateAction
from schemas.hours import Hours
from schemas.money import Amount
from schemas.notify import Notify
from schemas.rendition import NONE, parse_renditions
from schemas.style_pack import StylePack
from schemas.toml_value import as_cell
from schemas.zone import zone_of


class TemplateSection(Contract):
    """[template]: how a row's prompt is written."""

    file: str | None = Field(
        default=None, description="a Jinja2 template; path from the batch file"
    )
    text: str | None = Field(default=None, description="or the template itself")

    @model_validator(mode="after")
    def _is_one(self) -> TemplateSection:
        if (self.file is None) == (self.text is None):
            raise ValueError("needs file, or text instead")
        return self


class NamingSection(Contract):
    """[naming]: how the stored pictures are called."""

    stem: str = Field(
        min_length=1,
        description="a template for the name before _01.png, such as {{ brand }}-{{ id }}",
    )


class BatchFile(Contract):
    """batch.toml. Paths begin at its own folder; an option of the command line wins over it."""

    manifest: str = Field(min_length=1, description="the rows; - is standard input")
    format: Literal["csv", "jsonl", "xlsx"] | None = Field(
        default=None, description="the manifest's form, where its name does not say"
    )
    encoding: str | None = Field(default=None, description="the manifest's encoding")
    sheet: str | None = Field(
        default=None, description="a workbook's sheet: its name, or the number of its tab"
    )
    map: dict[str, str] = Field(
        default_factory=dict, description="field = the column that holds it; empty: none does"
    )
    batch: str | None = Field(default=None, description="the batch's name")
    model: str | None = Field(default=None, description="model of rows that name none")
    set: dict[str, str] = Field(
        default_factory=dict, description="fields and parameters for rows that leave them empty"
    )
    account: str | None = Field(default=None, description="account to order through")
    template: TemplateSection | None = None
    style_pack: str | None = Field(default=None, description="pack of rows that name none")
    style_packs_file: str | None = Field(
        default=None, description="a file of style packs; path from the batch file"
    )
    style_packs: dict[str, StylePack] = Field(
        default_factory=dict, description="further packs, by name"
    )
    matrix: dict[str, dict[str, str] | list[str]] = Field(
        default_factory=dict,
        description="by column: values to order each row with, or labels with their values;"
        " a label is what goes into the id",
    )
    matrix_limit: int | None = Field(
        default=None, ge=1, description="most orders the matrix may make"
    )
    naming: NamingSection | None = None
    budget: list[str] = Field(
        default_factory=list, description="most it may cost: 50CNY, or one amount a currency"
    )
    priority: Priority | None = Field(default=None, description="its share beside others")
    window: str | None = Field(
        default=None, description="hours within which it orders only: 01:00-07:00"
    )
    tz: str | None = Field(
        default=None, description="their time zone, and a schedule's: Asia/Shanghai"
    )
    fresh: bool | None = Field(
        default=None, description="order everything, whatever was drawn before"
    )
    revision: int | None = Field(default=None, ge=1, description="draw every row as this revision")
    label: Label | None = Field(
        default=None, description="marks in every file: all, iptc, tc260, none"
    )
    gate: GateAction | None = Field(
        default=None, description="what follows where a picture is not right: off, mark or reroll"
    )
    rerolls: int | None = Field(
        default=None, ge=1, le=9, description="with reroll: at most so often a row"
    )
    renditions: list[str] | None = Field(
        default=None, description="what else is made of each picture: square-1600.jpg"
    )
    skip_invalid: bool | None = Field(default=None, description="go on without the bad rows")
    allow_unknown_model: bool | None = Field(
        default=None, description="order from DashScope models nobody lists"
    )
    price: str | None = Field(default=None, description="with that: what one picture costs")
    like: str | None = Field(default=None, description="with that: the model they are ordered like")
    notify: Notify | None = None

    @field_validator("sheet", mode="before")
    @classmethod
    def _may_be_a_tabs_number(cls, said: Any) -> Any:
        return str(said) if type(said) is int else said

    @field_validator("budget", mode="before")
    @classmethod
    def _may_be_one_amount(cls, said: Any) -> Any:
        # A number is told what it lacks, as a text is.
        return [str(said)] if isinstance(said, str | int | float) else said

    @field_validator("budget")
    @classmethod
    def _is_money(cls, amounts: list[str]) -> list[str]:
        for amount in amounts:
            Amount.parse(amount)
        return amounts

    @field_validator("window")
    @classmethod
    def _are_hours(cls, text: str | None) -> str | None:
        if text is not None:
            Hours.parse(text)
        return text

    @field_validator("tz")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None:
            zone_of(name)
        return name

    @field_validator("renditions")
    @classmethod
    def _are_renditions(cls, texts: list[str] | None) -> list[str] | None:
        return texts if texts in (None, [NONE]) else list(parse_renditions(texts))

    @field_validator("set", mode="before")
    @classmethod
    def _are_cells(cls, table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        said: dict[str, str] = {}
        for name, value in table.items():
            if canonical_name(name) in said:
                raise ValueError(f"{canonical_name(name)} is said twice; the second time as {name}")
            said[canonical_name(name)] = _cell(name, value)
        return said

    @field_validator("matrix", mode="before")
    @classmethod
    def _are_axes(cls, table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        return {name: _axis(name, values) for name, values in table.items()}


def _axis(name: str, values: Any) -> Any:
    match values:
        case {}:
            return {label: _cell(f"{name}.{label}", value) for label, value in values.items()}
        case list():
            return [_cell(name, value) for value in values]
        case _:
            raise ValueError(
                f"{name} must be a list of values, or a table of labels and their values"
            )


def _cell(name: str, value: Any) -> str:
    try:
        return as_cell(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from error
