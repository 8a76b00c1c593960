"""Commands as pages write them, held against those there are."""

from __future__ import annotations

from click import Command, Context, Group

from producer.cli import cli
from worker.__main__ import main as worker

_CONTEXT = Context(cli)


def unknown_words(written: str) -> set[str]:
    """What of `imagemill COMMAND ...` is no command, or no option of that command."""
    found: Command = cli
    _, *words = written.split()
    while isinstance(found, Group) and words and words[0] in found.list_commands(_CONTEXT):
        found = found.get_command(_CONTEXT, words.pop(0)) or cli
    if found is cli:
        return {*words[:1]} or {written}
    takes = worker if found.name == "worker" else found  # it passes its options on
    known = {option for parameter in takes.params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} - known
