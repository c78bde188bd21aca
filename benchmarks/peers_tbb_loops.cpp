// A loop on oneTBB's `parallel_for`, without a grain, and the same loop by one thread.
//
//     peers_tbb_loops WAY FILE THREADS REPEATS
//
// WAY is `serial` or `parallel`; the file holds an int64 for each round: how many steps it takes. One line of JSON
// comes out: the seconds of each loop but the first.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static void work(std::size_t first, std::size_t stop, double *results, const std::int64_t *steps) {
    for (std::size_t index = first; index < stop; ++index) {
        double total = 0.0;
        for (std::int64_t step = 0; step < steps[index]; ++step) total += static_cast<double>(step) * 1.0000001;
        results[index] = total;
    }
}

int main(int, char **argv) {
    const bool is_serial = argv[1] == std::string("serial");
    std::ifstream file(argv[2], std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto *steps = reinterpret_cast<const std::int64_t *>(bytes.data());
    const std::size_t rounds = bytes.size() / sizeof *steps;
    std::vector<double> results(rounds);
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, std::atoi(argv[3]));
    std::string seconds;
    for (int repeat = 0; repeat <= std::atoi(argv[4]); ++repeat) {
        const double start = now();
        if (is_serial) {
            work(0, rounds, results.data(), steps);
        } else {
            oneapi::tbb::parallel_for(
                oneapi::tbb::blocked_range<std::size_t>(0, rounds),
                [&](const auto &part) { work(part.begin(), part.end(), results.data(), steps); });
        }
        if (repeat) seconds += (repeat > 1 ? ", " : "") + std::to_string(now() - start);
    }
    std::printf("[%s]\n", seconds.c_str());
}
