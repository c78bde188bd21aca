"""What a turn asks of Python when it returns, and how a Python body went."""

# Reasons to return
GO_ON = 0  # call again: a thread was to be started, or a run has ended that Python wants to hear of
RUN_PYTHON = 1  # run the task's body, then call again with it as `finished`
RUN_OVER = 2  # the run that was waited for has ended
SIGNALS = 3  # the pulse has moved: let Python look at its signals
EXIT = 4  # the pool ends
LEFT = 5  # the thread has been idle for long, and is no worker any more
SPARE_MEMORY = 6  # the worker is idle, and its arena has memory that the system may have
SERVE = 10  # a worker was called for Python tasks: serve them, then call again
# What else a kernel may ask of Python, where it stands
BEGIN_DETACHED = 7  # hold a slot for detached tasks, and count one
END_DETACHED = 8  # no detached task was left
LOST = 9  # nobody will hear of the failure that stands where a turn tells a task
SURPLUS = 11  # the same of a failure that is one of several: it is counted

# How a Python body went
RETURNED = 0
RAISED = 1
PASSED_OVER = 2
POSTPONED = 3  # it has not ended: `starting.answer` will say that it has
