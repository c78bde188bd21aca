"""Boxes and lines to lay out."""

from hypothesis import strategies as st


@st.composite
def acyclic(draw, most=12):
    """Draw a number of boxes, and lines that lead from smaller numbers to greater ones, each once."""
    count = draw(st.integers(1, most))
    pairs = [(source, target) for target in range(count) for source in range(target)]
    lines = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return count, sorted(lines)


@st.composite
def any_lines(draw, most=8):
    """Draw a number of boxes, and lines between different ones, on circles maybe."""
    count = draw(st.integers(1, most))
    pairs = [(source, target) for target in range(count) for source in range(count) if source != target]
    return count, sorted(draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else [])


def ways(count, lines):
    """Return all pairs of boxes with a way from the one to the other."""
    found = set(lines)
    for middle in range(count):
        found |= {
            (source, target)
            for source in range(count)
            for target in range(count)
            if (source, middle) in found and (middle, target) in found
        }
    return found
