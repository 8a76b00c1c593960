"""Which encodings bytes may be in: the right one always, and as few others as can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.encoding import Encoding, Origin, told_encoding
from producer.plausibility import decoded, plausible_readings

CHINESE = [
    "一只青瓷茶杯，商品摄影",
    "商品编码,提示词,数量",
    "玛瑙手链，簪子",
    "紅色連衣裙，台灣",
    "红色水杯",
]
TAIWANESE = ["紅色連衣裙", "白瓷茶杯，商品攝影", "商品編號,提示詞", "木桌上的馬克杯"]
JAPANESE = ["商品コード,プロンプト", "赤いカップ、白背景"]
WESTERN = [
    "Müller",
    "Größe;Beschreibung;eine weiße Tasse für 5 €",
    "Crème brûlée à la vanille, été",
    "25°C, ½ l, 30×40 cm",
    "taza roja, niño, ¿qué?",
    "xícara de chá, coração, avô",
    "kaffekop på rødt træ, smørrebrød",
    "Häagen-Dazs ® 500 ml – red™",
    "città, perché, più",
]
FOREIGN = [
    ("Красная чашка на столе", "cp1251"),
    ("Příliš žluťoučký šálek", "cp1250"),
    ("ąść, żółty kubek", "cp1250"),
    ("ışıklı kırmızı fincan, yeşil", "cp1254"),
    ("赤いカップ、白背景、木の机", "euc_jp"),
]


def told(text: str, encoding: str) -> list[str]:
    lines = f"{text}\n".encode(encoding).splitlines(keepends=True)
    return [reading.encoding for reading in plausible_readings(lines)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "gb18030") for text in CHINESE),
        *((text, "cp950") for text in TAIWANESE),
        *((text, "cp932") for text in JAPANESE),
        *((text, "cp1252") for text in WESTERN),
    ],
)
def test_a_line_of_text_is_known_by_itself(text: str, encoding: str) -> None:
    assert told(text, encoding) == [encoding]


@pytest.mark.parametrize(("text", "encoding"), FOREIGN)
def test_what_nobody_asked_for_is_taken_for_nothing_else(text: str, encoding: str) -> None:
    assert told(text, encoding) == []


@pytest.mark.parametrize("text", ["빨간 컵을 나무 테이블 위에 놓은 사진", "상품코드,프롬프트,수량"])
def test_korean_is_never_taken_for_chinese_without_asking(text: str) -> None:
    assert "cp949" in told(text, "cp949")


@pytest.mark.parametrize("text", ["红", "A1,杯"])
def test_a_single_hanzi_may_be_two_encodings(text: str) -> None:
    assert told(text, "gb18030") == ["gb18030", "cp950"]


def test_a_header_we_know_decides_between_two() -> None:
    lines = ["尺寸\n".encode("gbk"), "杯\n".encode("gbk")]
    assert told_encoding(lines) == Encoding("gb18030", Origin.GUESSED)


@pytest.mark.parametrize("text", [*CHINESE, *TAIWANESE, *JAPANESE, *WESTERN])
def test_utf8_is_utf8_whatever_else_it_could_be(text: str) -> None:
    found = told_encoding([f"{text}\n".encode()])
    assert isinstance(found, Encoding)
    assert found.origin is Origin.USUAL


@given(st.lists(st.binary(max_size=20), max_size=4))
def test_a_reading_says_something_beyond_ascii_and_loses_nothing(lines: list[bytes]) -> None:
    for reading in plausible_readings(lines):
        assert not reading.text.isascii()
        assert reading.lines == decoded(lines, reading.encoding)
        assert "\ufffd" not in reading.text


@given(st.text(st.sampled_from("杯瓶白红青茶陶瓷木桌光影底图大小新款手工复古简约"), min_size=6))
def test_everyday_chinese_in_gbk_is_always_among_the_readings(text: str) -> None:
    assert "gb18030" in told(text, "gbk")
