"""The check of one value: what is allowed, in the provider's spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.parameter import Kind, Parameter, nearest

STEPS = Parameter(kind=Kind.INTEGER, doc="Steps.", minimum=1, maximum=500)
SCALE = Parameter(kind=Kind.NUMBER, doc="Scale.", minimum=1, maximum=15)
STYLE = Parameter(kind=Kind.CHOICE, doc="Style.", choices=("<auto>", "<3d cartoon>", "plain"))
SIZE = Parameter(kind=Kind.SIZE, doc="Pixels.", choices=("1024*1024", "720*1280"))
SIDES = Parameter(kind=Kind.SIZE, doc="Pixels.", minimum=512, maximum=1024, step=128)
SWITCH = Parameter(kind=Kind.SWITCH, doc="On or off.")
TEXT = Parameter(kind=Kind.TEXT, doc="Words.")


@pytest.mark.parametrize(
    ("parameter", "value", "sent"),
    [
        (STEPS, 1, 1),
        (STEPS, "500", 500),
        (STEPS, " 7 ", 7),
        (STEPS, 50.0, 50),
        (SCALE, 1, 1.0),
        (SCALE, "15", 15.0),
        (SCALE, "7.5", 7.5),
        (STYLE, "<auto>", "<auto>"),
        (STYLE, "auto", "<auto>"),
        (STYLE, " AUTO ", "<auto>"),
        (STYLE, "<Auto>", "<auto>"),
        (STYLE, "3D Cartoon", "<3d cartoon>"),
        (STYLE, "Plain", "plain"),
        (SIZE, "1024*1024", "1024*1024"),
        (SIZE, "1024x1024", "1024*1024"),
        (SIZE, "720×1280", "720*1280"),
        (SIZE, " 720 X 1280 ", "720*1280"),
        (SIZE, "01024x1024", "1024*1024"),
        (SIDES, "512x1024", "512*1024"),
        (SIDES, "640x896", "640*896"),
        (SWITCH, True, True),
        (SWITCH, "Yes", True),
        (SWITCH, "on", True),
        (SWITCH, 1, True),
        (SWITCH, "0", False),
        (SWITCH, " off ", False),
        (TEXT, "a cup", "a cup"),
        (TEXT, 7, "7"),
    ],
)
def test_what_is_allowed_is_sent_in_the_providers_spelling(
    parameter: Parameter, value: object, sent: object
) -> None:
    found = parameter.check(value)
    assert (found, type(found)) == (sent, type(sent))


WRONG: list[tuple[Parameter, tuple[object, ...]]] = [
    (STEPS, (0, 501, -1, 1.5, "ten", "", None, True, "nan", [])),
    (SCALE, (0.999, 15.001, "nan", "inf", "-inf", None, False)),
    (STYLE, ("", "<>", "autos", "<plain>")),
    (SIZE, ("1280x720", "1024", "1024x", "x", "axb", "1024,1024")),
    (SIDES, ("511x512", "512x1025", "384x512", "512x1152", "520x512")),
    (SWITCH, ("maybe", "", 2, None)),
]


@pytest.mark.parametrize(
    ("parameter", "value"), [(p, value) for p, many in WRONG for value in many]
)
def test_what_is_not_allowed_is_refused_with_what_is(parameter: Parameter, value: object) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        parameter.check(value)
    assert parameter.allowed() in str(caught.value)


@pytest.mark.parametrize("value", ["inf", "-inf", "1e999", float("inf")])
def test_no_number_is_endless_even_without_a_limit(value: object) -> None:
    for kind in (Kind.INTEGER, Kind.NUMBER):
        with pytest.raises(ValueError, match="must be"):
            Parameter(kind=kind, doc="Seed.").check(value)


@given(number=st.integers(-1000, 1000))
def test_ranges_are_inclusive(number: int) -> None:
    ranged = Parameter(kind=Kind.INTEGER, doc="Steps.", minimum=-3, maximum=300)
    if -3 <= number <= 300:
        assert ranged.check(str(number)) == number
    else:
        with pytest.raises(ValueError, match="must be a whole number from -3 to 300"):
            ranged.check(str(number))


@pytest.mark.parametrize("number", [-1, 0, 1])
def test_a_limit_of_nought_is_a_limit(number: int) -> None:
    at_least = Parameter(kind=Kind.NUMBER, doc="Guidance.", minimum=0, maximum=30)
    if number >= 0:
        assert at_least.check(number) == number
    else:
        with pytest.raises(ValueError, match="must be a number from 0 to 30"):
            at_least.check(number)


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (STEPS, "a whole number from 1 to 500"),
        (STYLE, "one of <auto>, <3d cartoon>, plain"),
        (SIDES, "a size such as 1024x1024, sides 512 to 1024 in steps of 128"),
        (SWITCH, "true or false"),
        (Parameter(kind=Kind.INTEGER, doc="Seed."), "a whole number"),
        (Parameter(kind=Kind.NUMBER, doc="Any."), "a number"),
    ],
)
def test_what_is_allowed_is_said_in_words(parameter: Parameter, words: str) -> None:
    assert parameter.allowed() == words


def test_a_misspelt_choice_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"did you mean 3d cartoon\?"):
        STYLE.check("3d-cartoon")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the point is what it does not say
        STYLE.check("zzzz")
    assert "did you mean" not in str(caught.value)


def test_nearest_says_nothing_when_nothing_is_near() -> None:
    assert nearest("wanx", ["wanx-v1", "flux-dev"]) == "; did you mean wanx-v1?"
    assert nearest("<WANX-V1>", ("wanx-v1",)) == "; did you mean wanx-v1?"
    assert nearest("", ["wanx-v1"]) == ""
    assert nearest("zebra", ["wanx-v1"]) == ""
