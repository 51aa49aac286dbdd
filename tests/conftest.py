"""What no test may depend on: how fast its machine is, and which examples chance would choose."""

import gc
import os
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from healthy_generator import keep_up

pytest.register_assert_rewrite("http_lab", "hostile")  # what they assert says what it found

# Every module is compiled once, not by each of a thousand processes, whatever the environment says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples in every run, so that no change fails by another one's defect. New ones are sought by
# `pytest --hypothesis-profile search`.
settings.register_profile("search", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same_examples", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("same_examples")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests live until the end: no collection looks at them again, and every load begins with one."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def kept_up() -> Iterator[pytest.MonkeyPatch]:
    """The loads of this process come to what was planned, on any machine; see `healthy_generator`."""
    with pytest.MonkeyPatch.context() as patch:
        keep_up(patch.setattr)
        yield patch


@pytest.fixture
def real_limits(kept_up: pytest.MonkeyPatch) -> Iterator[None]:
    """In this test the generator's own limits hold: for loads that no machine can keep up with."""
    kept_up.undo()
    yield
    keep_up(kept_up.setattr)
