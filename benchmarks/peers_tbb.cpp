// One graph of empty bodies on oneTBB's flow graph.
//
//     peers_tbb KIND A B THREADS REPEATS
//
// The kinds and what A and B mean stand in graphs.py, and so does the order of the edges. One line of JSON comes out.
// A `continue_node` counts its predecessors anew after each firing, so a built graph can be run again as it stands.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>

namespace flow = oneapi::tbb::flow;
using Node = flow::continue_node<flow::continue_msg>;
using Edges = std::vector<std::pair<std::int64_t, std::int64_t>>;

static bool counting = true;  // read by every body, written only while nothing runs: one predicted branch
static std::atomic<std::int64_t> counted{0};

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static std::uint64_t splitmix64(std::uint64_t state) {
    state = (state + 1) * 0x9E3779B97F4A7C15u;
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBu;
    return state ^ (state >> 31);
}

static std::int64_t edges_of(const std::string &kind, std::int64_t a, std::int64_t b, Edges &edges) {
    if (kind == "chain") {
        for (std::int64_t node = 1; node < a; ++node) edges.emplace_back(node - 1, node);
        return a;
    }
    if (kind == "stencil") {
        for (std::int64_t node = 0; node < a * (b - 1); ++node)
            for (std::int64_t column = node % a - 1; column <= node % a + 1; ++column)
                if (column >= 0 && column < a) edges.emplace_back(node, node - node % a + a + column);
        return a * b;
    }
    if (kind == "independent") return a;
    if (kind == "random") {
        for (std::int64_t node = 1; node < a; ++node) {
            const auto first = edges.size();
            for (std::int64_t k = 0; k < b; ++k) {
                const std::pair<std::int64_t, std::int64_t> edge(
                    node - 1 - static_cast<std::int64_t>(splitmix64(node * b + k) % std::min<std::int64_t>(node, 1000)),
                    node);
                if (std::find(edges.begin() + first, edges.end(), edge) == edges.end()) edges.push_back(edge);
            }
        }
        return a;
    }
    if (kind == "fan") {
        for (std::int64_t round = 0; round < b; ++round) {
            const std::int64_t first = round * (a + 2), last = first + a + 1;
            for (std::int64_t node = first + 1; node < last; ++node) edges.emplace_back(first, node);
            for (std::int64_t node = first + 1; node < last; ++node) edges.emplace_back(node, last);
            if (round + 1 < b) edges.emplace_back(last, last + 1);
        }
        return b * (a + 2);
    }
    std::fprintf(stderr, "no graph of the kind %s\n", kind.c_str());
    std::exit(2);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: %s KIND A B THREADS REPEATS\n", argv[0]);
        return 2;
    }
    Edges edges;
    const std::int64_t n = edges_of(argv[1], std::atoll(argv[2]), std::atoll(argv[3]), edges);
    std::vector<char> waits(n, 0);
    for (const auto &edge : edges) waits[edge.second] = 1;
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, std::atoi(argv[4]));

    const double start = now();
    flow::graph graph;
    std::vector<std::unique_ptr<Node>> nodes;  // nodes of a flow graph cannot be moved
    nodes.reserve(n);
    for (std::int64_t node = 0; node < n; ++node)
        nodes.push_back(std::make_unique<Node>(graph, [](const flow::continue_msg &) {
            if (counting) counted.fetch_add(1, std::memory_order_relaxed);
        }));
    const double made = now();
    for (const auto &edge : edges) flow::make_edge(*nodes[edge.first], *nodes[edge.second]);
    const double joined = now();

    std::vector<Node *> roots;
    for (std::int64_t node = 0; node < n; ++node)
        if (!waits[node]) roots.push_back(nodes[node].get());
    const auto run = [&] {
        const double begin = now();
        for (Node *root : roots) root->try_put(flow::continue_msg());
        graph.wait_for_all();
        return now() - begin;
    };
    const double first = run();  // starts the threads, touches the nodes, and counts what it runs
    if (counted.load() != n) {
        std::fprintf(stderr, "%lld of %lld bodies ran\n", (long long)counted.load(), (long long)n);
        return 1;
    }
    counting = false;
    std::printf("{\"tasks\": %lld, \"edges\": %lld, \"nodes_seconds\": %.9f, \"edges_seconds\": %.9f, "
                "\"first_seconds\": %.9f, \"runs\": [",
                (long long)n, (long long)edges.size(), made - start, joined - made, first);
    for (int repeat = 0; repeat < std::atoi(argv[5]); ++repeat) std::printf("%s%.9f", repeat ? ", " : "", run());
    std::printf("]}\n");
    std::fflush(stdout);
    std::_Exit(0);  // taking a million nodes apart one by one is not what is measured
}
