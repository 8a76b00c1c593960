"""An order packed into one document says what its options said, on any machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from producer.batch_file import options_of, read_batch_file
from producer.commands.ordering import models_from, order_from
from producer.commands.reading import usual_options
from producer.commands.submit import submit
from producer.errors import ManifestError, OptionError
from producer.packed_order import packed, unpacked
from producer.session import open_session
from producer.submission import Order
from schemas.batch_file import BatchFile

ADDRESS = "s3://shop/night.csv"
BATCH = """
manifest = "table.csv"
model = "wanx-v1"
batch = "night"
style_pack = "studio"
style_packs_file = "packs.toml"
budget = ["2CNY"]
priority = "low"
skip_invalid = true
sheet = "2"
fresh = true
label = "iptc"
gate = "reroll"
rerolls = 2
[map]
prompt = "文案"
n = ""
[set]
n = 2
[template]
file = "prompt.j2"
[matrix]
angle = ["front", "side"]
[matrix.size]
large = "1024*1024"
[naming]
stem = "{{ id }}-x"
[notify]
url_env = "HOOK"
"""


def order_of(options: dict[str, Any]) -> Order:
    session = open_session()
    return order_from(options, session, models_from(options, session))


def compared(order: Order) -> dict[str, Any]:
    """What an order says, in what can be compared."""
    template, naming, matrix = order.wording.template, order.wording.naming, order.matrix
    return {
        "name": order.name,
        "values": order.defaults.values,
        "columns": order.defaults.columns,
        "template": template and template.text,
        "naming": naming and naming.text,
        "packs": order.packs.packs,
        "usual": order.packs.usual,
        "matrix": matrix and vars(matrix),
        **{
            name: getattr(order, name)
            for name in (
                "account",
                "account_named",
                "skip_invalid",
                "fresh",
                "priority",
                "budgets",
                "finishing",
                "revision",
                "notify",
            )
        },
    }


def test_a_batch_file_and_its_files_come_through_whole(tmp_path: Path) -> None:
    (tmp_path / "batch.toml").write_text(BATCH, encoding="utf-8")
    (tmp_path / "prompt.j2").write_text("a {{ name }}", encoding="utf-8")
    (tmp_path / "packs.toml").write_text('[studio]\nsuffix = ", on white"\n', encoding="utf-8")
    path = tmp_path / "batch.toml"
    options = {**usual_options(), **options_of(read_batch_file(path), path)}

    order = packed(ADDRESS, options)
    travelled = BatchFile.model_validate_json(order.model_dump_json())
    for name in ("prompt.j2", "packs.toml", "batch.toml"):
        (tmp_path / name).unlink()

    assert travelled.manifest == ADDRESS
    found = compared(order_of(unpacked(travelled, usual_options())))
    assert found["template"] == "a {{ name }}"
    path.write_text(BATCH, encoding="utf-8")
    assert found["columns"] == {"prompt": "文案", "n": ""}
    assert found["finishing"].gate.rerolls == 2
    assert found == compared(order_of(options))


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"model": "wanx-v1", "sets": ("n=2", "seed=7"), "account": "default"},
        {"axes": ("angle=front, side",), "matrix_limit": 9},
        {"maps": ("prompt=文案",), "form": "csv", "encoding": "gb18030"},
        {"budgets": ("50CNY", "3USD"), "priority": "high", "fresh": True, "label": "none"},
        {"naming": "{{ id }}-{{ brand }}", "revision": 2, "renditions": ("square-1600.jpg",)},
        {"renditions": ("none",)},
        {"allow_unknown_model": True, "price": "0.20CNY", "model": "unheard-of"},
    ],
    ids=" ".join,
)
def test_typed_options_come_through(typed: dict[str, Any]) -> None:
    options = {**usual_options(), **typed}
    again = unpacked(packed(ADDRESS, options), usual_options())
    assert compared(order_of(again)) == compared(order_of(options))
    for name in ("form", "encoding", "sheet", "matrix_limit"):
        assert again[name] == options[name]


NOT_OF_THE_ORDER = {
    *("manifest", "remote", "wait", "timeout_s"),  # its address, and what whoever asks does
    *("yes", "dry_run"),  # nobody is asked by the fleet
    *("window", "tz"),  # the intake's own, beside the order
    *("out", "redis_url", "as_json", "quiet"),  # the session's
}
SAID = {
    "model": "wanx-v1",
    "sets": ("n=2",),
    "account": "shop",
    "allow_unknown_model": True,
    "price": "0.20CNY",
    "like": "wanx-v1",
    "skip_invalid": True,
    "fresh": True,
    "revision": 2,
    "budgets": ("50CNY",),
    "priority": "low",
    "label": "none",
    "gate": "mark",
    "rerolls": 2,
    "renditions": ("square-1600.jpg",),
    "name": "night",
    "form": "jsonl",
    "encoding": "gb18030",
    "sheet": "2",
    "maps": ("prompt=文案",),
    "template": "prompt.j2",
    "style_packs": "packs.toml",
    "style_pack": "studio",
    "axes": ("angle=front,side",),
    "matrix_limit": 9,
    "naming": "{{ id }}-x",
}


def test_no_option_of_submit_is_lost_on_the_way_to_the_fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is added to the command is missing here until a packed order can say it."""
    (tmp_path / "prompt.j2").write_text("a {{ name }}", encoding="utf-8")
    (tmp_path / "packs.toml").write_text('[studio]\nsuffix = ", on white"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert {option.name for option in submit.params} == SAID.keys() | NOT_OF_THE_ORDER
    usual = usual_options()
    silent = packed(ADDRESS, usual)
    for name, value in SAID.items():
        order = packed(ADDRESS, {**usual, name: value})
        assert order != silent, name
        back = unpacked(order, usual)
        assert back != unpacked(silent, usual), name


def test_a_file_of_another_machine_is_not_looked_for() -> None:
    for said in ({"template": {"file": "a.j2"}}, {"style_packs_file": "packs.toml"}):
        order = BatchFile.model_validate({"manifest": ADDRESS, **said})
        with pytest.raises(ManifestError, match="not on this machine"):
            unpacked(order, usual_options())


def test_what_no_document_can_say_is_an_error() -> None:
    with pytest.raises(OptionError, match="budget"):
        packed(ADDRESS, {**usual_options(), "budgets": ("much",)})
