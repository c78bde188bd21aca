"""Fabricated machines: the files that Linux has of their processors."""

from zuki.platform import topology


class Machine:
    """Packages of nodes of caches of cores of threads, each numbered as a kernel would or as the test says.

    Parameters
    ----------
    root : Path
        Where the files go.
    packages, nodes, caches, cores, threads : int
        How many packages there are, nodes in each, last-level caches in each node, cores at each cache, and
        threads of each core.
    siblings_are_neighbours : bool
        Whether the threads of a core have consecutive numbers; else all first threads come first.
    """

    def __init__(
        self, root, packages=1, nodes=1, caches=1, cores=2, threads=1, siblings_are_neighbours=False
    ):
        self.root = root
        all_cores = packages * nodes * caches * cores
        self.count = all_cores * threads
        self.write("cpu/online", f"0-{self.count - 1}" if self.count > 1 else "0")
        self.write("node/online", f"0-{packages * nodes - 1}" if packages * nodes > 1 else "0")

        def cpus_of(core):
            if siblings_are_neighbours:
                return [core * threads + thread for thread in range(threads)]
            return [core + thread * all_cores for thread in range(threads)]

        def cpus_of_cores(first, count):
            return sorted(cpu for core in range(first, first + count) for cpu in cpus_of(core))

        for core in range(all_cores):
            cache, node = core // cores * cores, core // (cores * caches)
            for cpu in cpus_of(core):
                self.write(f"cpu/cpu{cpu}/topology/core_cpus_list", listed(cpus_of(core)))
                self.write(f"cpu/cpu{cpu}/topology/physical_package_id", str(node // nodes))
                self.cache(cpu, 0, 1, "Data", "32K", cpus_of(core))
                self.cache(cpu, 1, 1, "Instruction", "32K", cpus_of(core))
                self.cache(cpu, 2, 2, "Unified", "1024K", cpus_of(core))
                self.cache(cpu, 3, 3, "Unified", "32M", cpus_of_cores(cache, cores))
        for node in range(packages * nodes):
            cpus = cpus_of_cores(node * cores * caches, cores * caches)
            self.write(f"node/node{node}/cpulist", listed(cpus))

    def write(self, name, text):
        """Write one file below ``/sys/devices/system``."""
        file = self.root / "sys/devices/system" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def cache(self, cpu, index, level, kind, size, cpus):
        """Write the files of one cache of one processor."""
        folder = f"cpu/cpu{cpu}/cache/index{index}"
        for name, text in {
            "level": str(level), "type": kind, "size": size, "shared_cpu_list": listed(cpus),
        }.items():  # fmt: skip
            self.write(f"{folder}/{name}", text)

    def read(self, usable=None):
        """Return what zuki makes of it."""
        return topology.read(self.root, range(self.count) if usable is None else usable)


def listed(numbers):
    """Return numbers as the kernel's files list them, if not as short."""
    return ",".join(map(str, numbers))
