import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import runs
from zuki_kernels._jit import kernel

BIG = (1 << 28) - 1


@pytest.mark.parametrize(("slot", "node"), [(0, 0), (1, 0), (0, 1), (1023, runs.ROOT_MARKER), (77, 1 << 39)])
def test_a_task_is_a_run_and_a_node(slot, node):
    task = runs.task_of(slot, node)
    assert task >= 0
    assert (runs.slot_of(task), runs.node_of(task)) == (slot, node)


@pytest.mark.parametrize("parts", [(0, 0, 0), (7, 0, 0), (0, BIG, 0), (0, 0, BIG), (7, BIG, BIG), (3, 1, 2)])
def test_a_shape_is_level_and_degrees(parts):
    word = runs.shape(*parts)
    assert (runs.level_of(word), runs.predecessors_of(word), runs.successors_of(word)) == parts


def test_a_body_and_an_edge_share_a_word():
    word = 12345 << runs.BODY_SHIFT | 678
    assert (runs.body_of(word), runs.first_edge_of(word)) == (12345, 678)


@kernel
def look(table, slot, node):
    nodes, margins, edges = (
        runs.nodes_of(table, slot),
        runs.margins_of(table, slot),
        runs.edges_of(table, slot),
    )
    return nodes.shape, margins.shape, edges.shape, runs.target_of(edges, node)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_tables_of_a_run_are_found_through_its_row(count):
    plan = Plan(count + 1, [(0, node) for node in range(1, count + 1)])
    running = Running(Plan(1), plan)
    for edge in range(count):
        nodes, margins, edges, target = look(running.runs, 1, edge)
        assert nodes == (count + 1, runs.NODE_FIELDS)
        assert margins == (count + 1, runs.MARGIN_FIELDS)
        assert edges == ((count + 1) // 2, 1)
        assert target == plan.edges[edge]
