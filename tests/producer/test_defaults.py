from __future__ import annotations

import pytest

from producer.defaults import defaults_from, parse_set
from producer.errors import ManifestError
from schemas.catalogue import catalogue
from tests.producer.manifests import check_cells, complaints, job_of, jobs, reasons


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n=2", ("n", "2")),
        (" Size = 1024x1024 ", ("size", "1024x1024")),
        ("数量=2", ("n", "2")),
        ("negative prompt=a=b", ("negative_prompt", "a=b")),
    ],
)
def test_a_setting_is_read_by_any_name_of_its_field(text: str, expected: tuple[str, str]) -> None:
    assert parse_set(text, catalogue()) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("n", "--set n has no value; write --set name=value, as in n=2"),
        ("=2", "--set =2 has no value; write --set name=value, as in n=2"),
        ("n=", "--set n has no value; write --set n=value"),
        ("sku=4", "--set id: every row needs an id of its own; put it in a column"),
        ("stepps=4", "--set stepps: no model has such a parameter; did you mean steps?"),
        ("zzz=4", "--set zzz: no model has such a parameter; `imagemill models NAME` shows those of a model"),
        ("size=9x9", '--set size: "9x9" suits no model; wanx-v1: must be one of 1024*1024'),
        ("n=two", '--set n: "two" suits no model; wanx-v1: must be a whole number from 1 to 4'),
    ],
)  # fmt: skip
def test_a_setting_that_fits_no_row_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_set(text, catalogue())
    assert str(caught.value).startswith(sentence)


def test_an_unknown_model_is_refused_before_any_row() -> None:
    with pytest.raises(ManifestError) as caught:
        defaults_from("wanx-v2", [], catalogue())
    assert str(caught.value) == ('--model: "wanx-v2" is no known model; did you mean wanx-v1?')
    with pytest.raises(ManifestError, match='"nobody" is no known provider; known: dashscope'):
        defaults_from(None, ["provider=nobody"], catalogue())


def test_a_default_applies_where_the_row_says_nothing() -> None:
    table = "id,prompt,n,model\n1,cup,,\n2,jug,3,flux-dev\n3,pot,3, \n"
    with pytest.raises(AssertionError, match="flux-dev draws one image"):
        jobs(table, "wanx-v1", ["n=2"])
    found = jobs(table.replace("2,jug,3", "2,jug,1"), "wanx-v1", ["n=2", "style=anime"])
    assert [(job.n, job.lane.split(":")[1], job.parameters) for job in found] == [
        (2, "wanx-v1@default", {"style": "<anime>"}),
        (1, "flux-dev@default", {}),
        (3, "wanx-v1@default", {"style": "<anime>"}),
    ]


def test_a_default_the_model_lacks_is_not_applied() -> None:
    sets = ("steps=4", "n=2", "negative_prompt=blur")
    wanx = job_of(check_cells("wanx-v1", *sets))
    flux = job_of(check_cells("flux-schnell", *sets))
    assert (wanx.parameters, wanx.n, wanx.negative_prompt) == ({}, 2, "blur")
    assert (flux.parameters, flux.n, flux.negative_prompt) == ({"steps": 4}, 1, None)


def test_a_default_that_does_not_suit_the_model_names_the_option() -> None:
    (reason,) = reasons(check_cells("wanx-v1", "size=512x512"))
    assert reason.startswith('line 7, column --set size: "512x512" must be one of')


def test_a_prompt_may_be_said_for_all_rows() -> None:
    (job,) = jobs("id\n1\n", "wanx-v1", ["prompt=a cup"])
    assert job.prompt == "a cup"


def test_a_model_said_for_all_rows_is_not_the_last_word() -> None:
    assert complaints("id,prompt,model\n1,cup,wanx-v9\n", "wanx-v1") == [
        'line 2, column model: "wanx-v9" is no known model; did you mean wanx-v1?'
    ]
