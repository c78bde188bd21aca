"""Sums of a trace, as text and as HTML."""

import pytest

from zuki.tracing.summary import NameSummary, Summary


def test_many_names_and_dangerous_ones():
    rows = [NameSummary(f"<script>{n}", "node", n, n * 1e-3, 1e-3, 2e-3) for n in range(40, 0, -1)]
    made = Summary(rows, 1.0, 0)
    assert len(made) == 40
    assert [row.count for row in made] == list(range(40, 0, -1))
    assert made["<script>7"].count == 7
    with pytest.raises(KeyError):
        made["none"]
    html = made._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;40" in html
    assert "10 more names" in html
    text = str(made).splitlines()
    assert text[0].split() == ["name", "kind", "count", "total", "mean", "p95"]
    assert text[1].split() == ["<script>40", "node", "40", "40", "ms", "1", "ms", "2", "ms"]
    assert len(set(map(len, text))) == 1
