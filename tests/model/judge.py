"""The oracles: what is wrong with a state, or with an end."""

import inspect

from .trace import Final


class Judge:
    """The oracles of a scenario."""

    def __init__(self, machine, threads, check, invariant, quiescent):
        self.machine, self.check, self.invariant, self.quiescent = machine, check, invariant, quiescent
        self.names = [getattr(start, "__name__", "thread") for start in threads]
        self._wants_memory = check is not None and len(inspect.signature(check).parameters) > 1

    def at_the_end(self, state, nodes):
        """What is wrong with a state in which no thread can step, or nothing."""
        results = {slot: node.result for slot, node in enumerate(nodes) if node.done}
        final = Final(self.machine, state)
        if len(results) < len(nodes):
            if self.quiescent is not None and self.quiescent(results, final):
                return None
            asleep = ", ".join(f"{self.names[s]}#{s}" for s, n in enumerate(nodes) if not n.done)
            return f"lost wake-up: {asleep} asleep for ever: {results}"
        if self.check is None:
            return None
        problem = self.check(results, final) if self._wants_memory else self.check(results)
        return f"{problem}: {results}" if problem else None

    def on_the_way(self, state, nodes):
        """What is wrong with any state, or nothing."""
        for node in nodes:
            if node.error is not None:
                return f"{type(node.error).__name__}: {node.error}"
        if self.invariant is not None:
            return self.invariant(Final(self.machine, state)) or None
        return None
