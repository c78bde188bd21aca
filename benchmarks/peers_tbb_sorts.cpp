// Sorting on oneTBB: its `parallel_sort`, and the quicksort of examples/quicksort.py on its `task_group`.
//
//     peers_tbb_sorts WAY KIND FILE THREADS REPEATS
//
// WAY is `parallel_sort` or `quicksort`, KIND `int32`, `int64` or `float64`; the file holds the numbers as they lie
// in memory. One line of JSON comes out: the seconds of each sort but the first.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_sort.h>
#include <oneapi/tbb/task_group.h>

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename Number>
static void insertion_sort(Number *first, Number *stop) {
    for (Number *at = first + 1; at < stop; ++at) {
        const Number number = *at;
        Number *place = at;
        for (; place > first && place[-1] > number; --place) *place = place[-1];
        *place = number;
    }
}

template <typename Number>
static void quicksort(Number *first, Number *stop) {
    if (stop - first <= 32) return insertion_sort(first, stop);
    const Number pivot = stop[-1];
    Number *middle = first;
    for (Number *at = first; at < stop - 1; ++at)
        if (*at <= pivot) std::swap(*at, *middle++);
    std::swap(stop[-1], *middle);
    oneapi::tbb::task_group group;
    group.run([=] { quicksort(first, middle); });
    group.run([=] { quicksort(middle + 1, stop); });
    group.wait();
}

template <typename Number>
static int sort(bool by_quicksort, const char *file, int repeats) {
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const Number *given = reinterpret_cast<const Number *>(bytes.data());
    std::vector<Number> numbers(bytes.size() / sizeof(Number));
    for (int repeat = 0; repeat <= repeats; ++repeat) {  // the first one starts the threads
        std::copy(given, given + numbers.size(), numbers.begin());
        const double begin = now();
        if (by_quicksort)
            quicksort(numbers.data(), numbers.data() + numbers.size());
        else
            oneapi::tbb::parallel_sort(numbers.begin(), numbers.end());
        const double seconds = now() - begin;
        if (!std::is_sorted(numbers.begin(), numbers.end())) return 1;
        if (repeat) std::printf("%s%.9f", repeat > 1 ? ", " : "[", seconds);
    }
    std::printf("]\n");
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: %s WAY KIND FILE THREADS REPEATS\n", argv[0]);
        return 2;
    }
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, std::atoi(argv[4]));
    const bool by_quicksort = std::string(argv[1]) == "quicksort";
    const std::string kind = argv[2];
    const int repeats = std::atoi(argv[5]);
    if (kind == "int32") return sort<std::int32_t>(by_quicksort, argv[3], repeats);
    if (kind == "int64") return sort<std::int64_t>(by_quicksort, argv[3], repeats);
    return sort<double>(by_quicksort, argv[3], repeats);
}
