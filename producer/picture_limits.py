"""Is a picture what a model's field takes? Values found and values allowed, in words."""

from __future__ import annotations

from collections.abc import Iterator

from producer.picture_seen import Seen
from schemas.picture_rule import PictureRule


def reason_against(seen: Seen, rule: PictureRule, field: str) -> str | None:
    """Everything that is wrong, reading on from the picture's name; None: nothing."""
    found = list(_faults(seen, rule))
    if not found:
        return None
    is_ = dict.fromkeys(was for was, _ in found)
    takes = dict.fromkeys(allowed for _, allowed in found)
    return f"{' and '.join(is_)}; {field} takes {', '.join(takes)}"


def _faults(seen: Seen, rule: PictureRule) -> Iterator[tuple[str, str]]:
    """Each fault as what the picture is and what it should be."""
    if rule.formats and seen.format not in rule.formats:
        yield f"is {seen.format}", f"{' or '.join(rule.formats)} only"
    pixels = f"is {seen.width}x{seen.height} pixels"
    short, long = sorted((seen.width, seen.height))
    if (rule.min_side and short < rule.min_side) or (rule.max_side and long > rule.max_side):
        yield pixels, _sides(rule)
    count = seen.width * seen.height
    if rule.min_pixels and count < rule.min_pixels:
        yield pixels, f"at least {rule.min_pixels:,} pixels in all"
    if rule.max_pixels and count > rule.max_pixels:
        yield pixels, f"at most {rule.max_pixels:,} pixels in all"
    if rule.max_ratio and long > short * rule.max_ratio:
        yield pixels, f"a long side of at most {rule.max_ratio:g} times the short one"
    if rule.max_bytes and seen.size_bytes > rule.max_bytes:
        yield f"has {megabytes(seen.size_bytes)}", f"at most {megabytes(rule.max_bytes)}"
    if rule.alpha == "required" and not seen.four_channels:
        yield "has no alpha channel", "RGBA with a transparent background"
    if rule.alpha == "refused" and seen.transparent:
        yield "has transparency", "pictures without an alpha channel"


def _sides(rule: PictureRule) -> str:
    if rule.min_side and rule.max_side:
        return f"sides of {rule.min_side} to {rule.max_side}"
    return f"sides of at most {rule.max_side}" if rule.max_side else f"sides of {rule.min_side} up"


def megabytes(size_bytes: int) -> str:
    """A file's size in MB of a million bytes, exact enough never to look like its own limit."""
    return f"{size_bytes / 1e6:.6f}".rstrip("0").rstrip(".") + " MB"
