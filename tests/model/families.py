"""Scenarios of workers that spawn and join: what a task does, in words, and how its kernels are mounted."""

from zuki_kernels.blocks import BLOCK_FIELDS, HEAD_BYTES, NO_BLOCK, OWNER, STATE
from zuki_kernels.hands import TASK

from .mount import atomic, mount_all, table_at
from .mutants import pattern
from .pools import wake
from .scenario import Scenario
from .spawners import Spawners
from .worlds import load_plain


def mount_spawning(edit=lambda source, name: source, chunk=512):
    """Mount kernels whose turns look for spawned tasks alone, and sleep after one round that found none.

    The model has no threads that a body could ask for their hands: who enters a body tells it its row.
    Chunks of arenas have ``chunk`` bytes.
    """
    edits = {
        ("hands", "CHUNK_BYTES = 1 << 16", f"CHUNK_BYTES = {chunk}"),
        ("arena", "_FEW = 4", "_FEW = 2"),
        ("splitting", "is_split_due() -> bool", "is_split_due(hand: int) -> bool"),
        ("splitting", "hand = current_hand()", ""),
        ("idling", "moment - idle_since < linger_of(workers, me)", "False"),
        ("turn", "if service.claim(pool)", "if False"),
        (
            "turn",
            "search.find(pool, workers, deques, rings, queues, runs, me, FEW if patient else 0)",
            "NONE",
        ),
        (
            "spawned",
            "call(load_relaxed(kind_of(block), 0, ENTRY), block + HEAD_BYTES)",
            "call(load_relaxed(kind_of(block), 0, ENTRY), (me, block + HEAD_BYTES))",
        ),
        (
            "chain",
            "store_relaxed(hands, me, FLOOR, floor)\n    failure = call(entry, frame)",
            "store_relaxed(hands, me, FLOOR, floor)\n    failure = call(entry, (me, frame))",
        ),
    }

    def edit_all(source, name):
        return edit(_edited(edits, source, name), name)

    return mount_all(edit_all, ["joining", "splitting"])


def _edited(edits, source, name):
    for file, old, new in edits:
        if name == file:
            source, replaced = pattern(old).subn(new, source)
            assert replaced >= 1
    return source


def spawn(*tasks):
    """Steps of a program: spawn these."""
    return tuple(("spawn", task) for task in tasks)


def join(*tasks):
    """Steps of a program: join these."""
    return tuple(("join", task) for task in tasks)


FORSAKEN = 2  # what a task tells that has heard so; see `asks`
SHARE = (("share", None),)  # step of a program: share what is oldest in hand


def hear(task):
    """Step of a program: sleep until a task tells that it runs."""
    return (("hear", task),)


def parent_of(*tasks):
    """What a task does that spawns these and joins them, the last first."""

    def program(spawners, me):
        yield from spawners.follow(me, spawn(*tasks) + join(*reversed(tasks)))

    return program


def leaves(*tasks):
    """What a task does that spawns these and joins none."""

    def program(spawners, me):
        yield from spawners.follow(me, spawn(*tasks))

    return program


def does(program):
    """What a task does that spawns and joins as told."""

    def follow(spawners, me):
        yield from spawners.follow(me, program)

    return follow


def tell(task):
    """What a task does that tells whoever hears it that it runs."""

    def program(spawners, me):
        yield from atomic("store_release")(spawners.told, 0, task, 1)
        yield from wake(spawners.told, 0, task, 1)

    return program


def asks(task):
    """What a task does that was taken: it asks whether nobody can see what it does, and tells if so."""

    def program(spawners, me):
        block = yield from atomic("load_relaxed")(spawners.hands, me, TASK)
        if block == NO_BLOCK or (yield from load_plain(table_at(block + HEAD_BYTES, 1, 1), 0, 0)) != task:
            return  # it was called by who joins it
        words = table_at(block, 1, BLOCK_FIELDS)
        owner = yield from atomic("load_relaxed")(words, 0, OWNER)
        state = yield from atomic("load_relaxed")(words, 0, STATE)
        if (yield from spawners.kernels.groups.is_forsaken(spawners.hands, owner, state)):
            yield from atomic("store_release")(spawners.told, 0, task, FORSAKEN)

    return program


def one_by_one(*programs):
    """What a task does that does all this."""

    def program(spawners, me):
        for part in programs:
            yield from part(spawners, me)

    return program


def family(
    program, results, *, tries=(1,), tasks=0, taken=False, released=(), dropped=(), perhaps=(), seen=(),
    **options,
):  # fmt: skip
    """A scenario: the last worker spawns and joins, the others look for tasks.

    Parameters
    ----------
    program : tuple
        What the last worker does.
    results : tuple
        What its joins have to return.
    tries : tuple of int
        How often each of the others looks; 0: it takes turns, and sleeps, until the pool ends.
    tasks : int
        How many tasks there are, if the program does not say.
    taken : bool
        Whether worker 0 has taken task 0 before the beginning, and only runs that.
    released, dropped : tuple of int
        Whose frames nobody joins; which of these do not begin.
    perhaps : tuple of int
        Those that may be passed over, or not.
    seen : tuple of int
        Those that ask (`asks`), and must not hear that nobody sees what they do.
    **options
        Those of `Spawners`.
    """
    tasks = tasks or 1 + max(task for _, task in program if task is not None)

    def make(kernels):
        spawners = Spawners(kernels, tasks, workers=len(tries) + 1, taken=taken, **options)
        others = [spawners.thief(me, most) if most else spawners.worker(me) for me, most in enumerate(tries)]

        def check(found, memory):
            if any(memory.latest(spawners.told, 0, task) == FORSAKEN for task in seen):
                return "a task whose result is seen has heard that it is not"
            return (found[0] != results and "the results are others") or spawners.wrong_at_rest(
                memory, released, dropped, perhaps
            )

        return [spawners.owner(program), *([spawners.runner] if taken else others)], check

    return make


def alone(program, results, **options):
    """A scenario of one worker."""
    return family(program, results, tries=(), **options)


def spawning(make, **options):
    """Return a scenario of `family`; no timeouts, so that none hides a wake-up that is lost."""
    return Scenario(make, entry=mount_spawning, timeouts=False, **options)
