"""Notices when the machine stood still, so that a plan's times mean nothing.

Every plan leaves a start a tenth of a second; k6 drops it, or starts once more, when the machine takes longer.
"""

import threading
import time

_LOOK_SECONDS = 0.01
LIMIT_SECONDS = 0.05


class Standstill:
    """Looks at the clock while the `with` block lasts; `seconds` is the longest that it could not."""

    def __enter__(self):
        self.seconds = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="standstill", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        before = time.monotonic()
        while not self._over.wait(_LOOK_SECONDS):
            now = time.monotonic()
            self.seconds = max(self.seconds, now - before - _LOOK_SECONDS)
            before = now
