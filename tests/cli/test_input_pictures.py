"""Pictures that rows bring along, from the command line to storage."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
from pathlib import Path
from uuid import uuid4

from schemas.layout import input_picture_key
from storage import S3Options
from storage.s3 import S3Storage
from tests.cli.command import CommandLine
from tests.producer.drawn import drawn
from tests.seaweed import Seaweed

EDITING = "sku,model,base_image_url,prompt,function\n"
PAINTING = "sku,model,prompt,base_image_url,mask_image_url\n"


def put(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def at_s3(line: CommandLine, seaweed: Seaweed, **changes: str) -> CommandLine:
    settings = {
        "IMAGEMILL_STORAGE_URL": f"s3://{seaweed.bucket}/cli-{uuid4().hex}",
        "IMAGEMILL_S3_ENDPOINT_URL": seaweed.endpoint_url,
        "AWS_ACCESS_KEY_ID": seaweed.access_key,
        "AWS_SECRET_ACCESS_KEY": seaweed.secret_key,
        "AWS_REGION": "us-east-1",
    }
    return line.with_variables(**settings | changes)


def test_local_pictures_are_in_storage_before_their_jobs_are(shared: CommandLine) -> None:
    me, cup = drawn((600, 700), "JPEG"), drawn((600, 700))
    put(shared.folder, "orders/photos/me.jpg", me)
    put(shared.folder, "orders/photos/copy of me.jpg", me)
    put(shared.folder, "orders/photos/茶杯.png", cup)
    names = ["me.jpg", "copy of me.jpg", "茶杯.png"]
    rows = [
        f"{i},wanx2.1-imageedit,photos/{name},evening,colorization\n"
        for i, name in enumerate(names)
    ]
    manifest = shared.write("orders/night.csv", EDITING + "".join(rows))

    ran = shared("submit", manifest)

    assert ran.code == 0, ran.err
    keys = {
        name: input_picture_key(hashlib.sha256(data).hexdigest(), ending)
        for name, data, ending in (("me", me, "jpg"), ("cup", cup, "png"))
    }
    out = shared.folder / "out"
    stored = {path.relative_to(out).as_posix() for path in (out / "inputs").rglob("*.*")}
    assert stored == set(keys.values())
    assert (out / keys["me"]).read_bytes() == me
    (chunk,) = (out / "batches").rglob("input/*/*.gz")
    jobs = [json.loads(line) for line in gzip.decompress(chunk.read_bytes()).splitlines()]
    given = [job["parameters"]["base_image_url"] for job in jobs]
    assert given == [keys["me"], keys["me"], keys["cup"]]
    assert [job["row"]["base_image_url"] for job in jobs] == [f"photos/{name}" for name in names]


def test_bad_pictures_are_rows_that_cannot_be_ordered(shared: CommandLine) -> None:
    put(shared.folder, "small.png", drawn((200, 150)))
    put(shared.folder, "me.png", drawn((600, 700)))
    rows = [
        "A,wanx2.1-imageedit,small.png,evening,colorization",
        "B,wanx2.1-imageedit,gone.png,evening,colorization",
        "C,wanx2.1-imageedit,http://127.0.0.1/me.png,evening,colorization",
        "D,wanx2.1-imageedit,me.png,evening,colorization",
    ]
    manifest = shared.write("night.csv", EDITING + "\n".join(rows) + "\n")

    ran = shared("submit", manifest)

    assert (ran.code, ran.out) == (3, "")
    assert (
        'line 2, column base_image_url: "small.png" is 200x150 pixels;'
        " base_image_url of wanx2.1-imageedit takes sides of 512 to" in ran.err
    )
    assert 'line 3, column base_image_url: "gone.png" does not exist; looked in' in ran.err
    assert "cannot fetch from http://127.0.0.1, which is no public address" in ran.err
    assert "line 5" not in ran.err
    assert not (shared.folder / "out").exists()


def test_a_directory_cannot_be_fetched_from_and_the_setting_is_named(alone: CommandLine) -> None:
    put(alone.folder, "base.png", drawn())
    put(alone.folder, "mask.png", drawn(mode="L"))
    row = "A,wanx-x-painting,a red cup,base.png,mask.png\n"
    manifest = alone.write("night.csv", PAINTING + row)

    ran = alone("validate", manifest)

    assert ran.code == 3
    assert "IMAGEMILL_STORAGE_URL=s3://bucket/prefix" in ran.err


def test_sizes_that_must_be_equal_are_compared_across_places(
    alone: CommandLine, seaweed: Seaweed
) -> None:
    options = S3Options(seaweed.endpoint_url, "us-east-1", seaweed.access_key, seaweed.secret_key)
    storage = S3Storage(seaweed.bucket, f"masks-{uuid4().hex}", options)
    storage.put("蒙版.png", drawn((512, 513), mode="L"), "image/png")
    put(alone.folder, "base.png", drawn())
    put(alone.folder, "fits.png", drawn((512, 513)))
    rows = [f"{name},wanx-x-painting,a cup,{name}.png,{storage.location('蒙版.png')}" for name in ("base", "fits")]  # fmt: skip
    storage.close()
    manifest = alone.write("night.csv", PAINTING + "\n".join(rows) + "\n")
    public = at_s3(alone, seaweed, DASHSCOPE_HTTP_BASE_URL="http://127.0.0.1:1/api/v1")

    ran = public("validate", manifest)

    assert ran.code == 3
    assert "line 2, column mask_image_url: must have the same width and height" in ran.err
    assert "line 3" not in ran.err


def test_an_s3_that_is_down_is_said_once_and_not_of_a_row(
    alone: CommandLine, seaweed: Seaweed
) -> None:
    rows = [f"{i},wanx2.1-imageedit,s3://mill/{i}.png,evening,colorization" for i in range(3)]
    manifest = alone.write("night.csv", EDITING + "\n".join(rows) + "\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        down = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = at_s3(alone, seaweed, IMAGEMILL_S3_ENDPOINT_URL=down)("validate", manifest)

    assert (ran.code, ran.out) == (8, "")
    assert ran.err.count("could not be checked") == 1
    assert "line " not in ran.err


def test_a_rehearsal_gets_pictures_of_a_bucket_on_this_machine(
    alone: CommandLine, seaweed: Seaweed
) -> None:
    put(alone.folder, "base.png", drawn())
    put(alone.folder, "mask.png", drawn(mode="L"))
    row = "A,wanx-x-painting,a red cup,base.png,mask.png\n"
    manifest = alone.write("night.csv", PAINTING + row)

    ran = at_s3(alone, seaweed)("run", manifest, "--simulate", "--json")

    assert ran.code == 0, ran.err
    assert ran.document["succeeded"] == 1
    assert "X-Amz-Signature" not in ran.err + ran.out
    left = [path for path in alone.folder.rglob("*") if path.is_file() and path.suffix != ".png"]
    assert not [path for path in left if b"X-Amz-Signature" in path.read_bytes()]
