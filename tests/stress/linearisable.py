"""Whether a recorded history could be that of operations done one at a time.

A history is *linearisable* (Herlihy and Wing, 1990) if each operation can be given a
moment between its beginning and its end, so that all of them, done at once at their
moments, answer what they answered. The search is Wing and Gong's (1993): try each
operation that began before the first end, undo where it does not go on. Situations
already seen are left out (Lowe, 2017): what has been done, and the state it led to.

A *model* is a function of a state and an operation that returns the next state, or
None if there the operation cannot answer what it did. States are hashable. They should
be few: what operations leave behind in an order that shows only much later, such as a
long stack, makes the search explode.
"""

from typing import NamedTuple

LIMIT = 300_000  # situations tried before giving up


class Operation(NamedTuple):
    """One operation of one thread, as it was recorded."""

    begin: int
    end: int
    thread: int
    name: str
    given: object
    answer: object

    def __str__(self):
        given = "" if self.given is None else self.given
        return f"[{self.begin}..{self.end}] thread {self.thread}: {self.name}({given}) -> {self.answer}"


class NotLinearisableError(AssertionError):
    """No order of the operations explains what they answered."""


def linearise(history, model, state):
    """Return the operations in an order that explains them, or raise `NotLinearisableError`."""
    history = sorted(history)
    every = (1 << len(history)) - 1
    seen, order, longest = {(0, state)}, [], []
    path = [(state, iter(_next_ones(history, 0)))]
    done = 0
    while done != every:
        state, candidates = path[-1]
        for place in candidates:
            following = model(state, history[place])
            reached = done | 1 << place, following
            if following is not None and reached not in seen:
                seen.add(reached)
                if len(seen) > LIMIT:
                    raise RuntimeError(f"more than {LIMIT} situations: let less go on at once")
                done |= 1 << place
                order.append(place)
                path.append((following, iter(_next_ones(history, done))))
                break
        else:
            longest = max(longest, order.copy(), key=len)
            path.pop()
            if not path:
                raise NotLinearisableError(_explain(history, longest))
            done &= ~(1 << order.pop())
    return [history[place] for place in order]


def _next_ones(history, done):
    """The places of the operations that may come next: begun before any that is not done has ended."""
    place = (~done & done + 1).bit_length() - 1  # the first that is not done
    first_end, found = history[place].end if place < len(history) else 0, []
    while place < len(history) and history[place].begin <= first_end:
        if not done >> place & 1:
            found.append(place)
            first_end = min(first_end, history[place].end)
        place += 1
    return [place for place in found if history[place].begin <= first_end]


def _explain(history, longest):
    """What could be put in order, and what could not be after that."""
    lines = [str(history[place]) for place in longest[-12:]]
    done = sum(1 << place for place in longest)
    stuck = [str(history[place]) for place in _next_ones(history, done)]
    earlier = f"... {len(longest) - 12} before" if len(longest) > 12 else "from the beginning"
    return "\n".join([earlier, *lines, "and then none of", *stuck])
