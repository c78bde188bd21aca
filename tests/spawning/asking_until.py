"""A script whose body asks for minutes whether it is cancelled, and says how it ended."""

import signal
import sys
import threading
import time

import numpy as np

import zuki


@zuki.task("void(int64[::1])")  # compiled before anything runs
def ask_until(answers):
    while not zuki.cancelled():
        answers[0] += 1


@zuki.task("void(int64[::1])")  # compiled before anything runs
def ask_until_on_two(answers):
    zuki.spawn(ask_until, answers[1:])
    ask_until(answers)


def say_when_asked(answers):
    while not answers[0]:
        time.sleep(0.01)
    print("asks", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    answers = np.zeros(2, np.int64)
    watcher = threading.Thread(target=say_when_asked, args=(answers,), daemon=True)
    watcher.start()
    with zuki.Executor(int(sys.argv[1])) as executor:
        try:
            executor.run(ask_until_on_two, answers)
        except KeyboardInterrupt:
            print("interrupted", (answers > 0).sum(), flush=True)
