"""What the tests of pools of files share."""

from contextlib import contextmanager
from random import Random
from types import SimpleNamespace

import pytest

from surgeline.data import record_file
from surgeline.schedule.share import Share


def user(seed=1, share=Share()):  # noqa: B008 - it is frozen
    return SimpleNamespace(random=Random(seed), share=share)


@contextmanager
def small_blocks(block=16, window=64, piece=7):
    """Let files of a few bytes be read as those of gigabytes are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_file, "BLOCK_BYTES", block)
        patch.setattr(record_file, "WINDOW_BYTES", window)
        patch.setattr(record_file, "PIECE_BYTES", piece)
        for module in ("csv_file", "json_file"):
            patch.setattr(f"surgeline.data.{module}.BLOCK_BYTES", block)
        yield
