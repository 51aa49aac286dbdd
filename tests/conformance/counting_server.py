"""A server that does exactly what the path says, and counts what it was asked for.

`/RUN/ok` answers 200, `/RUN/status/503` with that status, `/RUN/sleep/50` after 50 ms. RUN is any word: each run has
one of its own, so that one server serves all of them and still knows who asked what. The method does not matter.
"""

import asyncio
import threading
import time
from collections import Counter


class CountingServer:
    """Listens on this machine while the `with` block lasts, on a thread of its own."""

    def __init__(self):
        self._asked = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counting server", daemon=True)

    def __enter__(self):
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1_000))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def asked(self, run):
        """Return how often each path, without the run's name, was asked for by a run."""
        prefix = f"/{run}"
        return {path.removeprefix(prefix): n for path, n in self._asked.items() if path.startswith(prefix + "/")}

    def wait_for(self, run, seconds):
        """Return when a run has asked for something. Raises TimeoutError when it does not in so many seconds."""
        end = time.monotonic() + seconds
        while not self.asked(run):
            if time.monotonic() > end:
                raise TimeoutError(f"{run} asked for nothing within {seconds} s")
            time.sleep(0.02)

    async def _serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                self._asked[path] += 1
                await self._answer(writer, path)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left
        finally:
            writer.close()

    async def _answer(self, writer, path):
        match path.split("/")[2:]:
            case ["status", status]:
                pass
            case ["sleep", milliseconds]:
                status = "200"
                await asyncio.sleep(int(milliseconds) / 1000)
            case _:
                status = "200"
        writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: 5\r\n\r\nhello".encode())
        await writer.drain()

    async def _close(self):
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
