"""A picture against its field's rule, for any picture and any rule."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from producer.picture_limits import megabytes, reason_against
from producer.picture_seen import Seen
from schemas.picture_rule import PictureRule

SIDES = st.integers(1, 9000)
FORMATS = st.sampled_from(["JPEG", "PNG", "BMP", "WEBP"])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def pictures(draw: st.DrawFn) -> Seen:
    four = draw(st.booleans())
    return Seen(
        "ab" * 32,
        draw(st.integers(1, 30_000_000)),
        draw(FORMATS),
        "image/png",
        "png",
        draw(SIDES),
        draw(SIDES),
        four,
        four or draw(st.booleans()),
    )


RULES = st.builds(
    PictureRule,
    formats=st.lists(FORMATS, unique=True).map(tuple),
    min_side=maybe(SIDES),
    max_side=maybe(SIDES),
    max_bytes=maybe(st.integers(1, 30_000_000)),
    min_pixels=maybe(st.integers(1, 81_000_000)),
    max_pixels=maybe(st.integers(1, 81_000_000)),
    max_ratio=maybe(st.floats(1, 20)),
    alpha=st.sampled_from([None, "required", "refused"]),
)


def keeps(seen: Seen, rule: PictureRule) -> bool:
    """The rule, said in another way."""
    ends = (seen.width, seen.height)
    return all(
        [
            not rule.formats or seen.format in rule.formats,
            all(side >= (rule.min_side or 0) for side in ends),
            all(side <= (rule.max_side or 9000) for side in ends),
            seen.size_bytes <= (rule.max_bytes or 30_000_000),
            (rule.min_pixels or 0) <= ends[0] * ends[1] <= (rule.max_pixels or 81_000_000),
            rule.max_ratio is None or max(ends) <= min(ends) * rule.max_ratio,
            rule.alpha != "required" or seen.four_channels,
            rule.alpha != "refused" or not seen.transparent,
        ]
    )


@given(pictures(), RULES)
def test_a_picture_is_refused_if_and_only_if_it_breaks_the_rule(
    seen: Seen, rule: PictureRule
) -> None:
    reason = reason_against(seen, rule, "image of m")
    assert (reason is None) == keeps(seen, rule)
    assert reason is None or "; image of m takes " in reason


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_two_sizes_never_look_alike(first: int, second: int) -> None:
    assert (megabytes(first) == megabytes(second)) == (first == second)
