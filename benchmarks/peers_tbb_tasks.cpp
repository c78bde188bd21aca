// Fork and join on oneTBB's `task_group`: one group and one spawned task a call, as its documentation does it.
//
//     peers_tbb_tasks PROBLEM SIZE THREADS REPEATS
//
// PROBLEM is `fib` or `queens`; both do what the example of that name does. One line of JSON comes out: what was
// found, and the seconds of each run.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static std::int64_t fib(std::int64_t n) {
    if (n < 2) return n;
    std::int64_t spawned = 0;
    oneapi::tbb::task_group group;
    group.run([&] { spawned = fib(n - 1); });
    const std::int64_t other = fib(n - 2);
    group.wait();
    return spawned + other;
}

static std::int64_t place(std::int64_t free, std::int64_t columns, std::int64_t falling, std::int64_t rising,
                          std::int64_t board) {
    if (free == 0) return 0;
    const std::int64_t queen = free & -free;
    std::int64_t others = 0, ways = 1;
    oneapi::tbb::task_group group;
    group.run([&] { others = place(free ^ queen, columns, falling, rising, board); });
    if ((columns | queen) != board) {
        const std::int64_t taken = columns | queen, down = (falling | queen) << 1, up = (rising | queen) >> 1;
        ways = place(board & ~(taken | down | up), taken, down, up, board);
    }
    group.wait();
    return ways + others;
}

static std::int64_t solve(const std::string &problem, std::int64_t size) {
    if (problem == "fib") return fib(size);
    const std::int64_t board = (std::int64_t{1} << size) - 1;
    return place(board, 0, 0, 0, board);
}

int main(int, char **argv) {
    const std::string problem = argv[1];
    const std::int64_t size = std::atoll(argv[2]), repeats = std::atoll(argv[4]);
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, std::atoi(argv[3]));
    std::int64_t found = solve(problem, size > 6 ? size - 6 : 1);  // starts the threads
    std::string runs;
    for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
        const double start = now();
        found = solve(problem, size);
        runs += (repeat ? ", " : "") + std::to_string(now() - start);
    }
    std::printf("{\"found\": %lld, \"runs\": [%s]}\n", static_cast<long long>(found), runs.c_str());
}
