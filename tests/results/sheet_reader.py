"""A contact sheet as a browser would take it: elements, texts and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "img", "input", "link", "br", "path"}
_ADDRESSES = {"href", "src", "srcset", "action", "data", "poster", "formaction", "xlink:href"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list[Element] = field(default_factory=list)

    def all(self, tag: str, css_class: str = "") -> list[Element]:
        found = [
            one
            for one in self.inside
            if one.tag == tag and (not css_class or css_class in one.classes)
        ]
        return found + [deep for one in self.inside for deep in one.all(tag, css_class)]

    def one(self, tag: str, css_class: str = "") -> Element:
        (found,) = self.all(tag, css_class)
        return found

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class SheetReader(HTMLParser):
    """Builds the tree; fails on a tag that closes what was not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("root", {})
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root], f"left open: {self._open[-1].tag}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), f"{tag} names an attribute twice"
        self.tags.append(tag)
        self.attributes += given.items()
        element = Element(tag, given)
        self._open[-1].inside.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    @property
    def addresses(self) -> list[str]:
        return [value for name, value in self.attributes if name in _ADDRESSES]

    @property
    def cards(self) -> list[Element]:
        return self.root.all("article", "card")
