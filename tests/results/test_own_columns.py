"""The columns we add: beside any of the manifest's, and known again when they come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.own_columns import FAILURE_COLUMNS, failure_columns, own_names
from schemas.fields import normal_name


def test_our_columns_give_way_to_the_manifests() -> None:
    columns = ("Status", "seed ", "mill_seed", "Error")

    names = own_names(columns, ("status", "seed", "error", "cost"))

    assert names == ("mill_status", "mill_mill_seed", "mill_error", "cost")


@pytest.mark.parametrize(
    "columns",
    [
        ("sku", "prompt", "code", "error"),
        ("sku", "error_class", "Code"),
        ("sku", "mill_error_class", "code", "error"),
        ("sku", "Error_class", "Code", "Error"),
    ],
)
def test_columns_that_only_look_like_ours_are_their_owners(columns: tuple[str, ...]) -> None:
    assert failure_columns(columns) == ()


def headers(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(["sku", "prompt", "colour", "数量", *names]), unique=True)


@given(columns=headers("Code", "error", "mill_code", "mill_error", "error_class", "mill_mill_code"))
def test_what_we_added_is_known_again_and_added_again_alike(columns: list[str]) -> None:
    ours = own_names(columns, FAILURE_COLUMNS)
    header = [*columns, *ours]

    assert failure_columns(header) == ours
    assert len({normal_name(column) for column in header}) == len(header)


@given(columns=headers("Code"), data=st.data())
def test_it_is_known_again_in_any_order(columns: list[str], data: st.DataObject) -> None:
    ours = own_names(columns, FAILURE_COLUMNS)

    assert sorted(failure_columns(data.draw(st.permutations([*columns, *ours])))) == sorted(ours)
