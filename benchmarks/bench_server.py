"""A server in an asyncio loop that awaits a jitted body per request: how soon it answers health checks.

python -m benchmarks.bench_server [--quick] [--json PATH]

The server is aiohttp's where that is installed, else one of asyncio's streams. Another process asks: for work
on some connections all the time, and for the server's health on one, every 5 ms.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report
from benchmarks.bench_mixed import spin

try:
    from aiohttp import web
except ImportError:
    web = None

_BODY = 0.05  # seconds
_PAUSE = 0.005  # seconds between health checks
_HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[[str], Awaitable[None]]


async def serve_by_aiohttp(handle: Handler) -> tuple[int, Callable[[], Awaitable[None]]]:
    """Begin to serve on loopback; return the port and what ends it."""

    async def answer(request):
        await handle(request.path)
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/{path}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return site._server.sockets[0].getsockname()[1], runner.cleanup


async def serve_by_streams(handle: Handler) -> tuple[int, Callable[[], Awaitable[None]]]:
    """Do as `serve_by_aiohttp`, with asyncio alone."""

    async def answer(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await handle(head.split()[1].decode())
                writer.write(_HEADER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)

    async def end() -> None:
        server.close()

    return server.sockets[0].getsockname()[1], end


async def ask(port: int, seconds: float, workers: int) -> list[float]:
    """Return how many seconds each health check took, while others ask for work all the time."""
    until = time.perf_counter() + seconds
    found = []

    async def connection():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def get(path: str) -> float:
            begun = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await reader.readuntil(b"ok")
            return time.perf_counter() - begun

        return get, writer

    async def work() -> None:
        get, writer = await connection()
        while time.perf_counter() < until:
            await get("/work")
        writer.close()

    async def check() -> None:
        get, writer = await connection()
        while time.perf_counter() < until:
            found.append(await get("/health"))
            await asyncio.sleep(_PAUSE)
        writer.close()

    await asyncio.gather(check(), *(work() for _ in range(workers)))
    return found


def calibrated() -> int:
    """Return how many rounds of `spin` take `_BODY` here."""
    spin(1000)
    begun = time.perf_counter()
    spin(10_000_000)
    return max(int(10_000_000 * _BODY / (time.perf_counter() - begun)), 1)


def measure(seconds: float, threads: int) -> dict[str, float]:
    """Print and return the figures, in milliseconds."""
    rounds, served = calibrated(), [0]
    serve = serve_by_aiohttp if web is not None else serve_by_streams

    async def main(executor: zuki.Executor) -> list[float]:
        for _ in range(2):
            executor.submit(spin, 1).result()

        async def handle(path: str) -> None:
            if path == "/work":
                await executor.submit(spin, rounds)
                served[0] += 1

        port, end = await serve(handle)
        asking = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.bench_server", "--ask", str(port), str(seconds), str(threads),
            cwd=Path(__file__).resolve().parents[1], stdout=subprocess.PIPE,
        )  # fmt: skip
        output, _ = await asking.communicate()
        await end()
        return sorted(float(line) for line in output.split())

    with zuki.Executor(max_threads=threads) as executor:
        found = asyncio.run(main(executor))
    figures = {
        "work requests": served[0],
        "health checks": len(found),
        "p50, ms": 1000 * found[len(found) // 2],
        "p99, ms": 1000 * found[len(found) * 99 // 100],
    }
    name = "aiohttp" if web is not None else "asyncio streams"
    print(_report.table((f"{name}, {threads} worker{'s' * (threads > 1)}", ""), list(figures.items())))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["--ask"]:
        port, seconds, workers = given[1:]
        print(*asyncio.run(ask(int(port), float(seconds), int(workers))), sep="\n")
        return
    chosen = _report.options(__doc__.partition("\n")[0], given)
    _report.opening("A server that awaits jitted bodies", "health checks from another process; wall time")
    threads = max(_report.processors() - 1, 1)  # the loop needs one, too
    _report.save(chosen.json, measure(2.0 if chosen.quick else 10.0, threads))


def test_quick_health_checks_are_answered(capsys):
    figures = measure(0.3, 1)
    assert figures["health checks"] > 0
    assert figures["work requests"] > 0
    assert "p99" in capsys.readouterr().out


def test_quick_streams_serve_too():
    async def main() -> list[float]:
        async def handle(path: str) -> None:
            pass

        port, end = await serve_by_streams(handle)
        found = await ask(port, 0.1, 1)
        await end()
        return found

    assert asyncio.run(main())


if __name__ == "__main__":
    main()
