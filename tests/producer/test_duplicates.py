from __future__ import annotations

import tracemalloc

from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from producer.duplicates import Identities
from schemas.layout import safe_name

ID = st.text("aAbBé/ -.", min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@examples(ids=st.lists(ID, max_size=40))
def test_it_answers_as_a_dictionary_would(ids: list[str]) -> None:
    identities = Identities()
    taken: dict[str, tuple[str, int]] = {}
    for line, identity in enumerate(ids, 2):
        name = safe_name(identity)
        earlier = taken.setdefault(name.casefold(), (identity, line))
        reason = identities.claim(identity, name, line)
        if earlier[1] == line:
            assert reason is None
        elif earlier[0] == identity:
            assert reason == f"is the same id as line {earlier[1]}"
        else:
            assert reason == f"would have the same file name as line {earlier[1]}"
    assert len(identities) == len(taken)


def test_many_ids_stay_distinct_and_small() -> None:
    identities = Identities()
    tracemalloc.start()
    try:
        for line in range(10_000):
            name = f"SKU-{line}"
            assert identities.claim(name, name, line) is None
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000 * 150
    assert identities.claim("SKU-77", "SKU-77", 1) == "is the same id as line 77"
