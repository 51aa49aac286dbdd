import threading
from pathlib import Path

import pytest


def running_workers():
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return [pid for pid in children if b"surgeline.workers" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture(autouse=True)
def no_worker_is_left():
    yield
    assert running_workers() == []
