"""Pictures that go in: their addresses, what is fetched, and what they must be like."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from tests.simulator.orders import GOOD, PICTURE, order, said, send
from tests.simulator.running import RunningSimulator
from tests.worker.wire import Wire, answer, refused_port
from tests.worker.wire import wire as serving

Offer = Callable[..., str]


def picture(
    size: tuple[int, int] = (600, 700), mode: str = "RGB", kind: str = "PNG", plain: bool = False
) -> bytes:
    out = io.BytesIO()
    image = Image.new("L", size, 90) if plain else Image.linear_gradient("L").resize(size)
    image.convert(mode).save(out, kind)
    return out.getvalue()


def data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


@pytest.fixture
def offer(wire: Wire) -> Offer:
    """Puts a picture where the simulator can fetch it once, and gives its address."""

    def put(content: bytes, status: int = 200, name: str = "a.png") -> str:
        wire.plays(answer(status, content))
        return f"{wire.url}/inputs/{name}?Signature=secret"

    return put


def failure(simulator: RunningSimulator, model: str, **changes: Any) -> str:
    """The code a task fails with."""
    created = order(simulator, model, **changes)
    assert created.status_code == 200, created.text
    output = simulator.ended(created.json()["output"]["task_id"])
    assert output["task_status"] == "FAILED"
    assert simulator.ledger()["totals"]["images_charged"] == 0
    code: str = output["code"]
    return code


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("picture.png", "InvalidURL"),
        ("file:///etc/passwd", "InvalidURL"),
        ("ftp://example.com/a.png", "InvalidURL"),
        ("https://example.com", "InvalidURL"),
        ("oss://bucket/a.png", "InvalidURL"),
        ("data:image/png;base64,AAAA", "InvalidParameter"),
        (7, "InvalidParameter"),
        ([PICTURE], "InvalidParameter"),
    ],
)
def test_what_is_no_address_is_refused(
    simulator: RunningSimulator, address: object, code: str
) -> None:
    refused = order(simulator, "wanx-x-painting", input={"base_image_url": address})

    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_uploaded_files_are_resolved_when_the_header_says_so(simulator: RunningSimulator) -> None:
    request = GOOD["image-instance-segmentation"]
    body = {**request.body("image-instance-segmentation"), "input": {"image_url": "oss://b/a.png"}}
    accepted = simulator.client.post(
        f"/api/v1/services/{request.path}",
        headers={"X-DashScope-Async": "enable", "X-DashScope-OssResourceResolve": "enable"},
        json=body,
    )

    assert accepted.status_code == 200


def test_an_address_outside_ascii_makes_the_task_fail(simulator: RunningSimulator) -> None:
    address = "https://example.com/玫瑰.png"

    assert failure(simulator, "wanx-v1", input={"ref_img": address}) == "InternalError.Algo"


def test_a_picture_of_this_machine_is_fetched_once_and_gives_its_size(
    simulator: RunningSimulator, offer: Offer, wire: Wire
) -> None:
    simulator.configure(images="full")
    address = offer(picture((600, 700)))
    created = order(simulator, "image-out-painting", input={"image_url": address})
    output = simulator.ended(created.json()["output"]["task_id"])
    drawn = simulator.anonymous.get(output["output_image_url"])

    assert Image.open(io.BytesIO(drawn.content)).size == (600, 700)
    assert [heard.target for heard in wire.heard] == ["/inputs/a.png?Signature=secret"]
    (task,) = simulator.ledger()["tasks"]
    assert task["inputs"] == {"image_url": [address.partition("?")[0]]}


def test_a_picture_that_went_in_is_hinted_at(simulator: RunningSimulator, offer: Offer) -> None:
    simulator.configure(images="full")
    urls = []
    for address in (offer(picture()), PICTURE):
        created = order(simulator, "wanx-v1", input={"ref_img": address}, parameters={"seed": 5})
        output = simulator.ended(created.json()["output"]["task_id"])
        urls.append(output["results"][0]["url"])
    hinted, plain = (simulator.anonymous.get(url).content for url in urls)

    assert hinted != plain


@pytest.mark.parametrize(
    ("model", "field", "content", "code"),
    [
        ("image-instance-segmentation", "image_url", b"no picture", "UnsupportedFileFormat"),
        ("image-instance-segmentation", "image_url", picture((511, 600)), "ImageResolution"),
        ("image-instance-segmentation", "image_url", picture((512, 4097)), "ImageResolution"),
        ("wanx-style-repaint-v1", "image_url", picture((300, 601)), "ImageResolution"),
        ("wanx-background-generation-v2", "base_image_url", picture(), "UnsupportedFileFormat"),
    ],
)
def test_a_picture_unlike_what_the_page_asks_makes_the_task_fail(
    simulator: RunningSimulator, offer: Offer, model: str, field: str, content: bytes, code: str
) -> None:
    assert failure(simulator, model, input={field: offer(content)}).endswith(code)


def test_a_base_with_four_channels_is_good(simulator: RunningSimulator, offer: Offer) -> None:
    address = offer(picture(mode="RGBA"))
    created = order(simulator, "wanx-background-generation-v2", input={"base_image_url": address})

    assert simulator.ended(created.json()["output"]["task_id"])["task_status"] == "SUCCEEDED"


def test_a_mask_must_have_the_size_of_its_picture(
    simulator: RunningSimulator, offer: Offer
) -> None:
    base, mask = offer(picture((600, 600))), offer(picture((600, 601)))
    changes = {"base_image_url": base, "mask_image_url": mask}

    assert failure(simulator, "wanx-x-painting", input=changes) == "InvalidParameter"


def test_a_picture_that_cannot_be_downloaded(simulator: RunningSimulator, offer: Offer) -> None:
    expired = offer(b"<Error/>", status=403)

    code = failure(simulator, "wanx-v1", input={"ref_img": expired})
    assert code == "InvalidParameter.DataInspection"


def test_an_address_where_nobody_answers(simulator: RunningSimulator) -> None:
    address = f"http://127.0.0.1:{refused_port()}/a.png"

    code = failure(simulator, "wanx-v1", input={"ref_img": address})
    assert code == "InvalidURL.ConnectionRefused"


def test_newer_models_take_data_uris(simulator: RunningSimulator) -> None:
    content = picture((700, 800))
    body = {"model": "wan2.6-image", "input": said({"image": data_uri(content)})}
    created = send(simulator, GOOD["wan2.6-image"], {**body, "parameters": {"n": 1}})
    output = simulator.ended(created.json()["output"]["task_id"])

    assert output["task_status"] == "SUCCEEDED"
    (task,) = simulator.ledger()["tasks"]
    assert task["inputs"]["images"][0].startswith("data:")
    assert len(task["inputs"]["images"][0]) == len("data:") + 64


def test_a_synchronous_call_is_told_at_once(simulator: RunningSimulator) -> None:
    request = GOOD["qwen-image-edit"]
    picture_in = data_uri(picture((100, 100)))
    refused = send(
        simulator, request, {"model": "qwen-image-edit", "input": said({"image": picture_in})}
    )

    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidImageResolution")
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


def test_transparency_is_refused_where_the_page_says_so(simulator: RunningSimulator) -> None:
    content = data_uri(picture(mode="RGBA"))
    body = {"model": "wan2.7-image", "input": said({"image": content})}
    created = send(simulator, GOOD["wan2.7-image"], body)

    assert simulator.ended(created.json()["output"]["task_id"])["code"] == "InvalidParameter"


def test_a_face_is_not_found_in_a_single_colour(simulator: RunningSimulator, offer: Offer) -> None:
    images = [offer(picture()), offer(picture(plain=True), name="b.png"), PICTURE]
    answered = order(simulator, "facechain-facedetect", input={"images": images})

    assert answered.json()["output"] == {"is_face": [True, False, True]}
