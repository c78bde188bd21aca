"""Signals sent to a process of its own at moments that nobody chose, many times over."""

from tests.runtime.script import run_script

HEAD = """
import concurrent.futures, struct

kind, times, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
generator = np.random.default_rng(seed)

class Alarm(BaseException):
    pass

armed = 0

def raise_if_armed(number, frame):
    global armed
    if armed > 0:
        armed -= 1
        raise Alarm

if kind == "ctrl-c":
    number, raised = signal.SIGINT, KeyboardInterrupt  # whose handler is Python's own
elif kind == "handler":
    number, raised = signal.SIGALRM, Alarm
    signal.signal(number, raise_if_armed)

orders, ordered = os.pipe()
answers, answer = os.pipe()

def send():
    while order := os.read(orders, 16):
        delay, gap = struct.unpack("2d", order)
        time.sleep(delay)
        for _ in range(1 if kind == "ctrl-c" else 3):  # signals; only so many raise as are armed
            os.kill(os.getpid(), number)
            time.sleep(gap)
        os.write(answer, b"x")

threading.Thread(target=send, daemon=True).start()

def interrupt(action, longest):
    '''Call `action` while a signal is sent, once; return what was raised.'''
    global armed
    armed = int(generator.integers(1, 3))
    delay, gap = longest * generator.random() ** 2, 0.002 * generator.random()
    try:
        os.write(ordered, struct.pack("2d", delay, gap))
        action()
        while True:
            time.sleep(15)
            raise SystemExit("the signal's exception was lost")
    except raised as error:
        armed = 0
        os.read(answers, 1)  # the last signal has been sent
        return error

def milliseconds_of(*each, then=None):
    graph = zuki.Graph()
    for number in each:
        node = graph.add(spin, milliseconds(number))
        if then is not None:
            graph.add(then, node)
    return graph

def check_usable(*executors):
    for executor in executors:
        graph = zuki.Graph()
        marks = np.zeros(20, np.int64)
        nodes = graph.add_many(mark, marks, zuki.each(np.arange(20)))
        graph.add_edges(nodes.ids[:-5], nodes.ids[5:])
        node = graph.add(len, "abc")
        graph.run(executor)
        graph.submit(executor).result(10)
        assert marks.tolist() == [2] * 20
        assert node.result() == 3
"""


def run_interrupted(text, kind, times, seed=1, limit=60):
    """Run ``text`` in a process whose `interrupt` sends signals of a kind."""
    return run_script(HEAD + text, kind, times, seed, limit=limit)
