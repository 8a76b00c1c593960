from __future__ import annotations

from schemas.job import Again, Job, content_key
from tests.steps.mill import job


def test_what_is_drawn_anew_is_another_picture() -> None:
    first = job(parameters={"seed": 7})
    keys = {content_key(first.model_copy(update={"revision": number})) for number in (1, 2, 3)}
    assert len(keys) == 3


def test_a_round_alone_makes_no_other_picture() -> None:
    again = job(again=Again(round=2, attempts=1))
    assert content_key(again) == content_key(job())


def test_a_jobs_line_says_its_revision_only_where_it_has_one() -> None:
    assert b"revision" not in job().document()
    anew = job(revision=2)
    assert Job.model_validate_json(anew.document()) == anew
    assert '"revision":2' in anew.request_json()
