"""`models`, and ordering from models of every sort."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ledger.opening import open_ledger
from schemas.catalogue import catalogue
from tests.cli.command import CommandLine
from tests.valkey import Valkey

OWN_MODEL = """
[models."openai:my-flux"]
like = "gpt-image-2"
title = "FLUX in the next room"
price = 0
price_tiers = []

[accounts.night]
provider = "dashscope"
api_key = "sk-night"
"""
UNKNOWN = "sku,prompt,model,size,parameters.magic\nA1,a cup,wan9-super,1024x1024,true\n"
VOUCHED = ("--allow-unknown-model", "--price", "0.20CNY")


def test_every_model_is_listed_with_what_matters(alone: CommandLine) -> None:
    ran = alone("models")

    assert ran.code == 0, ran.err
    head, *lines = ran.out.splitlines()
    for column in ("model", "provider", "endpoint family", "rate", "running", "price", "status"):
        assert column in head
    assert len(lines) == len(list(catalogue()))
    wanx = next(line for line in lines if line.startswith("wanx-v1 "))
    assert all(word in wanx for word in ("dashscope-task", "2/s", "0.16 CNY", "available"))
    flux = next(line for line in lines if line.startswith("flux-schnell "))
    assert "retired 2026-03-30, then z-image-turbo" in flux
    painting = next(line for line in lines if line.startswith("wanx-x-painting "))
    assert "trial only" in painting


def test_the_list_may_be_one_providers(alone: CommandLine) -> None:
    found = alone("models", "--provider", "stability", "--json").documents
    assert {model["provider"] for model in found} == {"stability"}
    wrong = alone("models", "--provider", "stabilty")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean stability?" in wrong.err


def test_a_model_is_shown_with_fields_rules_and_a_template(alone: CommandLine) -> None:
    ran = alone("models", "wordart-texture")

    assert ran.code == 0, ran.err
    assert "services/aigc/wordart/texture" in ran.out
    assert "rule: exactly one of image_url, text" in ran.out
    assert "when empty" in ran.out
    assert "required" in ran.out
    assert "\nsku,model,prompt," in ran.out
    assert alone("models", "wordart-textur").code == 2


@pytest.mark.parametrize("name", ["wanx-v1", "dashscope:qwen-image", "image-erase-completion"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_template_is_a_manifest(alone: CommandLine, name: str, form: str) -> None:
    template = alone("models", name, "--template", form).out
    manifest = alone.write(f"mine.{form}", template)
    ran = alone("validate", manifest)

    assert ran.code == 0, ran.err
    assert "can be ordered: 1 row" in ran.out
    if form == "csv":
        (row,) = csv.DictReader(io.StringIO(template))
        assert row["model"] == name


def test_a_template_needs_a_model(alone: CommandLine) -> None:
    assert alone("models", "--template", "csv").code == 2


def test_models_and_accounts_of_ones_own_are_known_everywhere(alone: CommandLine) -> None:
    alone.write("imagemill.toml", OWN_MODEL)
    rows = "sku,prompt,model,account\nA1,a cup,my-flux,\nA2,a cup,wanx-v1,night\n"

    assert "FLUX in the next room" in alone("models").out
    assert "my-flux" in alone("models", "openai:my-flux").out
    assert alone("validate", alone.write("own.csv", rows)).code == 0
    wrong = alone("validate", alone.write("wrong.csv", rows.replace("night", "nigth")))
    assert wrong.code == 3
    assert 'line 3, column account: "nigth" is no known account' in wrong.err


def test_a_batch_for_openai_is_a_manifest(alone: CommandLine) -> None:
    lines = [
        {
            "custom_id": f"row-{number}",
            "method": "POST",
            "url": "/v1/images/generations",
            "body": {"model": "gpt-image-2", "prompt": "a cup", "n": 2},
        }
        for number in (1, 2)
    ]
    name = alone.write("openai.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    ran = alone("validate", name)

    assert ran.code == 0, ran.err
    assert "2 rows, 4 images" in ran.out


def test_a_model_nobody_lists_is_ordered_at_the_price_said(
    shared: CommandLine, valkey: Valkey
) -> None:
    name = shared.write("new.csv", UNKNOWN)
    refused = shared("submit", name)
    assert refused.code == 3
    assert '"wan9-super" is no known model' in refused.err
    assert shared("submit", name, "--allow-unknown-model").code == 2

    ran = shared("submit", name, *VOUCHED, "--json")

    assert ran.code == 0, ran.err
    assert "at most 0.20 CNY" in ran.err
    assert "warning: wan9-super is not in the catalogue: ordered like wan2.6-t2i" in ran.err
    ledger = open_ledger(valkey.url)
    said = ledger.lanes.unlisted("dashscope:wan9-super@default")
    ledger.close()
    assert json.loads(said or "") == {"like": "wan2.6-t2i", "price": "0.20CNY"}


def test_another_price_makes_another_batch(shared: CommandLine) -> None:
    name = shared.write("new.csv", UNKNOWN)
    first = shared("submit", name, *VOUCHED, "--json").document
    same = shared("submit", name, *VOUCHED, "--json").document
    other = shared("submit", name, *VOUCHED[:2], "0.30CNY", "--json").document
    assert first["batch"] == same["batch"] != other["batch"]


def test_a_retired_model_warns_before_it_starts(alone: CommandLine) -> None:
    name = alone.write("old.csv", "sku,prompt,model\nA1,a cup,flux-schnell\n")
    ran = alone("validate", name)

    assert ran.code == 0
    assert (
        "warning: flux-schnell was retired on 2026-03-30: its orders fail; z-image-turbo" in ran.err
    )
