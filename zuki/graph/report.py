"""What a run tells of itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zuki.errors import ZukiError
from zuki.later import later

if TYPE_CHECKING:
    from zuki.tracing.scaling import Scaling
    from zuki.tracing.strands import Strands

tables = later("zuki.drawing.tables")
simulated = later("zuki.tracing.scaling")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of a graph took.

    Parameters
    ----------
    graph : str
        The graph's name.
    nodes : int
        How many nodes it has.
    edges : int
        How many edges.
    seconds : float
        From the start of the run to its end.
    workers : int
        How many threads ran nodes.
    steals : int
        How many tasks a thread took from another one.
    work : float or None
        Seconds in all bodies together, if measured.
    span : float or None
        Seconds on the longest way through the graph, if measured: no number of threads is faster.
    strands : callable, optional
        Returns what the run was made of, if it was measured or traced; for `scaling`.
    """

    graph: str
    nodes: int
    edges: int
    seconds: float
    workers: int
    steals: int
    work: float | None = None
    span: float | None = None
    strands: Callable[[], "Strands"] | None = field(default=None, repr=False, compare=False)

    def scaling(self, workers: Iterable[int] | None = None) -> "Scaling":
        """Predict what other numbers of workers would give, by a simulation of the pool.

        Parameters
        ----------
        workers : iterable of int, optional
            Numbers of workers; default: some from 1 to 64.

        Returns
        -------
        Scaling
            Work, span, and what is predicted.

        Raises
        ------
        ZukiError
            The run was neither measured (``measure=True``) nor traced, or events of it are lost.
        """
        if self.strands is None:
            raise ZukiError(
                f"this run of {self.graph!r} was not measured: run it with measure=True, or in zuki.trace()"
            )
        return simulated.scaling_of(self.strands(), simulated.USUAL if workers is None else workers)

    def __str__(self) -> str:
        return "\n".join(f"{name:>8}  {value}" for name, value in self._lines())

    def _lines(self) -> list[tuple[str, str]]:
        per_node = self.seconds / self.nodes * 1e9 if self.nodes else 0.0
        lines = [
            ("graph", self.graph),
            ("nodes", f"{self.nodes:,}"),
            ("edges", f"{self.edges:,}"),
            ("seconds", f"{self.seconds:.6f} ({per_node:,.0f} ns a node)"),
            ("workers", f"{self.workers}"),
            ("steals", f"{self.steals:,}"),
        ]
        if self.work is not None and self.span is not None:
            most = self.work / self.span if self.span > 0 else 1.0
            lines += [
                ("work", f"{self.work:.6f} s"),
                ("span", f"{self.span:.6f} s (at most {most:.1f} times faster)"),
            ]
        return lines

    def _repr_html_(self) -> str:
        return tables.table(f"run of {self.graph}", self._lines()[1:])
