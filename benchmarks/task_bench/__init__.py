"""Task Bench: what a task graph costs, as the smallest task that still runs with half of the machine's speed.

After Slaughter et al., "Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime Performance"
(SC 2020). The definitions are theirs; the code is not.
"""
