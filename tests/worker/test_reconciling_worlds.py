"""Orders whose answer was lost, in small worlds of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import event, given, settings
from hypothesis import strategies as st

from worker.policy.reconciling import (
    MARGIN_S,
    SHORTEST_CUT,
    Absent,
    Adopt,
    Ask,
    Echo,
    Listing,
    Look,
    LookLater,
    NotYet,
    Silent,
    Undecided,
    Unsettled,
    Verdict,
    reconcile,
)
from worker.providers.port import ListedTask

AT_S = 1_795_193_970.0
CAT = "a cat with a straw hat"
DOG = "a dog with a bowler hat"
LONG = "a very long story about a cat with a straw hat that "
STORIES = tuple(f"{LONG}{what}" for what in ("sails", "sails home", "naps", "naps by the fire"))
PROMPTS = (CAT, DOG, "a cat", "猫", *STORIES)
STRANGE = ("a castle", "城堡", "a quite different and rather lengthy tale of knights and dragons")


@dataclass(frozen=True)
class Order:
    """An order of ours or a stranger's, and what really became of it."""

    sent: Unsettled
    arrived_s: float | None
    """On our clock; None: it never arrived."""
    fails: bool
    running: bool

    def ticket(self) -> str:
        return f"ticket of {self.sent.ref}"


@dataclass(frozen=True)
class World:
    orders: tuple[Order, ...]
    """The first is ours, the others had no answer either."""
    strangers: tuple[Order, ...]
    answered: tuple[Order, ...]
    echoes: bool
    cut: int
    """Letters after which the provider cuts a prompt."""
    skew_s: float
    error_s: float
    """How far we are wrong about the skew."""

    def arrived(self) -> list[Order]:
        every = (*self.orders, *self.strangers, *self.answered)
        return [order for order in every if order.arrived_s is not None]

    def listing(self) -> Listing:
        tasks = tuple(
            ListedTask(order.ticket(), round(order.arrived_s + self.skew_s, 3))
            for order in self.arrived()
            if order.arrived_s is not None
        )
        middle_s = AT_S + self.skew_s
        asked_s = AT_S + 3600
        return Listing(tasks, middle_s - 7200, middle_s + 7200, asked_s, self.skew_s + self.error_s)

    def look(self, ticket: str, *, ended: bool) -> Look:
        order = next(one for one in self.arrived() if one.ticket() == ticket)
        if order.running and not ended:
            return NotYet()
        if order.fails or not self.echoes:
            return Silent()
        return Echo(order.sent.prompt[: self.cut])

    def settle(self) -> Verdict:
        """Ask and wait until there is a verdict for good."""
        looks: dict[str, Look] = {}
        rivals = [order.sent for order in self.orders[1:]]
        known = {order.ticket() for order in self.answered}
        for ended in (False, True, True, True):
            exclusive = not self.strangers
            args = (self.orders[0].sent, rivals, self.listing(), known)
            found = reconcile(*args, looks, exclusive=exclusive)
            match found:
                case Ask(tickets):
                    assert tickets
                    assert not looks.keys() & set(tickets)
                    looks |= {ticket: self.look(ticket, ended=ended) for ticket in tickets}
                case LookLater():
                    looks = {ticket: self.look(ticket, ended=True) for ticket in looks}
                case _:
                    return found
        raise AssertionError(f"still {found}")


@st.composite
def orders(draw: st.DrawFn, ref: str, prompts: tuple[str, ...]) -> Order:
    from_s = AT_S + draw(st.floats(0, 20))
    lasted_s = draw(st.floats(0, 10))
    arrived_s = from_s + lasted_s * draw(st.floats(0, 1)) if draw(st.booleans()) else None
    sent = Unsettled(ref, draw(st.sampled_from(prompts)), from_s, from_s + lasted_s)
    return Order(sent, arrived_s, fails=draw(st.booleans()), running=draw(st.booleans()))


def several(
    who: str, prompts: tuple[str, ...], least: int = 0
) -> st.SearchStrategy[tuple[Order, ...]]:
    """Up to four orders, each with a name of its own."""
    counts = st.integers(least, 4)
    return counts.flatmap(lambda n: st.tuples(*(orders(f"{who}-{i}", prompts) for i in range(n))))


worlds = st.builds(
    World,
    orders=several("ours", PROMPTS, least=1),
    strangers=several("stranger", STRANGE),
    answered=several("answered", PROMPTS),
    echoes=st.booleans(),
    cut=st.integers(SHORTEST_CUT + 10, 90),
    skew_s=st.floats(-300, 300),
    # The list rounds to milliseconds.
    error_s=st.floats(-MARGIN_S + 0.001, MARGIN_S - 0.001),
)


@settings(max_examples=600)
@given(worlds)
def test_nobody_gets_anothers_picture_and_nothing_is_ordered_twice(world: World) -> None:
    ours = world.orders[0]
    found = world.settle()
    event(type(found).__name__)
    match found:
        case Adopt(ticket):
            assert ours.arrived_s is not None
            assert ticket == ours.ticket()
        case Absent():
            assert ours.arrived_s is None
        case Undecided(why):
            assert why


@given(worlds)
def test_prompts_that_differ_and_are_repeated_decide_everything(world: World) -> None:
    plain = (CAT, DOG, "a fox", "猫")
    own = tuple(
        replace(order, fails=False, sent=replace(order.sent, prompt=prompt))
        for order, prompt in zip(world.orders, plain, strict=False)
    )
    strangers = tuple(replace(order, fails=False) for order in world.strangers)
    world = replace(world, orders=own, strangers=strangers, echoes=True, cut=90)
    ticket = own[0].ticket()
    assert world.settle() == (Absent() if own[0].arrived_s is None else Adopt(ticket))


@given(worlds)
def test_a_single_lost_order_on_an_account_of_our_own_is_always_decided(world: World) -> None:
    world = replace(world, orders=world.orders[:1], strangers=())
    ours = world.orders[0]
    assert world.settle() == (Absent() if ours.arrived_s is None else Adopt(ours.ticket()))
