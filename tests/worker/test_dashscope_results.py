"""What a finished task says besides one picture after the other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failure import ErrorClass
from tests.worker.dashscope_scene import SIGNED, task
from tests.worker.wire import Wire, answer
from worker.providers.dashscope import DashScope
from worker.providers.dashscope_results import read_done
from worker.providers.port import Done, PollAnswer, RemotePicture, Unanswered

PNG = "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/a.png"


def done(found: PollAnswer) -> Done:
    assert isinstance(found, Done)
    return found


def read(output: dict[str, Any], **usage: Any) -> Done:
    return read_done({"output": {"task_status": "SUCCEEDED", **output}, "usage": usage})


def test_what_came_along_has_the_index_and_the_expiry_of_its_own_address() -> None:
    found = read({"results": [{"code": "X"}, {"png_url": SIGNED, "svg_url": PNG}]})
    assert found.pictures == (
        RemotePicture(2, SIGNED, 1795300000.0),
        RemotePicture(2, PNG, None, "svg"),
    )
    assert [failure.index for failure in found.failures] == [1]


def test_a_drawing_alone_is_the_picture() -> None:
    assert read({"results": [{"svg_url": PNG}]}).pictures == (RemotePicture(1, PNG),)


def test_a_poster_that_failed_keeps_its_place() -> None:
    found = read({"render_urls": [PNG, None, PNG], "bg_urls": [PNG]})
    assert [(one.index, one.part) for one in found.pictures] == [
        (1, ""),
        (1, "background"),
        (3, ""),
    ]
    assert [failure.index for failure in found.failures] == [2]


@pytest.mark.parametrize(
    ("output", "pictures"),
    [
        ({"results": [], "output_image_url": PNG}, 1),
        ({"results": None, "choices": [{"message": {"content": [{"image": PNG}]}}]}, 1),
        ({"results": [{"url": PNG}], "output_image_url": PNG}, 1),
        ({"output_image_url": [PNG]}, 0),
        ({"render_urls": PNG}, 0),
        ({"results": ["x", 3, None]}, 0),
        ({"choices": [{"message": {"content": "I cannot draw that"}}]}, 0),
        ({"choices": [None, {"message": None}, {"message": {"content": [None, "x"]}}]}, 0),
    ],
)
def test_of_several_shapes_the_first_with_anything_counts(
    output: dict[str, Any], pictures: int
) -> None:
    found = read(output)
    assert len(found.pictures) == pictures
    assert bool(found.failures) is not bool(found.pictures)


@pytest.mark.parametrize(
    ("pictures", "usage", "charged"),
    [
        (1, {"image_count": 1}, None),
        (2, {"image_count": 3}, 3),
        (2, {"image_count": 1}, 1),
        (1, {"image_count": 0}, None),
        (1, {}, None),
        (1, {"image_count": "many"}, None),
        (1, {"output_image_count": 2}, 2),
        (1, {"image_count": 2, "output_image_count": 9}, 2),
    ],
)
def test_what_the_provider_bills_counts_where_it_is_not_what_came(
    pictures: int, usage: dict[str, Any], charged: int | None
) -> None:
    assert read({"results": [{"url": PNG}] * pictures}, **usage).charged == charged


def test_what_came_along_is_not_counted() -> None:
    output = {"output_image_url": PNG, "output_vis_image_url": PNG}
    assert read(output, image_count=1).charged is None


def test_usage_may_lie_within_a_result_without_the_object_around_it() -> None:
    flat = {"task_status": "SUCCEEDED", "results": [{"url": PNG}], "usage": {"image_count": 2}}
    assert read_done(flat).charged == 2


def test_the_size_class_that_is_billed_is_a_fact() -> None:
    found = read({"results": [{"url": PNG}]}, output_image_count=1, output_image_type="qima_2k")
    assert found.facts == {"output_image_type": "qima_2k"}


def test_an_error_code_beside_the_results_is_a_failure() -> None:
    found = read({"error_code": 42, "error_message": "no face", "start_time": "x"})
    assert [(one.code, one.message) for one in found.failures] == [("42", "no face")]
    assert found.facts == {}


def test_a_titleless_background_has_no_parts() -> None:
    found = read({"results": [{"url": PNG}], "text_results": {"urls": [None, PNG], "params": []}})
    assert found.pictures == (RemotePicture(1, PNG),)
    assert found.facts == {}


def test_a_failed_picture_repeats_neither_key_nor_signature(
    server: Wire, client: DashScope
) -> None:
    words = f"cannot read {SIGNED} with sk-0123456789abcdef"
    server.plays(
        task(task_status="SUCCEEDED", results=[{"code": "InternalError", "message": words}]),
        task(task_status="FAILED", code="InternalError", message=words),
    )
    (failure,) = done(client.poll("t-1")).failures
    assert failure.error_class is ErrorClass.TRANSIENT
    assert "Signature" not in failure.message
    assert "sk-" not in failure.message
    assert "sk-" not in repr(client.poll("t-1"))


def test_a_result_of_another_task_is_not_believed(server: Wire, client: DashScope) -> None:
    flat = {"task_id": "t-2", "task_status": "SUCCEEDED", "results": [{"url": PNG}]}
    server.plays(answer(200, flat))
    assert isinstance(client.poll("t-1"), Unanswered)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["url", "png_url", "svg_url", "message", "content", "image", "code", "urls"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["results", "output_image_url", "render_urls", "bg_urls", "choices", "text_results", "code"]
)


@given(st.dictionaries(names, json_values, max_size=4), st.dictionaries(names, json_values))
def test_no_answer_however_strange_breaks_the_reading(
    output: dict[str, Any], usage: dict[str, Any]
) -> None:
    found = read(output, **usage)
    assert found.pictures or found.failures
    whole = {picture.index for picture in found.pictures if not picture.part}
    assert all(picture.index in whole for picture in found.pictures)
    assert not whole & {failure.index for failure in found.failures}
