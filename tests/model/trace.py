"""A run told step by step, for whoever has to find out what went wrong."""

from pathlib import Path

from .memory import RaceError


class BrokenRunError(AssertionError):
    """A run that an oracle rejects; its message tells the run."""

    def __init__(self, problem, lines, note=""):
        super().__init__("\n".join([problem, *([note] if note else []), *lines]))
        self.problem = problem


class Final:
    """What a check may ask of the memory."""

    def __init__(self, machine, state):
        self._machine, self._state = machine, state

    def latest(self, table, row, field):
        """Return the latest value of a cell."""
        cell = self._machine.memory.number.get((table.name, row, field))
        if cell is None or cell >= len(self._state[1]):
            return table.initial.get((row, field), 0)
        return self._machine.latest(self._state, cell)


def _told(machine, state, node, choice, answer):
    """An operation with what it read and wrote."""
    if node.kind == "fence":
        return f"fence_{node.order}"
    latest = machine.latest(state, node.cell)
    name, row, field = node.operation
    place, operands = f"{name}[{row}, {field}]", ", ".join(map(str, node.operands))
    if node.kind == "wait":
        return f"wait {place} while {node.operands[0]}: {choice}"
    if node.kind == "wake":
        return f"wake {place}, at most {operands}: {'woke ' + str(answer) if answer else 'none asleep'}"
    call = f"{node.kind}_{node.order} {place}"
    if node.kind == "load":
        return f"{call} -> {answer}" + (f"  (stale: {latest} is the latest)" if answer != latest else "")
    if node.kind == "store":
        return f"{call} = {operands}"
    if node.kind == "cas":
        outcome = "done" if answer else f"fails, holds {latest}"
        return f"{call} {node.operands[0]} -> {node.operands[1]}: {outcome}"
    return f"{call} {operands}: {latest} -> {machine.memory_after(node, latest)}"


def tell(machine, state, names, slot, who, choice, answer):
    """One step as a line."""
    node = machine.nodes(state)[slot]
    function, file, line = node.site
    place, thread = f"{Path(file).name}:{line}", f"{names[who]}#{who}"
    return f"  {thread:<12} {function:<18} {place:<20} {_told(machine, state, node, choice, answer)}"


def describe(machine, taken, names):
    """The lines of a run, given as its steps: (state before, thread, choice)."""
    who, lines = list(range(len(names))), []
    for at, (state, slot, choice) in enumerate(taken):
        try:
            steps = {option: (answer, after) for option, answer, after in machine.steps(state, slot)}
        except RaceError:  # the last step: it has no outcome
            steps = {choice: ("?", None)}
        answer, after = steps[choice]
        lines.append(tell(machine, state, names, slot, who[slot], choice, answer))
        if after is not None and at + 1 < len(taken):
            who = _exchanged(who, after[0], taken[at + 1][0][0])
    return lines


def _exchanged(who, threads, settled):
    """Who is where once equal threads have been sorted."""
    left = list(range(len(threads)))
    if all(one[:2] == other[:2] for one, other in zip(threads, settled, strict=True)):
        return who
    moved = []
    for number, asleep, *_ in settled:
        place = next(at for at in left if threads[at][:2] == (number, asleep))
        left.remove(place)
        moved.append(who[place])
    return moved
