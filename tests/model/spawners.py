"""Workers whose tasks spawn: hands, arenas in modelled memory, bodies that do as jitted code does."""

from zuki_kernels import arena, blocks, directory, groups, joining, reasons, spawning
from zuki_kernels import hands as columns
from zuki_kernels.runs import NONE

from .mount import Table, address_of, arena_address, atomic, cell_address, table_at
from .pools import wait
from .worlds import World, load_plain, store_plain

FRAME = 2  # words of a frame: the argument, then the result
FILL = 8  # words more in the frame of a wide task
SIZE, WIDE_SIZE = blocks.HEAD_BYTES + 8 * FRAME, blocks.HEAD_BYTES + 8 * (FRAME + FILL)
NOT_ITS = 99  # as a result: the handle has been joined before
OF_WHAT_RUNS = columns.TASK, columns.DOOMED, columns.FORSAKEN, columns.ENTERED
FAILURE = 1  # added to the argument, what a body that fails answers


class Spawners(World):
    """Workers with hands, and the tasks that they may spawn.

    A task is told apart by its argument. Its body adds one to the row of `ran` with that number, a plain
    access, and answers with ten more. ``children`` says what it does before.

    Parameters
    ----------
    tasks : int
        How many there are.
    children : dict
        ``{argument: program}``: ``program(spawners, me)`` is run by the body.
    failing, wide : sequence of int
        The tasks that fail; those with a large frame, all of which is written when they are spawned.
    shares : bool
        Whether workers share what they spawn; else only where a program says so.
    taken : bool
        Whether task 0 has been spawned by the owner, and taken by worker 0, before the beginning.
    room : int
        How many chunks an arena holds.
    raises : bool
        Whether the owner fails at the end of its program.
    python : bool
        Whether the owner is a body that is Python, and has pinned nothing.
    nodes, edges
        The graph, as in `World`.
    """

    def __init__(
        self, kernels, tasks, *, workers=2, children=None, failing=(), wide=(), shares=True, taken=False,
        room=1, python=False, raises=False, nodes=1, edges=(),
    ):  # fmt: skip
        super().__init__(nodes, edges, workers=workers)
        self.python, self.raises = python, raises
        self.owns = workers - 1  # not row 0, which also stands for what was never written
        self.kernels, self.children, self.failing, self.wide = kernels, children or {}, failing, wide
        self.ran = Table("ran", 1, tasks)
        self.released = Table("released", 1, tasks)
        self.told = Table("told", 1, tasks)
        self.kinds = tuple(
            Table(f"kind of {size}", 1, blocks.KIND_FIELDS, {
                (0, blocks.ENTRY): address_of(self._enter),
                (0, blocks.SIZE): size,
                (0, blocks.RELEASE): address_of(self._release),
            })
            for size in (SIZE, WIDE_SIZE)
        )  # fmt: skip
        self.begins = []
        at = self.hands.initial
        for me in range(workers):
            is_taken = taken and me == self.owns
            held = self._taken() if is_taken else {}
            chunk = kernels.hands.CHUNK_BYTES
            memory = arena_address(Table(f"arena {me}", 1, room * chunk // 8, held))
            begin = memory + columns.CHUNK_HEAD
            self.begins.append(begin)
            at[me, columns.ARENA_TOP] = begin + SIZE * is_taken
            at[me, columns.ARENA_BEGIN] = memory
            at[me, columns.PYTHON_FLOOR] = begin if python and me == self.owns else 0
            at[me, columns.FLOOR] = begin if me == self.owns else 0
            at[me, columns.ARENA_FRESH] = memory + chunk
            at[me, columns.ARENA_SEARCH] = memory + kernels.arena._FEW * chunk
            at[me, columns.ARENA_END] = memory + room * chunk
            at[me, columns.STAMP] = blocks.ONE_STAMP * is_taken
            at[me, columns.SHARES] = int(shares)
            at[me, columns.JOIN] = address_of(kernels.joining.join)
            at[me, columns.CALL_PYTHON] = address_of(_call_python)
            at[me, columns.DIRECTORY] = address_of(self._directory())
        self.begins = tuple(self.begins)

    def frozen(self):
        return "spawners"

    def _taken(self):
        """The cells of task 0, spawned first and taken."""
        first = columns.CHUNK_HEAD // 8
        return {
            (0, first + blocks.KIND): address_of(self.kinds[0]),
            (0, first + blocks.STATE): blocks.ONE_STAMP | blocks.SHARED,
            (0, first + blocks.OWNER): self.owns,
        }

    def _directory(self):
        tables = {
            directory.POOL: self.pool,
            directory.WORKERS: self.workers,
            directory.DEQUES: self.deques,
            directory.RINGS: self.rings,
            directory.QUEUES: self.queues,
            directory.RUNS: self.runs,
            directory.HANDS: self.hands,
            directory.HAND_RINGS: self.hand_rings,
        }
        numbers = {
            directory.SEATS: self.workers.shape[0],
            directory.DEQUE_ROWS: self.deques.shape[0],
            directory.CAPACITY: self.rings.shape[1],
            directory.QUEUE_ROWS: self.queues.shape[0],
            directory.RUN_ROWS: self.runs.shape[0],
            directory.HAND_CAPACITY: self.hand_rings.shape[1],
        }
        held = {(0, field): address_of(table) for field, table in tables.items()}
        held.update({(0, field): number for field, number in numbers.items()})
        return Table("directory", 1, directory.DIRECTORY_FIELDS, held)

    # ---- what the compiler writes -----------------------------------------------------------------

    def _enter(self, me_and_frame):
        me, frame = me_and_frame
        argument = yield from load_plain(table_at(frame, 1, FRAME), 0, 0)
        failure, result = yield from self.work(me, argument)
        yield from store_plain(table_at(frame, 1, FRAME), 0, 1, result)
        return failure

    def _release(self, frame):
        argument = yield from load_plain(table_at(frame, 1, FRAME), 0, 0)
        held = yield from load_plain(self.released, 0, argument)
        yield from store_plain(self.released, 0, argument, held + 1)
        return 0

    def work(self, me, argument):
        """Do what a task does; return its failure and its result."""
        held = yield from load_plain(self.ran, 0, argument)
        yield from store_plain(self.ran, 0, argument, held + 1)
        if argument in self.children:
            yield from self.children[argument](self, me)
        return FAILURE + argument if argument in self.failing else 0, 10 + argument

    def spawn(self, me, argument):
        """Spawn a task; return its handle."""
        kernels, hand = self.kernels.spawning, cell_address(self.hands, me, 0)
        is_wide = argument in self.wide
        wanted = hand, WIDE_SIZE if is_wide else SIZE, 0
        block = yield from kernels.reserve(*wanted)
        if block == 0:
            block = yield from kernels.reserve_slowly(*wanted)
        if block <= 0:
            raise AssertionError("no room for a task")
        frame = table_at(block + blocks.HEAD_BYTES, 1, FRAME)
        yield from store_plain(frame, 0, 0, argument)
        yield from store_plain(frame, 0, 1, 0)
        for word in range(FILL * is_wide):
            yield from store_plain(table_at(block + SIZE, 1, FILL), 0, word, 1)
        stamp = yield from kernels.spawn(hand, block, address_of(self.kinds[is_wide]))
        return block, stamp

    def join(self, me, handle):
        """Join a task; return its result, `NOT_ITS`, or minus its failure."""
        kernels, hand, (block, stamp) = self.kernels.spawning, cell_address(self.hands, me, 0), handle
        frame = table_at(block + blocks.HEAD_BYTES, 1, FRAME)
        if (yield from kernels.take_newest(hand, block, stamp)):
            argument = yield from load_plain(frame, 0, 0)
            failure, result = yield from self.work(me, argument)
            its = hand, block, WIDE_SIZE if argument in self.wide else SIZE
            if failure:
                yield from kernels.join_left(*its, spawning.NO_MORE_ABOVE)
                return -failure
            return -(yield from kernels.join_left(*its, spawning.ALL_ABOVE)) or result
        failure = yield from kernels.join_slowly(hand, block, stamp)
        if failure == joining.JOINED_BEFORE:
            return NOT_ITS
        result = yield from load_plain(frame, 0, 1)
        return -failure or result

    # ---- threads ----------------------------------------------------------------------------------

    def owner(self, program):
        """Run a task that spawns and joins as told, then end the pool; return the results."""

        def owner():
            floor = self.begins[self.owns]
            if not self.python:
                yield from self.kernels.arena.pin(self.hands, self.owns)
            results = yield from self.follow(self.owns, program)
            if not self.python:
                yield from self.kernels.arena.unpin(floor)
            hand = cell_address(self.hands, self.owns, 0)
            above = spawning.NO_MORE_ABOVE if self.raises else spawning.ALL_ABOVE
            if (yield from self.kernels.joining.join(hand, floor, above)) and not self.raises:
                results += ("failed",)
            yield from self.kernels.notifier.shut_down(self.pool, self.workers)
            return results

        return owner

    def follow(self, me, program):
        """Spawn, join, share and sleep as told: ``("spawn", 3)``, ``("join", 3)``; return the results."""
        handles, results = ((0, (self.begins[self.owns], blocks.ONE_STAMP)),), ()  # the one that is taken
        for step, task in program:
            if step == "spawn":
                handles = ((task, (yield from self.spawn(me, task))), *handles)
            elif step == "join":
                handle = next(held for known, held in handles if known == task)
                results += ((yield from self.join(me, handle)),)
            elif step == "hear":
                while not (yield from atomic("load_acquire")(self.told, 0, task)):
                    yield from wait(self.told, 0, task, 0, -1)
            else:
                hand = cell_address(self.hands, me, 0)
                yield from self.kernels.joining.join(hand, 0, spawning.SHARE)
        return results

    def runner(self):
        """Worker 0, which has taken task 0."""
        yield from self.kernels.spawned.run(self.workers, self.hands, 0, self.begins[self.owns])

    def thief(self, me, tries=1):
        """A worker that looks so often for a task."""

        def thief():
            for _ in range(tries):
                block = yield from self.kernels.spawned.find(
                    self.pool, self.workers, self.hands, self.hand_rings, me
                )
                if block:
                    yield from self.kernels.spawned.run(self.workers, self.hands, me, block)

        return thief

    def worker(self, me):
        """A worker that takes turns until the pool ends."""

        def worker():
            reason = None
            while reason != self.kernels.reasons.EXIT:
                reason, *_ = yield from self.kernels.turn.turn(
                    me, NONE, NONE, self.kernels.reasons.RETURNED, NONE,
                    self.pool, self.workers, self.deques, self.rings, self.queues, self.runs, self.hands,
                    self.hand_rings,
                )  # fmt: skip

        return worker

    # ---- oracles ----------------------------------------------------------------------------------

    def wrong_at_rest(self, memory, released=(), dropped=(), perhaps=()):
        """What is wrong with the hands, and with what has run and was released, at the end."""
        times = [memory.latest(self.ran, 0, task) for task in range(self.ran.shape[1])]
        pairs = [(time, int(task not in dropped)) for task, time in enumerate(times)]
        if any(time != right and (task not in perhaps or time) for task, (time, right) in enumerate(pairs)):
            return f"the tasks have run {times} times"
        return self.wrong_in_hands(memory, released)

    def wrong_in_hands(self, memory, released=()):
        """What is wrong with the hands and arenas, and with what was released, at the end."""
        let_go = [memory.latest(self.released, 0, task) for task in range(self.ran.shape[1])]
        if let_go != [int(task in released) for task in range(self.ran.shape[1])]:
            return f"the frames were released {let_go} times"
        for me, begin in enumerate(self.begins):
            if memory.latest(self.hands, me, columns.ARENA_TOP) != begin:
                return f"the arena of worker {me} is not empty"
            first = table_at(begin - columns.CHUNK_HEAD, 1, arena.CHUNK_FIELDS).block.table
            if memory.latest(first, 0, arena.BEFORE) or memory.latest(first, 0, arena.PINS):
                return f"the first chunk of worker {me} is not the first, or is pinned"
            if memory.latest(self.hands, me, columns.NEWEST) != cell_address(self.hands, me, columns.ANCHOR):
                return f"the hand of worker {me} is not empty"
            if any(memory.latest(self.hands, me, column) for column in OF_WHAT_RUNS):
                return f"worker {me} takes itself for one that runs a task, or is doomed"
            if memory.latest(self.hands, me, columns.FLOOR) != (begin if me == self.owns else 0):
                return f"worker {me} takes itself for one that has entered a task"
            if memory.latest(self.workers, me, groups.FAILED):
                return f"worker {me} knows of tasks that have failed and are not joined"
            top, bottom = (
                memory.latest(self.hands, me, column)
                for column in (self.kernels.deque.TOP, self.kernels.deque.BOTTOM)
            )
            if top != bottom:
                return f"worker {me} has shared what nobody took"
        return None


def _call_python(me, reason, *asked):
    if reason != reasons.SURPLUS:
        raise AssertionError(f"Python was called: {me, reason, *asked}")
    return 0
