"""Threads that run kernels at once."""

import threading

LIMIT = 60  # seconds that a thread may take


def run_together(*calls):
    """Call each function on a thread of its own, all begun together; return the results in order."""
    gate = threading.Barrier(len(calls))
    results, errors = [None] * len(calls), []

    def run(index, function):
        try:
            gate.wait(LIMIT)
            results[index] = function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if errors:
        raise errors[0]
    return results
