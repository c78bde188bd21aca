"""Tables for notebooks."""

from xml.etree import ElementTree

from zuki.drawing.tables import short_repr, table


def test_a_table_is_escaped():
    made = table("<b>", [("<i>", "<script>alert(1)</script>"), ("n\x00", "v" * 500)])
    assert "<b>" not in made
    assert "<script" not in made
    cells = [element.text for element in ElementTree.fromstring(made).iter() if element.tag in ("th", "td")]
    assert cells[:2] == ["<i>", "<script>alert(1)</script>"]
    assert cells[2] == "n\ufffd"
    assert len(cells[3]) == 200
    assert ElementTree.fromstring(made).find("caption").text == "<b>"
    assert "color" not in made


class Bad:
    def __repr__(self):
        raise ValueError("no text")


class Worse(dict):
    def __repr__(self):
        raise ValueError("no text")

    def __len__(self):
        raise ValueError("no length")


def test_what_shows_itself_badly():
    assert short_repr(3) == "3"
    assert short_repr("x" * 1000).startswith("'xxx")
    assert len(short_repr("x" * 1000)) <= 200
    assert len(short_repr(list(range(10**6)))) <= 200
    assert "Bad" in short_repr(Bad())
    assert "Worse" in short_repr(Worse())
