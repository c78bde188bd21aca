"""Text in pictures."""

from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zuki.drawing.colours import colours_of, ink_on, on_scale
from zuki.drawing.words import columns, counted, escaped, in_words, printable, times


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(codec=None, categories=None)))
def test_any_text_can_stand_in_a_document(text):
    document = f"<a b='{escaped(text)}'>{escaped(text)}</a>".encode()
    element = ElementTree.fromstring(document)
    assert element.text or not printable(text)
    assert element.get("b") == printable(text)


@settings(deadline=None, max_examples=50)
@given(st.text(), st.integers(1, 30))
@example("0\u0300  0", 1)  # what is not looked at is more than spaces
def test_text_is_cut_to_what_there_is_room_for(text, most):
    cut = printable(text, most)
    assert columns(cut) <= most
    assert "\n" not in cut
    if cut != printable(text):
        assert cut.endswith("…")


def test_markup_is_text():
    assert escaped('<script>&"') == "&lt;script&gt;&amp;&quot;"
    assert printable("a\n b\tc\x00\u202e") == "a b c\ufffd\ufffd"
    assert printable("0123456789", 5) == "0123…"


def test_columns():
    assert columns("abc") == 3
    assert columns("日本") == 4
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (3e-10, "0.3 ns"),
        (4.2e-8, "42 ns"),
        (9.99e-7, "999 ns"),
        (9.996e-7, "1 µs"),
        (1.26e-5, "13 µs"),
        (2.5e-3, "2.5 ms"),
        (0.9999, "1 s"),
        (12.34, "12 s"),
        (12345, "12,345 s"),
    ],
)
def test_times(seconds, words):
    assert in_words(seconds) == words


def test_counts():
    assert counted(1, "node") == "1 node"
    assert counted(0, "node") == "0 nodes"
    assert counted(1234, "edge") == "1,234 edges"
    assert times("gemm", 1) == "gemm"
    assert times("gemm", 1234) == "gemm × 1,234"
    assert times("", 3) == "× 3"


def luminance(colour):
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_text_can_be_read_on_every_colour():
    kinds = colours_of(map(str, range(10))).values()
    assert len(set(kinds)) == 10
    for colour in [*kinds, *(on_scale(part / 40) for part in range(41))]:
        assert contrast(colour, ink_on(colour)) >= 3.9, colour


def test_the_scale_darkens():
    shades = [luminance(on_scale(part / 20)) for part in range(21)]
    assert shades == sorted(shades, reverse=True)
    assert on_scale(-1) == on_scale(0)
    assert on_scale(2) == on_scale(1)
