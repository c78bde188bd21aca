"""Random bodies over the arguments of `writes_harness`: views, copies, containers, branches and writes."""

import random

# Ways to a name, by the number of dimensions wanted; {0} and {1} are names of arrays of 4 x 4 (or of 4).
_SQUARE = (
    *("{0}", "{0}.T", "{0}[::-1]", "{0}[:, ::-1]", "{0}[:]", "np.transpose({0})", "np.asarray({0})"),
    *("np.ascontiguousarray({0})", "np.asfortranarray({0})", "np.flipud({0})", "{0}.copy()", "{0} + {1}"),
    *("np.where({0} > 3, {0}, {1})", "({0}, {1})[0]", "({0}, {1})[1]", "same({0})", "pick({0}, {1}, n)"),
    *("{0}[I]", "np.sqrt(np.abs({0}))", "np.atleast_2d({0})", "({0} if n > 0 else {1})"),
)
_ROW = ("{0}[1]", "{0}[:, 2]", "{0}[3, ::-1]", "{0}.T[0]", "np.sum({0}, 0)", "{0}[1].copy()", "same({0})[n]")
_READ = ("y += {0}.sum()", "y += {0}[1, 2]", "y += np.max({0})", "y += total({0})", "y += {0}[n].mean()")
_WRITE = (
    *("{0}[0, 1] = {2}", "{0}[1:, 2] += {2}", "{0}[:] = {1}", "{0} += {1}", "{0}[n] -= {2}", "{0}.fill({2})"),
    *("np.add({0}, {1}, {0})", "fill({0}, {2})", "fill({0}[1:], {2})", "copy_into({0}, {1})"),
    *(
        "np.fill_diagonal({0}, {2})",
        "deep({1}, {0})",
        "for row in {0}:\n    row[2] = {2}",
        "{0}.flat[2] = {2}",
    ),
    *("for row, other in zip({0}, {1}):\n    row[:] = other + {2}", "apply(fill, {0}, {1})"),
)
_WRITE_ROW = ("{0}[1] = {2}", "{0}[:] = {2}", "{0} *= 2", "{0}.sort()", "fill({0}, {2})", "np.sin({0}, {0})")


def random_body(seed, statements=12):
    """Return the text of a random body."""
    chosen = random.Random(seed)
    squares, rows = ["A", "B", "C"], ["V"]
    lines = ["y = 0.0"]

    def fill_in(pattern, names):
        constant = chosen.randint(20, 99)
        return pattern.format(chosen.choice(names), chosen.choice(squares), f"{constant}.5")

    for number in range(statements):
        kind = chosen.random()
        if kind < 0.35:
            lines.append(f"s{number} = " + fill_in(chosen.choice(_SQUARE), squares))
            squares.append(f"s{number}")
        elif kind < 0.5:
            lines.append(f"r{number} = " + fill_in(chosen.choice(_ROW), squares))
            rows.append(f"r{number}")
        elif kind < 0.6:
            lines.append(fill_in(chosen.choice(_READ), squares))
        else:
            write, names = chosen.choice([(_WRITE, squares), (_WRITE, squares), (_WRITE_ROW, rows)])
            text = fill_in(chosen.choice(write), names)
            if chosen.random() < 0.4:
                text = f"if y < {chosen.randint(0, 200)}:\n    " + text.replace("\n", "\n    ")
            lines.append(text)
    return "\n".join([*lines, "return y"])
