"""Result URLs and the pictures behind them."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from PIL import Image

from tests.simulator.running import KEY, RunningSimulator
from tests.waiting import wait_until


def test_a_small_picture_is_a_png_of_the_size_asked_for(simulator: RunningSimulator) -> None:
    simulator.configure(image_bytes=5000)
    results = simulator.ended(simulator.created(n=2))["results"]
    first, second = (simulator.anonymous.get(result["url"]) for result in results)

    assert first.status_code == 200
    assert first.headers["content-type"] == "image/png"
    assert first.headers["etag"] != second.headers["etag"]
    assert int(first.headers["content-length"]) == len(first.content) == 5000
    Image.open(io.BytesIO(first.content)).load()


@pytest.mark.parametrize(
    ("model", "size"),
    [("wanx-v1", "720*1280"), ("stable-diffusion-v1.5", "512*512"), ("flux-dev", "768*512")],
)
def test_a_full_picture_has_the_size_ordered(
    simulator: RunningSimulator, model: str, size: str
) -> None:
    simulator.configure(images="full")
    url = simulator.made("一只坐着的橘黄色的猫,表情愉悦 " * 20, model, size=size, seed=3)
    picture = Image.open(io.BytesIO(simulator.anonymous.get(url).content))
    picture.load()

    assert picture.format == "PNG"
    assert f"{picture.width}*{picture.height}" == size
    assert simulator.anonymous.get(url).content == simulator.anonymous.get(url).content


def test_pictures_depend_on_prompt_seed_and_number(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")

    def pictures(prompt: str, seed: int) -> list[bytes]:
        task_id = simulator.created(prompt, "stable-diffusion-v1.5", n=2, seed=seed)
        urls = [result["url"] for result in simulator.ended(task_id)["results"]]
        return [simulator.anonymous.get(url).content for url in urls]

    first = pictures("猫", 5)
    assert pictures("猫", 5) == first
    assert len({*first, *pictures("猫", 9), *pictures("狗", 5)}) == 6


def test_the_signature_ends_in_an_escape_a_client_must_keep(simulator: RunningSimulator) -> None:
    url = simulator.made()
    query = urlsplit(url).query

    assert url.startswith(simulator.url + "/results/")
    assert url.endswith("%3D")
    assert list(parse_qs(query)) == ["Expires", "OSSAccessKeyId", "Signature"]
    reencoded = f"{url.partition('?')[0]}?{unquote(query)}"
    answer = simulator.anonymous.get(reencoded)
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
    assert answer.headers["content-type"] == "application/xml"


def test_a_signature_opens_only_its_own_picture(simulator: RunningSimulator) -> None:
    urls = [result["url"] for result in simulator.ended(simulator.created(n=2))["results"]]
    crossed = urls[0].partition("?")[0] + "?" + urls[1].partition("?")[2]
    unsigned = simulator.anonymous.get(urls[0].partition("?")[0])

    assert simulator.anonymous.get(crossed).status_code == 403
    assert (unsigned.status_code, "<Code>AccessDenied</Code>" in unsigned.text) == (403, True)


def test_an_expired_url_is_refused(simulator: RunningSimulator) -> None:
    simulator.configure(url_ttl_s=0)
    task_id = simulator.created()
    url = simulator.ended(task_id)["results"][0]["url"]

    def expired() -> bool:
        answer = simulator.anonymous.get(url)
        return answer.status_code == 403 and "Request has expired." in answer.text

    wait_until(expired, what="the URL to expire")


def test_an_authorization_header_spoils_a_download(simulator: RunningSimulator) -> None:
    url = simulator.made()

    answer = simulator.anonymous.get(url, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 400
    assert "<Error>" in answer.text


def test_a_picture_that_is_gone(simulator: RunningSimulator) -> None:
    url = simulator.made()
    simulator.client.post("/_reset")

    answer = simulator.anonymous.get(url)
    assert answer.status_code == 404
    assert "<Code>NoSuchKey</Code>" in answer.text
