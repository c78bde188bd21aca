"""What executors are told: every value is checked, from arguments and from the environment."""

import dataclasses

import pytest

import zuki

WRONG = {
    "max_threads": [
        (0, ValueError),
        (2000, ValueError),
        (1.5, TypeError),
        (True, TypeError),
        ("2", TypeError),
    ],
    "min_threads": [(-1, ValueError), (3, ValueError), (0.5, TypeError)],
    "keep_alive": [(-1, ValueError), (float("inf"), ValueError), ("1", TypeError), (True, TypeError)],
    "stack_size": [(1000, ValueError), (-1, ValueError), (1e6, TypeError)],
    "name": [(3, TypeError), (b"name", TypeError)],
    "policy": [("fast", ValueError), (3, ValueError)],
    "python_lanes": [(0, ValueError), (3, ValueError), (1.0, TypeError)],
    "debug": [(1, TypeError), ("yes", TypeError)],
    "trace": [(-1, ValueError), (1.5, TypeError), ("yes", TypeError)],
    "adaptive_sizing": [(1, TypeError), ("no", TypeError)],
    "affinity": [
        ("close", ValueError),
        ([], ValueError),
        ([0, 0], ValueError),
        ([-1], ValueError),
        ([1 << 15], ValueError),
        ([0.5], TypeError),
        ([True], TypeError),
        (3, TypeError),
        (b"0", TypeError),
        ({0}, TypeError),
    ],
    "measure": [(3, TypeError), ("yes", TypeError)],
    "initializer": [(3, TypeError)],
    "initargs": [(3, TypeError)],
}


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [(field, value, error) for field, pairs in WRONG.items() for value, error in pairs],
)
def test_a_value_that_is_wrong_is_named(field, value, error):
    told = {"max_threads": 2, field: value}
    with pytest.raises(error, match=field):
        zuki.ExecutorConfig(**told)
    with pytest.raises(error, match=field):
        zuki.Executor(**told)


def test_each_field_has_a_value_that_is_refused():
    assert {field.name for field in dataclasses.fields(zuki.ExecutorConfig) if field.init} == set(WRONG)


def test_it_is_frozen():
    config = zuki.ExecutorConfig(max_threads=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.max_threads = 3
    assert config.changed(name="other") == zuki.ExecutorConfig(max_threads=2, name="other")
    with pytest.raises(TypeError, match="has no threads"):
        config.changed(threads=3)


def test_an_executor_tells_what_it_was_told():
    config = zuki.ExecutorConfig(max_threads=3, min_threads=1, keep_alive=None, name="told")
    with zuki.Executor(config) as executor:
        assert executor.config == config
        assert (executor.max_threads, executor.min_threads, executor.keep_alive) == (3, 1, None)
    with zuki.Executor(config, max_threads=1) as executor:
        assert executor.config == config.changed(max_threads=1)
    with pytest.raises(TypeError, match="given twice"):
        zuki.Executor(2, max_threads=2)
    with pytest.raises(TypeError, match="has no threads"):
        zuki.Executor(threads=2)


def test_the_policy_chooses_the_class():
    with zuki.Executor(1) as many, zuki.Executor(policy="single_threaded") as single:
        assert type(many) is zuki.MultiThreadedExecutor
        assert type(single) is zuki.SingleThreadedExecutor
        assert single.max_threads == 1


def test_the_environment_is_asked():
    told = {
        "ZUKI_NUM_THREADS": " 3 ",
        "ZUKI_MIN_THREADS": "1",
        "ZUKI_KEEP_ALIVE": "never",
        "ZUKI_STACK_SIZE": "1048576",
        "ZUKI_NAME": "mine",
        "ZUKI_POLICY": "single_threaded",
        "ZUKI_PYTHON_LANES": "2",
        "ZUKI_OTHER": "is not ours",
    }
    assert zuki.ExecutorConfig.from_environment(told) == zuki.ExecutorConfig(
        max_threads=3,
        min_threads=1,
        keep_alive=None,
        stack_size=1 << 20,
        name="mine",
        policy="single_threaded",
        python_lanes=2,
    )
    assert zuki.ExecutorConfig.from_environment(told, max_threads=4, name="given").name == "given"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ZUKI_NUM_THREADS", "many"),
        ("ZUKI_MIN_THREADS", "x"),
        ("ZUKI_KEEP_ALIVE", "long"),
        ("ZUKI_POLICY", "x"),
    ],
)
def test_nonsense_in_the_environment(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValueError, match=f"{variable}|policy"):
        zuki.Executor()
