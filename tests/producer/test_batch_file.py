"""A batch file: what it may say, what is said of wrong keys, and what wins over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from producer.batch_file import is_batch_file, manifest_of, options_of, read_batch_file
from producer.commands.told import merged
from producer.errors import ManifestError
from producer.prompt_template import Template
from schemas.batch_file import BatchFile
from schemas.notify import Event

WHOLE = """
manifest = "products.csv"
format = "csv"
encoding = "gb18030"
sheet = 2
batch = "night"
model = "wanx-v1"
account = "second"
style_pack = "studio"
style_packs_file = "packs.toml"
matrix_limit = 500
budget = ["50CNY", "3 usd"]
priority = "low"
window = "22:00-6:00"
tz = "Asia/Shanghai"
fresh = true
revision = 3
label = "tc260"
gate = "reroll"
rerolls = 2
renditions = ["Square-800.JPEG", "shop=fit-90.webp"]
skip_invalid = true
allow_unknown_model = true
price = "0.20CNY"
like = "wan2.6-t2i"

[set]
n = 2
"尺寸" = "1024x1024"
prompt_extend = true

[map]
prompt = "文案"
n = ""

[template]
text = "a {{ name }}"

[naming]
stem = "{{ brand }}-{{ id }}"

[style_packs.inline]
prefix = "p"

[matrix]
angle = ["front", "side"]
background = { oak = "on oak", white = "on white" }
seed = [1, 2]

[notify]
url = "https://hooks.example.com/mill"
format = "dingtalk"
secret_env = "MILL_SECRET"
events = ["finished"]
"""


OF_WHOLE: dict[str, Any] = {
    "form": "csv",
    "encoding": "gb18030",
    "sheet": "2",
    "map_table": {"prompt": "文案", "n": ""},
    "fresh": True,
    "revision": 3,
    "label": "tc260",
    "gate": "reroll",
    "rerolls": 2,
    "name": "night",
    "model": "wanx-v1",
    "account": "second",
    "style_pack": "studio",
    "matrix_limit": 500,
    "budgets": ("50CNY", "3 usd"),
    "priority": "low",
    "window": "22:00-6:00",
    "tz": "Asia/Shanghai",
    "renditions": ("square-800.jpg", "shop=fit-90.webp"),
    "skip_invalid": True,
    "allow_unknown_model": True,
    "price": "0.20CNY",
    "like": "wan2.6-t2i",
    "set_table": {"n": "2", "size": "1024x1024", "prompt_extend": "true"},
    "matrix_table": {
        "angle": ["front", "side"],
        "background": {"oak": "on oak", "white": "on white"},
        "seed": ["1", "2"],
    },
}
"""Its options, but for those that are objects."""


def written(folder: Path, text: str, name: str = "batch.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said(folder: Path, text: str) -> dict[str, Any]:
    path = written(folder, text)
    return options_of(read_batch_file(path), path)


def test_everything_an_order_can_say_is_said_in_the_options_words(tmp_path: Path) -> None:
    written(tmp_path, '[studio]\nsuffix = "s"\n', "packs.toml")
    found = said(tmp_path, WHOLE)

    template, naming, notify = (found.pop(name) for name in ("template", "naming", "notify"))
    packs = found.pop("packs_table")
    assert found == OF_WHOLE
    assert isinstance(template, Template)
    assert isinstance(naming, Template)
    assert (template.text, naming.text) == ("a {{ name }}", "{{ brand }}-{{ id }}")
    assert sorted(packs) == ["inline", "studio"]
    assert (notify.url, notify.format, notify.events) == (
        "https://hooks.example.com/mill",
        "dingtalk",
        [Event.FINISHED],
    )


def test_a_file_that_says_little_says_nothing_else(tmp_path: Path) -> None:
    assert said(tmp_path, 'manifest = "products.csv"\n') == {}


@pytest.mark.parametrize("text", ["[]", '["none"]'])
def test_a_file_may_want_no_renditions_whatever_the_settings_say(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, f'manifest = "a"\nrenditions = {text}\n') == {"renditions": ("none",)}


def test_renditions_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"renditions: .*'square\.jpg' says no size"):
        said(tmp_path, 'manifest = "a"\nrenditions = ["square.jpg"]\n')


def test_paths_begin_at_the_files_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "night"
    folder.mkdir()
    written(folder, "a mug", "prompt.j2")
    path = written(folder, 'manifest = "../all.csv"\n[template]\nfile = "prompt.j2"\n')
    file = read_batch_file(path)
    assert Path(manifest_of(file, path)).resolve() == (tmp_path / "all.csv").resolve()
    assert options_of(file, path)["template"].name == "prompt.j2"


def test_a_manifest_may_come_from_a_pipe_and_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    assert manifest_of(BatchFile(manifest="-"), path) == "-"
    assert manifest_of(BatchFile(manifest="/data/all.csv"), path) == "/data/all.csv"
    with pytest.raises(ManifestError, match="is a batch file too"):
        manifest_of(BatchFile(manifest="other.toml"), path)


def test_what_somebody_typed_wins() -> None:
    options = {"model": "typed", "account": "default", "sets": ("n=3",)}
    file = {"model": "file", "account": "second", "set_table": {"n": "2"}}
    assert merged(options, file, {"model", "sets"}) == {
        "model": "typed",
        "account": "second",
        "sets": ("n=3",),
        "set_table": {"n": "2"},
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "batch.toml: manifest is missing"),
        ('manifest = ""', "batch.toml: manifest: String should have at least 1 character"),
        ('manifst = "a"', "batch.toml: manifest is missing\nbatch.toml: manifst: there is no such key; did you mean manifest?"),
        ('manifest = "a"\nzzz = 1', "batch.toml: zzz: there is no such key; there is account, allow_unknown_model, batch"),
        ('manifest = "a"\n[notify]\nurll = "b"', "batch.toml: notify.urll: there is no such key; did you mean url?"),
        ('manifest = "a"\n[template]\nfiel = "b"', "batch.toml: template.fiel: there is no such key; did you mean file?"),
        ('manifest = "a"\n[template]\nfile = "b"\ntext = "c"', "batch.toml: template: needs file, or text instead"),
        ('manifest = "a"\n[template]', "batch.toml: template: needs file, or text instead"),
        ('manifest = "a"\n[naming]\nstem = ""', "batch.toml: naming.stem: String should have at least 1 character"),
        ('manifest = "a"\nbudget = "fifty"', "batch.toml: budget: 'fifty' is no amount of money; write a number"),
        ('manifest = "a"\nbudget = 50', "batch.toml: budget: '50' is no amount of money; write a number and a currency's three letters"),
        ('manifest = "a"\npriority = "urgent"', "batch.toml: priority: Input should be 'low', 'normal' or 'high'"),
        ('manifest = "a"\nwindow = "1-7"', "batch.toml: window: '1-7' is no span of hours; write it as 01:00-07:00"),
        ('manifest = "a"\nwindow = 1', "batch.toml: window: Input should be a valid string"),
        ('manifest = "a"\nwindows = "01:00-07:00"', "batch.toml: windows: there is no such key; did you mean window?"),
        ('manifest = "a"\ntz = "Asia/Shangai"', "batch.toml: tz: 'Asia/Shangai' is no time zone; did you mean Asia/Shanghai?"),
        ('manifest = "a"\nlabel = "c2pa"', "batch.toml: label: Input should be 'all', 'iptc', 'tc260' or 'none'"),
        ('manifest = "a"\ngate = true', "batch.toml: gate: Input should be 'off', 'mark' or 'reroll'"),
        ('manifest = "a"\nrerolls = 10', "batch.toml: rerolls: Input should be less than or equal to 9"),
        ('manifest = "a"\nrevision = 0', "batch.toml: revision: Input should be greater than or equal to 1"),
        ('manifest = "a"\nsheet = true', "batch.toml: sheet: Input should be a valid string"),
        ('manifest = "a"\nmap = "prompt=文案"', "batch.toml: map: Input should be a valid dictionary"),
        ('manifest = "a"\nmatrix_limit = 0', "batch.toml: matrix_limit: Input should be greater than or equal to 1"),
        ('manifest = "a"\n[matrix]\nangle = "front"', "batch.toml: matrix: angle must be a list of values, or a table"),
        ('manifest = "a"\n[matrix]\nangle = ["a", ""]', "batch.toml: matrix: angle must not be empty"),
        ('manifest = "a"\n[matrix]\nangle = {a = 2026-01-01}', "batch.toml: matrix: angle.a must be a text"),
        ('manifest = "a"\n[set]\nsize = "a"\n"尺寸" = "b"', "batch.toml: set: size is said twice; the second time as 尺寸"),
        ('manifest = "a"\n[set]\nn = ""', "batch.toml: set: n must not be empty"),
        ('manifest = "a"\n[style_packs.x]\nwords = 1', "batch.toml, [x]: words: Input should be a valid dictionary"),
        ('manifest = "a"\n[notify]\nformat = "json"', "batch.toml: notify: needs url, or url_env instead"),
        ('manifest = "a"\n[notify]\nurl = "hooks.example.com"', "batch.toml: notify.url: must be an address, https://host/path"),
        ('manifest = "a"\n[notify]\nurl_env = "A-B"', "batch.toml: notify.url_env: String should match pattern"),
        ('manifest = "a"\n[notify]\nurl_env = "A"\nevents = ["done"]', "batch.toml: notify.events.0: Input should be 'finished', 'first_failure', 'budget' or 'stopped'"),
        ('manifest = "a"\n[matrix]\n角度 = ["正面"]', 'batch.toml is no TOML: Invalid statement (at line 3, column 1); TOML wants quotes around such a name: "角度"'),
        ('manifest = "a"\n[style_packs.棚拍]', 'batch.toml is no TOML: Invalid initial character for a key part (at line 2, column 14); TOML wants quotes around such a name: "棚拍"'),
        ('manifest = "a\n', "batch.toml is no TOML: Illegal character '\\n' (at line 1, column 14)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ManifestError) as caught:
        said(tmp_path, text)
    assert str(caught.value).startswith(sentence)
    assert caught.value.exit_code == 3


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        said(tmp_path, 'manifst = "a"\nmodell = "b"\npriority = "c"\n')
    assert sorted(line.split(":")[1].strip() for line in str(caught.value).splitlines()) == [
        "manifest is missing",
        "manifst",
        "modell",
        "priority",
    ]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gone.toml"
    with pytest.raises(ManifestError, match=r"gone\.toml cannot be read: No such file"):
        read_batch_file(path)


def test_a_file_is_known_by_its_ending() -> None:
    assert is_batch_file("night/Batch.TOML")
    assert not is_batch_file("products.csv")
    assert not is_batch_file("-")
