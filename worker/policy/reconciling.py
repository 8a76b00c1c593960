"""Which task at the provider, if any, is an order whose answer was lost.

A wrong Adopt hands one row another row's picture; a wrong Absent pays twice. So both are said only
where nothing else can be true, and Undecided leaves it to a person. What this rests on, and cannot
see for itself:

- `others` holds every order of the same account and model that no ticket is known for, whatever
  became of its row since: also rows that ended uncertain, and earlier sendings of rows that were
  ordered again without being found. One entry is one request.
- `known` holds every ticket the provider ever gave us in that span, also of rows long finished.
- They were read in this order: the list, then `others`, then `known`. Read otherwise, an order
  answered meanwhile is in neither, and its task looks like nobody's.
- All moments of ours are of one clock, and `skew_s` is `clock_skew_s` measured against that clock.
- A stranger on the account does not order word for word what we order at the same moment.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MARGIN_S = 5.0
"""How far a task's time may lie outside the span it was sent in: the provider tells its clock in
whole seconds, its answer takes time to come, and its machines' clocks differ a little."""
LIST_LAG_S = 5.0
"""A list asked for sooner after the last moment of sending proves nothing: a task may be accepted
a moment before it is listed."""
SLOWEST_ANSWER_S = 6.0
"""An answer that took longer tells the provider's clock too vaguely for MARGIN_S: half of it and
half a second may be wrong."""
SHORTEST_CUT = 32
"""Letters a provider leaves of a prompt at least when it cuts one that is too long; the tightest
limit of the catalogue is 75 words."""


@dataclass(frozen=True)
class Unsettled:
    """One request for an order that no ticket is known for: its answer was lost, or is awaited."""

    ref: str
    """Names the order (batch, row, round): a second sending of it has the same name."""
    prompt: str
    sent_from_s: float
    """From here on, on our clock, it may have reached the provider."""
    sent_until_s: float
    """Later it cannot have reached the provider any more."""

    def may_have_arrived(self, at_s: float) -> bool:
        """Whether a task created at `at_s` (our clock) may be this order."""
        return self.sent_from_s - MARGIN_S <= at_s <= self.sent_until_s + MARGIN_S


class Listed(Protocol):
    """A task in the provider's list."""

    @property
    def ticket(self) -> str:
        """The provider's id of it."""
        ...

    @property
    def created_s(self) -> float:
        """When it was created, on the provider's clock."""
        ...


@dataclass(frozen=True)
class Listing:
    """The provider's list, all of its pages."""

    tasks: Sequence[Listed]
    start_s: float
    end_s: float
    """The span that was asked for, as the provider reads it: on its own clock."""
    asked_s: float
    """When its first page was asked for, on our clock."""
    skew_s: float | None
    """The provider's clock minus ours; None where the provider does not tell its time."""


@dataclass(frozen=True)
class Echo:
    """The task has ended and repeats the prompt it was ordered with."""

    prompt: str


@dataclass(frozen=True)
class Silent:
    """The task has ended, or is unknown, and repeats no prompt."""


@dataclass(frozen=True)
class NotYet:
    """The task still waits or is being drawn."""


Look = Echo | Silent | NotYet
"""What a poll of a candidate said last."""


@dataclass(frozen=True)
class Adopt:
    """This task is ours."""

    ticket: str


@dataclass(frozen=True)
class Absent:
    """The order never arrived: ordering again pays once."""


@dataclass(frozen=True)
class Ask:
    """Poll these tasks, and decide again with what they say."""

    tickets: tuple[str, ...]


@dataclass(frozen=True)
class LookLater:
    """Wait a little, list and poll anew: the list is too fresh, or a task may yet say whose it is."""


@dataclass(frozen=True)
class Undecided:
    """Nothing is proved; `why` is for people."""

    why: str


Verdict = Adopt | Absent | Ask | LookLater | Undecided


def clock_skew_s(provider_now_s: float, asked_s: float, answered_s: float) -> float | None:
    """The provider's clock minus ours; None: the answer took too long to tell, so ask once more.

    `provider_now_s` in whole seconds, as the provider told it somewhere between our moments
    `asked_s` and `answered_s`.
    """
    if not 0 <= answered_s - asked_s <= SLOWEST_ANSWER_S:
        return None
    return provider_now_s + 0.5 - (asked_s + answered_s) / 2


def reconcile(
    ours: Unsettled,
    others: Collection[Unsettled],
    listing: Listing,
    known: Collection[str],
    looks: Mapping[str, Look],
    *,
    exclusive: bool,
) -> Verdict:
    """What became of an order whose answer was lost.

    `exclusive`: nobody but this mill orders through the account. See the head of this file for
    what the arguments must hold.
    """
    if listing.asked_s < ours.sent_until_s + LIST_LAG_S:
        return LookLater()
    doubt = _unfit(ours, listing)
    if doubt:
        return Undecided(doubt)
    found = _candidates(ours, listing, known)
    rivals = [other for other in others if other.ref != ours.ref]
    scene = _Scene(ours, rivals, found, looks)
    unasked = tuple(ticket for ticket in found if ticket not in looks)
    if exclusive and len(found) == 1 and unasked and scene.only_ours(unasked[0]):
        return Adopt(unasked[0])
    return Ask(unasked) if unasked else _judge(scene, exclusive)


def _judge(scene: _Scene, exclusive: bool) -> Verdict:
    """The verdict once every candidate was looked at."""
    possible = [ticket for ticket in scene.found if scene.may_own(scene.ours, ticket)]
    if not possible:
        return Absent()
    if exclusive and len(scene.found) == 1 and scene.only_ours(possible[0]):
        return Adopt(possible[0])
    # A task that still runs may turn out to repeat our prompt too.
    if any(isinstance(scene.looks[ticket], NotYet) for ticket in possible):
        return LookLater()
    repeating = [ticket for ticket in possible if scene.repeats(ticket, scene.ours)]
    if len(repeating) > 1:
        return Undecided(f"{_tasks(len(repeating))} of that moment draw this very prompt")
    if repeating and scene.only_ours(repeating[0]):
        return Adopt(repeating[0])
    if repeating:
        return Undecided("another order of that moment with this prompt has no answer either")
    if exclusive and len(possible) == 1 and scene.only_ours(possible[0], but_settled=True):
        return Adopt(possible[0])
    return Undecided(
        f"{_tasks(len(possible))} of that moment may be this order, "
        "and the provider does not say clearly what it was asked to draw"
    )


@dataclass(frozen=True)
class _Scene:
    """Our order, those it competes with, and the tasks they compete for."""

    ours: Unsettled
    rivals: Sequence[Unsettled]
    found: Mapping[str, float]
    """The candidates, with the time each was created on our clock."""
    looks: Mapping[str, Look]

    def may_own(self, order: Unsettled, ticket: str) -> bool:
        """Whether neither time nor prompt speak against it."""
        look = self.looks.get(ticket)
        if isinstance(look, Echo) and not _may_be(look.prompt, order.prompt):
            return False
        return order.may_have_arrived(self.found[ticket])

    def only_ours(self, ticket: str, *, but_settled: bool = False) -> bool:
        """Whether ours may own it and no rival may; rivals found elsewhere may be passed over."""
        claimants = [rival for rival in self.rivals if self.may_own(rival, ticket)]
        if but_settled:
            claimants = [rival for rival in claimants if not self._settled(rival)]
        return self.may_own(self.ours, ticket) and not claimants

    def repeats(self, ticket: str, order: Unsettled) -> bool:
        """Whether the task repeats that very prompt."""
        look = self.looks.get(ticket)
        return isinstance(look, Echo) and _tidy(look.prompt) == _tidy(order.prompt)

    def _settled(self, rival: Unsettled) -> bool:
        """Whether a task is certainly that rival's: it repeats its prompt, and nobody else's."""
        return any(
            self.repeats(ticket, rival)
            and [one for one in (self.ours, *self.rivals) if self.may_own(one, ticket)] == [rival]
            for ticket in self.found
        )


def _unfit(ours: Unsettled, listing: Listing) -> str | None:
    """Why the list cannot tell anything, in words; None where it can."""
    if listing.skew_s is None:
        return "the provider does not tell its time, so its tasks cannot be matched with ours"
    first_s = ours.sent_from_s - MARGIN_S + listing.skew_s
    last_s = ours.sent_until_s + MARGIN_S + listing.skew_s
    if listing.start_s <= first_s and last_s <= listing.end_s:
        return None
    return (
        "the provider's list was not asked for the whole time in which the order may have arrived"
        f" (its clock differs from ours by {listing.skew_s:.0f} s)"
    )


def _candidates(ours: Unsettled, listing: Listing, known: Collection[str]) -> dict[str, float]:
    skew_s = listing.skew_s or 0.0
    times = {task.ticket: task.created_s - skew_s for task in listing.tasks}
    return {
        ticket: at_s
        for ticket, at_s in times.items()
        if ticket not in known and ours.may_have_arrived(at_s)
    }


def _may_be(echo: str, prompt: str) -> bool:
    """Whether the echo may stand for the prompt: blanks, signs and case may differ, and what is too
    long may have been cut. An echo without any letters says nothing."""
    said, meant = _letters(echo), _letters(prompt)
    return said in ("", meant) or (len(said) >= SHORTEST_CUT and meant.startswith(said))


def _letters(words: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
    return "".join(letter for letter in folded if letter.isalnum())


def _tidy(words: str) -> str:
    return " ".join(unicodedata.normalize("NFC", words).split())


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"
