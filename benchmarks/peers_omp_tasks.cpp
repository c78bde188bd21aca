// Fork and join on OpenMP's tasks: one spawned task a call, as its examples do it.
//
//     peers_omp_tasks PROBLEM SIZE THREADS
//
// PROBLEM is `fib` or `queens`; both do what the example of that name does. One line of JSON comes out: what was
// found, and the seconds it took.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <omp.h>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static std::int64_t fib(std::int64_t n) {
    if (n < 2) return n;
    std::int64_t spawned = 0;
#pragma omp task shared(spawned) firstprivate(n)
    spawned = fib(n - 1);
    const std::int64_t other = fib(n - 2);
#pragma omp taskwait
    return spawned + other;
}

static std::int64_t place(std::int64_t free, std::int64_t columns, std::int64_t falling, std::int64_t rising,
                          std::int64_t board) {
    if (free == 0) return 0;
    const std::int64_t queen = free & -free;
    std::int64_t others = 0, ways = 1;
#pragma omp task shared(others) firstprivate(free, queen, columns, falling, rising, board)
    others = place(free ^ queen, columns, falling, rising, board);
    if ((columns | queen) != board) {
        const std::int64_t taken = columns | queen, down = (falling | queen) << 1, up = (rising | queen) >> 1;
        ways = place(board & ~(taken | down | up), taken, down, up, board);
    }
#pragma omp taskwait
    return ways + others;
}

static std::int64_t solve(const std::string &problem, std::int64_t size) {
    std::int64_t found = 0;
    const std::int64_t board = (std::int64_t{1} << size) - 1;
#pragma omp parallel
#pragma omp single
    found = problem == "fib" ? fib(size) : place(board, 0, 0, 0, board);
    return found;
}

int main(int, char **argv) {
    const std::string problem = argv[1];
    const std::int64_t size = std::atoll(argv[2]);
    omp_set_num_threads(std::atoi(argv[3]));
    solve(problem, size > 12 ? size - 12 : 1);  // starts the threads
    const double start = now();
    const std::int64_t found = solve(problem, size);
    std::printf("{\"found\": %lld, \"seconds\": %.9f}\n", static_cast<long long>(found), now() - start);
}
