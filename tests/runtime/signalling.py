"""Signals that a process sends to itself: at moments that nobody chose, or at each step in turn."""

from tests.runtime.script import run_script

COMMON = """
import concurrent.futures, struct

kind = sys.argv[1]

class Alarm(BaseException):
    pass

armed = 1

def raise_if_armed(number, frame):
    global armed
    if armed > 0:
        armed -= 1
        raise Alarm

if kind == "ctrl-c":
    number, raised = signal.SIGINT, KeyboardInterrupt  # whose handler is Python's own
else:
    number, raised = signal.SIGALRM, Alarm
    signal.signal(number, raise_if_armed)

def graph_of(*milliseconds_each, then=None):
    graph = zuki.Graph()
    for each in milliseconds_each:
        node = graph.add(spin, milliseconds(each))
        if then is not None:
            graph.add(then, node)
    return graph

class Marked:
    '''A graph that knows whether each of its bodies has run once in each run.'''

    def __init__(self):
        self.marks = np.zeros(20, np.int64)
        self.graph = zuki.Graph()
        nodes = self.graph.add_many(mark, self.marks, zuki.each(np.arange(20)))
        self.graph.add_edges(nodes.ids[:-5], nodes.ids[5:])
        self.last = self.graph.add(len, "abc", after=nodes)

    def check(self, executor):
        self.graph.run(executor)  # takes its turn after a run that was left
        self.marks[:] = 0
        self.graph.run(executor)
        assert self.marks.tolist() == [1] * 20
        assert self.last.result() == 3
"""

AT_RANDOM = (
    COMMON
    + """
times = int(sys.argv[2])
generator = np.random.default_rng(int(sys.argv[3]))
orders, ordered = os.pipe()
answers, answer = os.pipe()

def send():
    while order := os.read(orders, 16):
        delay, gap = struct.unpack("2d", order)
        time.sleep(delay)
        for _ in range(1 if kind == "ctrl-c" else 3):  # not more raise than are armed
            os.kill(os.getpid(), number)
            time.sleep(gap)
        os.write(answer, b"x")

threading.Thread(target=send, daemon=True).start()

def interrupt(action, longest):
    '''Call `action` while signals are sent, of which the first raises and perhaps the second.'''
    global armed
    armed = int(generator.integers(1, 3))
    delay, gap = longest * generator.random() ** 2, 0.002 * generator.random()
    try:
        os.write(ordered, struct.pack("2d", delay, gap))
        action()
        time.sleep(15)
    except raised:
        armed = 0
        os.read(answers, 1)  # the last signal has been sent
    else:
        raise SystemExit("what the handler raised was lost")
"""
)

STEP_BY_STEP = (
    COMMON
    + """
# Python calls handlers where a function begins or a call ends. The profiler hears of these places.
OURS = tuple(os.path.dirname(sys.modules[name].__file__) for name in ("zuki", "zuki_kernels"))
left, place = 0, None

def is_in_finaliser(frame):
    '''Tell whether Python would ignore what is raised in a frame.'''
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None

def profile(frame, event, function):
    global left, place
    if event == "c_call" or frame.f_back is None:  # not such a place; a frame that Numba shows of a kernel
        return
    if not frame.f_code.co_filename.startswith(OURS) or is_in_finaliser(frame):
        return
    left -= 1
    if left == 0:
        sys.setprofile(None)
        place = event, frame.f_code.co_filename, frame.f_lineno, function
        signal.raise_signal(number)

def interrupt_at_each_step(action, check, every, first):
    '''Call `action` with a signal at one of its steps on this thread, then at a later one, to the last.'''
    global left, place, armed
    steps = first
    while True:
        left, place, armed = steps, None, 1
        try:
            sys.setprofile(profile)
            action()
            sys.setprofile(None)
        except raised:
            pass
        else:
            if place is None:
                return steps
            raise SystemExit(f"what the handler raised was lost at step {steps}, {place}")
        print("step", steps, *place, file=sys.stderr)
        check()
        steps += every
"""
)


def run_at_random(text, kind, times, *arguments, seed=1, limit=60):
    """Run ``text`` in a process whose `interrupt` sends signals of a kind."""
    return run_script(AT_RANDOM + text, kind, times, seed, *arguments, limit=limit)


def run_step_by_step(text, kind, *arguments, limit=60):
    """Run ``text`` in a process whose `interrupt_at_each_step` sends signals of a kind."""
    return run_script(STEP_BY_STEP + text, kind, *arguments, limit=limit)
