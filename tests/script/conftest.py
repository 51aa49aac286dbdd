"""What tests that load scripts leave as they found it."""

import sys

import pytest


@pytest.fixture(autouse=True)
def imports():
    """What a script leaves importable is not for the next test."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in sys.modules.keys() - modules:
        del sys.modules[name]
