"""What an order would come to, asked before it is made."""

from __future__ import annotations

import pytest

from ledger.opening import open_ledger
from storage import LocalStorage
from tests.cli.command import CommandLine
from tests.earlier_batch import leave_drawn
from tests.ports import free_ports
from tests.producer.manifests import jobs
from tests.valkey import Valkey

LANE = "dashscope:wanx-v1@default"
WAYS = [("estimate",), ("submit", "--dry-run"), ("run", "--dry-run")]


def test_a_newcomer_sees_it_all_and_nothing_is_made(alone: CommandLine) -> None:
    rows = "MUG-1,a stoneware mug,wanx-v1,2\n茶-1,一只青瓷茶杯,z-image-turbo,1\n"
    manifest = alone.write("catalog.csv", f"sku,prompt,model,n\n{rows}")
    ran = alone("estimate", manifest, "--batch", "autumn")

    assert ran.code == 0
    assert (
        ran.err == "catalog.csv is read as UTF-8. Line 3: 茶-1 | 一只青瓷茶杯 | z-image-turbo | 1\n"
    )
    for words in (
        "autumn",
        "catalog.csv",
        "already done",
        "CNY at list prices of ",
        f"{LANE}: 1 row, about ",
        "1 at once, about ",
        "MUG-1: a stoneware mug",
        "batches/autumn/images/MUG-1_02.*",
        "茶-1: 一只青瓷茶杯",
    ):
        assert words in ran.out, words
    assert [path.name for path in alone.folder.iterdir()] == [manifest]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_the_same_is_said_whatever_would_order_it(alone: CommandLine, way: tuple[str, ...]) -> None:
    manifest = alone.manifest("cups", 3, n=2)
    expected = alone("estimate", manifest, "--json").document

    assert alone(*way, manifest, "--json").document == expected
    assert (expected["rows"], expected["to_order"], expected["images"]) == (3, 3, 6)
    assert expected["costs"] == {"CNY": "0.96"}
    assert expected["already_done"] == 0
    assert not (alone.folder / "out").exists()


def test_nothing_is_handed_in(shared: CommandLine) -> None:
    manifest = shared.manifest("cups", 3)
    for way in WAYS:
        assert shared(*way, manifest).code == 0
    assert shared("batches", "--json").documents == []
    assert shared("lanes", "--json").documents == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_bad_rows_are_named_and_the_good_ones_estimated(
    alone: CommandLine, way: tuple[str, ...]
) -> None:
    rows = "A1,a cup,wanx-v1\nA1,a jug,wanx-v1\nA2,a pot,wanx\n"
    manifest = alone.write("mixed.csv", f"sku,prompt,model\n{rows}")
    ran = alone(*way, manifest)

    assert ran.code == 3
    assert "3, of which 2 cannot be ordered (1 repeats an earlier row's id)" in ran.out
    assert "at most 0.16 CNY" in ran.out
    assert "line 3" in ran.err
    assert "line 4" in ran.err

    skipped = alone(*way, manifest, "--skip-invalid")
    assert skipped.code == 0
    assert skipped.out != ""


def test_a_batch_that_is_there_is_said_to_cost_nothing_more(shared: CommandLine) -> None:
    manifest = shared.manifest("cups", 2)
    batch = shared("submit", manifest).out.strip()
    ran = shared("estimate", manifest)
    told = shared("estimate", manifest, "--json").document

    assert f"{batch}, handed in before" in ran.out
    assert (told["handed_in_before"], told["to_order"], told["costs"]) == (True, 0, {})
    other = shared("estimate", shared.manifest("jugs", 2), "--batch", batch)
    assert (other.code, other.out) == (2, "")
    assert "--batch" in other.err


def test_the_lanes_count_as_they_are(shared: CommandLine, valkey: Valkey) -> None:
    shared("submit", shared.manifest("cups", 40))
    manifest = shared.manifest("jugs", 2)
    before = shared("estimate", manifest, "--json").document
    shared("lanes", "set", LANE, "--rate", "1/min", "--window", "50")
    ledger = open_ledger(valkey.url)
    ledger.lanes.stop(LANE, "Arrearage: pay first")
    ledger.close()
    (after,) = shared("estimate", manifest, "--json").document["lanes"]
    said = shared("estimate", manifest).out

    (lane,) = before["lanes"]
    assert (lane["ahead"], lane["bound"], lane["pinned"]) == (40, "running", False)
    assert before["shared_takes_s"] > 20 * before["takes_s"]
    assert (after["bound"], after["pinned"], after["window"]) == ("rate", True, 50)
    assert after["takes_s"] > 60
    assert after["hindrance"] == "stopped: Arrearage: pay first"
    assert "40 rows of other batches share the lane" in said
    assert "1 a minute may be ordered (set by hand)" in said
    assert "stopped: Arrearage: pay first" in said


def test_limits_of_the_settings_count_where_nobody_set_others(shared: CommandLine) -> None:
    shared("submit", shared.manifest("cups", 1))
    shared.write("imagemill.toml", f'[lanes."{LANE}"]\nrate = "2/min"\nwindow = 30\n')
    (lane,) = shared("estimate", shared.manifest("jugs", 5), "--json").document["lanes"]

    assert (lane["bound"], lane["window"], lane["pinned"]) == ("rate", 30, False)


def test_what_was_drawn_before_costs_nothing(alone: CommandLine) -> None:
    manifest = alone.manifest("cups", 3)
    alone("run", manifest, "--simulate", "--batch", "monday", "--quiet")
    alone.manifest("cups", 4)
    asked = ("run", manifest, "--simulate", "--batch", "tuesday", "--dry-run")
    found = alone(*asked, "--json").document

    assert (found["already_done"], found["to_order"], found["images"]) == (3, 1, 1)
    assert found["costs"] == {"CNY": "0.16"}
    assert [order["id"] for order in found["first"]] == ["cups-003"]
    estimated = alone("estimate", manifest, "--simulate", "--batch", "tuesday", "--json").document
    assert estimated == found
    assert "3 rows, free of charge" in alone(*asked).out
    afresh = alone(*asked, "--fresh", "--json").document
    assert (afresh["already_done"], afresh["fresh"], afresh["to_order"]) == (None, True, 4)
    second = alone(*asked, "--revision", "2", "--json").document
    assert (second["already_done"], second["to_order"]) == (0, 4)
    assert second["first"][0]["keys"] == ["batches/tuesday/images/cups-000_01_r2.*"]
    ran = alone(*asked[:-1])
    assert "4 rows, of which 3 are already done, 1 image, at most 0.16 CNY" in ran.err


def test_a_forgotten_batch_of_the_same_name_is_an_earlier_one(shared: CommandLine) -> None:
    manifest = shared.manifest("cups", 2)
    for job in jobs((shared.folder / manifest).read_bytes()):
        leave_drawn(LocalStorage(shared.folder / "out"), job, batch="night")
    order = ("submit", manifest, "--batch", "night")

    found = shared(*order, "--dry-run", "--json").document
    assert (found["already_done"], found["to_order"], found["costs"]) == (2, 0, {"CNY": "0.00"})
    assert "2 rows, of which 2 are already done, 0 images" in shared(*order).err


def test_a_storage_that_is_away_counts_every_row_as_new(alone: CommandLine) -> None:
    (port,) = free_ports(1)
    away = alone.with_variables(
        IMAGEMILL_S3_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="shop",
        AWS_SECRET_ACCESS_KEY="secret",
    )
    ran = away("estimate", alone.manifest("cups", 2), "--out", "s3://shop/pictures")

    assert ran.code == 0, ran.err
    assert "not looked up; every row counts as new" in ran.out
    assert "at most 0.32 CNY" in ran.out
    assert "What was drawn before is not known" in ran.err


def test_a_batch_file_is_estimated_too(alone: CommandLine) -> None:
    alone.manifest("cups", 3)
    text = 'manifest = "cups.csv"\nbatch = "night"\nbudget = "0.16CNY"\n[matrix]\nsize = ["1024*1024", "720*1280"]\n'
    ran = alone("estimate", alone.write("night.toml", text))

    assert ran.code == 0, ran.err
    assert "3 rows x 2 sizes = 6 orders" in ran.err
    assert "about 1 of 6 orders fit into the budget of 0.16 CNY" in ran.out
    assert "orders        6\n" in ran.out
    assert "dashscope:wanx-v1@default: 6 orders, about " in ran.out
    assert "batches/night/images/cups-000_1024-1024_01.*" in ran.out


def test_a_server_that_is_away_hinders_no_estimate(alone: CommandLine) -> None:
    (port,) = free_ports(1)
    away = alone.with_variables(IMAGEMILL_REDIS_URL=f"redis://127.0.0.1:{port}/0")
    ran = away("estimate", alone.manifest("cups", 2))

    assert ran.code == 0
    assert "at most 0.32 CNY" in ran.out
    assert "taken to be empty" in ran.err


def test_a_daily_cap_and_a_budget_are_told(alone: CommandLine) -> None:
    alone.write("imagemill.toml", '[accounts.default]\ndaily_cap = "0.40CNY"\n')
    ran = alone("estimate", alone.manifest("cups", 5), "--budget", "0.50CNY")

    assert ran.code == 0
    assert "at least 2 days: dashscope@default spends at most 0.40 CNY a day" in ran.out
    assert "about 3 of 5 rows fit into the budget of 0.50 CNY" in ran.out


def test_a_manifest_may_come_from_a_pipe(alone: CommandLine) -> None:
    ran = alone("estimate", "-", stdin=b"sku,prompt,model\nA1,a cup,wanx-v1\n")
    assert (ran.code, ran.err) == (0, "")
    assert "at most 0.16 CNY" in ran.out


@pytest.mark.parametrize("way", [("estimate",), ("run", "--dry-run")], ids=lambda way: way[0])
def test_a_rehearsal_needs_neither_key_nor_server(alone: CommandLine, way: tuple[str, ...]) -> None:
    (port,) = free_ports(1)
    away = alone.with_variables(IMAGEMILL_REDIS_URL=f"redis://127.0.0.1:{port}/0")
    ran = away(*way, alone.manifest("cups", 2), "--simulate")
    assert ran.code == 0
    assert "taken to be empty" not in ran.err
    assert "dashscope:wanx-v1@simulator: 2 rows" in ran.out
    assert not (alone.folder / "out").exists()


def test_going_on_cannot_be_rehearsed(alone: CommandLine) -> None:
    ran = alone("run", "--resume", "--dry-run")
    assert ran.code == 2
    assert "--dry-run goes with a MANIFEST" in ran.err


def test_a_rehearsal_takes_as_long_as_the_simulator_does(alone: CommandLine) -> None:
    manifest = alone.manifest("cups", 3)
    real, rehearsed = (
        alone("estimate", manifest, "--json", *option).document["lanes"][0]
        for option in ((), ("--simulate",))
    )
    assert real["generation_s"] > 10
    assert rehearsed["generation_s"] < 1
    assert rehearsed["takes_s"] < 3
