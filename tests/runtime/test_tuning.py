"""What `zuki.tune` suggests: the decision on made-up figures, and real runs."""

import pytest

import zuki
from tests.runtime.bodies import spin
from zuki.runtime.tuning import Measured, choose


def measured(**seconds):
    """Return figures: by number of threads, as ``t2``, how long each run took."""
    return {int(name[1:]): Measured(tuple(times), float(name[1:]), 100, 3) for name, times in seconds.items()}


@pytest.mark.parametrize(
    ("figures", "expected", "why"),
    [
        (measured(t1=[1.0, 1.0, 1.0], t2=[0.5, 0.5, 0.6]), 2, "2 threads take 50% of the time of 1"),
        (measured(t1=[1.0, 1.0, 1.0], t2=[0.97, 0.97, 0.97]), 1, "2 take 97% of the time of 1: not worth it"),
        (measured(t1=[0.3, 1.0, 1.7], t2=[0.8, 0.8, 0.8]), 1, "not worth it"),
        (measured(t1=[1.0], t2=[1.3], t4=[0.4]), 4, "4 threads take 40% of the time of 1"),
        (measured(t1=[1.0], t2=[0.5], t4=[0.26], t8=[0.25]), 4, "8 take 96% of the time of 4"),
        (measured(t1=[1.0]), 1, "Nothing but 1 was tried"),
    ],
)
def test_the_fewest_threads_that_are_worth_it(figures, expected, why):
    threads, reasons = choose(figures)
    assert threads == expected
    assert any(why in reason for reason in reasons), reasons


def test_it_says_that_processors_idle_and_that_no_jitted_task_ran():
    _, reasons = choose({4: Measured((1.0,), 0.9, 0, 0)})
    assert any("Of 4 processors 0.9 were busy" in reason for reason in reasons)
    assert any("No jitted task ran here" in reason for reason in reasons)


def test_a_graph_is_run_with_each_number_of_threads():
    graph = zuki.Graph()
    graph.add_many(spin, 1000, count=50)
    seen = []

    def program():
        seen.append(zuki.default_executor().max_threads)
        graph.run()

    before = zuki.default_executor()
    suggestion = zuki.tune(program, rounds=2, max_threads=3, name="tuned")
    assert zuki.default_executor() is before
    assert seen == [1, 2, 3] * 3
    assert suggestion.config.name == "tuned"
    assert suggestion.config.max_threads in (1, 2, 3)
    assert [one.tasks for one in suggestion.measured.values()] == [150] * 3
    assert all(len(one.seconds) == 2 for one in suggestion.measured.values())
    text = str(suggestion)
    assert text.startswith(f"max_threads={suggestion.config.max_threads}\n")
    assert all(reason in text for reason in suggestion.reasons)
    with zuki.Executor(suggestion.config) as executor:
        graph.run(executor)


def test_what_the_program_raises_comes_out_and_leaves_nothing_behind():
    before = zuki.default_executor()
    with pytest.raises(ZeroDivisionError):
        zuki.tune(lambda: 1 // 0, max_threads=2)
    assert zuki.default_executor() is before


def test_bad_values():
    with pytest.raises(TypeError, match=r"zuki\.tune: fn must be callable, not a int"):
        zuki.tune(3)
    with pytest.raises(ValueError, match="rounds must be between 1 and"):
        zuki.tune(print, rounds=0)
    with pytest.raises(ValueError, match="max_threads must be between 1 and"):
        zuki.tune(print, max_threads=0)
    with pytest.raises(TypeError, match="colour"):
        zuki.tune(print, max_threads=1, colour=3)
