from tests.kernels.runs_of import Plan, Running
from zuki_kernels import node
from zuki_kernels.runs import LINK, NEXT, ROOT_MARKER, task_of


def test_links_join_tasks_of_several_runs_and_markers():
    first, second = Plan(3), Plan(2)
    running = Running(first, second)
    chain = [task_of(0, 2), task_of(1, 0), task_of(1, ROOT_MARKER), task_of(0, 0), task_of(0, ROOT_MARKER)]
    for task, following in zip(chain, [*chain[1:], node.END], strict=True):
        node.set_next(running.runs, task, following)
    found = [chain[0]]
    while found[-1] != node.END:
        found.append(node.next_of(running.runs, found[-1]))
    assert found == [*chain, node.END]
    assert first.margins[2, LINK] == chain[1]
    assert running.runs[1, NEXT] == chain[3]
