"""From a sketch to SVG, and to Graphviz's language."""

import re
from xml.etree import ElementTree

import pytest

from zuki.drawing.colours import FAILED, MARK, NOT_RUN
from zuki.drawing.dot import dot_of_sketch, quoted
from zuki.drawing.paint import MOST_LABELS, painted
from zuki.drawing.sketch import Box, Sketch

SVG = "{http://www.w3.org/2000/svg}"
WHITE = "#ffffff"


def boxes(count, **look):
    return [Box((f"box {number}",), f"title {number}", "#8fd0a0", **look) for number in range(count)]


def parsed(sketch, direction=None):
    picture = painted(sketch, direction)
    root = ElementTree.fromstring(picture.svg)
    assert float(root.get("width")) == pytest.approx(picture.width, abs=0.1)
    assert float(root.get("height")) == pytest.approx(picture.height, abs=0.1)
    return root


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def titles(root):
    return [element.text for element in root.iter(f"{SVG}title")]


def everything_is_within(root):
    """Check rectangles, circles and text; a letter of the font is as broad as 0.6 of its size."""
    width, height = float(root.get("width")), float(root.get("height"))

    def visit(element, left, top):
        moved = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if moved:
            left, top = left + float(moved[1]), top + float(moved[2])
        if element.tag in (f"{SVG}rect", f"{SVG}circle", f"{SVG}text") and element.get("class") != "paper":
            radius = float(element.get("r", 0))
            x = left + float(element.get("cx", element.get("x", 0))) - radius
            y = top + float(element.get("cy", element.get("y", 0))) - radius
            broad = float(element.get("width", 2 * radius))
            high = float(element.get("height", 2 * radius))
            if element.tag == f"{SVG}text":
                broad = 0.6 * float(element.get("font-size", 11.5)) * len(element.text)
                x -= broad / 2 if element.get("text-anchor") == "middle" else 0
            assert x >= 0
            assert y >= 0
            assert x + broad <= width, element.text
            assert y + high <= height
        for child in element:
            visit(child, left, top)

    visit(root, 0.0, 0.0)


@pytest.mark.parametrize("direction", [None, "down", "right"])
@pytest.mark.parametrize("count", [0, 1, 5, MOST_LABELS, MOST_LABELS + 1])
def test_everything_is_within_the_picture(count, direction):
    lines = {(box, box + 1): 1 + box % 3 for box in range(count - 1)}
    lines |= {(box, box): 2 for box in range(0, count, 7)}
    legend = [("#8fd0a0", f"kind {number} × {number}") for number in range(20)]
    sketch = Sketch(
        ("a caption", "a second line of it"), boxes(count), lines, set(), legend, ("1 s", "2 s"), "way"
    )
    root = parsed(sketch, direction)
    everything_is_within(root)
    assert titles(root) == [f"title {box}" for box in range(count)]
    assert ("box 0" in texts(root)) == (0 < count <= MOST_LABELS)
    assert {"a caption", "a second line of it", "1 s", "2 s", "way", "and 6 more"} <= set(texts(root))


def test_what_is_too_broad_is_turned():
    fan = {(0, box): 1 for box in range(1, 30)}
    assert painted(Sketch(("fan",), boxes(30), fan)).width < 400
    assert painted(Sketch(("fan",), boxes(30), fan), "down").width > 2000
    chain = {(box, box + 1): 1 for box in range(29)}
    assert painted(Sketch(("chain",), boxes(30), chain)).width < 400


def test_arrows_of_each_kind():
    lines = {(0, 1): 1, (1, 2): 1, (2, 0): 1, (2, 2): 4}
    root = parsed(Sketch(("circle",), boxes(3), lines, {(0, 1)}))
    ways = [path for path in root.iter(f"{SVG}path") if path.get("stroke")]
    heads = [path for path in root.iter(f"{SVG}path") if not path.get("stroke")]
    assert len(ways) == len(heads) == 4  # plain, turned, marked, and the loop
    assert [path.get("stroke-dasharray") is not None for path in ways] == [False, True, False, False]
    assert [path.get("stroke") == MARK for path in ways] == [False, False, True, False]


def test_counts_are_beside_lines():
    root = parsed(Sketch(("many",), boxes(2), {(0, 1): 1234, (1, 0): 5, (0, 0): 7}))
    assert {"1,234", "5"} <= set(texts(root))
    assert "7" not in texts(root)  # the box says that


def test_looks_of_boxes():
    sketch = Sketch(
        ("looks",),
        [
            Box(("a", "second line"), "a", FAILED),
            Box(("b",), "b", NOT_RUN, is_faint=True),
            Box(("c",), "c", "#8fd0a0", is_marked=True),
            Box(("d",), "d", "#8fd0a0", is_stack=True),
        ],
        {},
    )
    root = parsed(sketch)
    groups = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    first, second, third, fourth = (group.findall(f"{SVG}rect") for group in groups)
    assert first[0].get("fill") == FAILED
    assert [text.get("fill") for text in groups[0].findall(f"{SVG}text")] == [WHITE, WHITE]
    assert second[0].get("stroke-dasharray")
    assert (third[0].get("stroke"), third[0].get("stroke-width")) == (MARK, "3.0")
    assert [len(rects) for rects in (first, second, third, fourth)] == [1, 1, 1, 2]


def test_names_are_escaped_and_cut():
    name = '<script>alert("&")</script>' + "x" * 1000
    root = parsed(Sketch((name,), [Box((name,), name, "#8fd0a0")], {}, set(), [("#8fd0a0", name)], None, ""))
    everything_is_within(root)
    svg = painted(Sketch((name,), [Box((name,), name, "#8fd0a0")], {})).svg
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    assert max(map(len, titles(root))) == 400


def test_dark_and_light():
    picture = painted(Sketch(("both",), boxes(2), {(0, 1): 1}))
    style = picture.svg.partition("<style>")[2].partition("</style>")[0]
    assert "prefers-color-scheme:dark" in style
    assert "[data-jp-theme-light=false] .zuki-picture .paper" in style
    # without style sheets it is light: each colour is an attribute, too
    for element in ElementTree.fromstring(picture.svg).iter():
        if element.get("class") in ("paper", "ink"):
            assert element.get("fill")
    # nothing leaks into the page that it is shown in
    assert all(".zuki-picture" in rule for rule in re.findall(r"[^{}]+(?={[^{}]*})", style.partition("{")[2]))


def test_it_is_complete_in_itself():
    picture = painted(Sketch(("alone",), boxes(3), {(0, 1): 1, (1, 2): 1}))
    for word in ("<script", "href", "url(", "@import", "id="):
        assert word not in picture.svg
    assert picture.svg.count("http") == 1  # the name space
    assert picture._repr_html_().startswith("<div")


def test_a_picture_in_a_page_and_in_a_file(tmp_path):
    picture = painted(Sketch(("one",), boxes(2), {(0, 1): 1}), about="boxes")
    assert repr(picture) == f"<zuki.Picture of boxes: {picture.width:.0f} x {picture.height:.0f}>"
    assert "max-width:100%" in picture._repr_html_()
    fan = painted(Sketch(("fan",), boxes(40), {(0, box): 1 for box in range(1, 40)}), "down")
    assert "max-width:none" in fan._repr_html_()
    assert picture.save(tmp_path / "picture.svg").read_text(encoding="utf-8") == picture.svg
    with pytest.raises(FileNotFoundError, match=r"missing.*picture\.svg"):
        picture.save(tmp_path / "missing" / "picture.svg")
    with pytest.raises(TypeError):
        picture.save(3)


def test_dot():
    sketch = Sketch(
        ('say "hi"', "second\x00line"),
        [Box(("a\\b", "1 s"), "first", "#000000", is_marked=True), Box(("<b>",), "second", "#8fd0a0")],
        {(0, 1): 1, (1, 1): 1200},
        {(0, 1)},
    )
    lines = dot_of_sketch(sketch, "right").splitlines()
    assert lines[1] == r'  graph [label="say \"hi\"\nsecond�line", labelloc=t, rankdir=LR];'
    assert lines[4] == (
        r'  0 [label="a\\b\n1 s", tooltip="first", fillcolor="#000000", fontcolor="#ffffff", '
        f'color="{MARK}", penwidth=3];'
    )
    assert lines[5].startswith('  1 [label="<b>", tooltip="second"')
    assert lines[6:] == [f'  0 -> 1 [color="{MARK}", penwidth=3];', '  1 -> 1 [label="1,200"];', "}"]
    assert "rankdir=TB" in dot_of_sketch(sketch, None)
    assert quoted('a"\\\n') == r'"a\"\\\n"'
