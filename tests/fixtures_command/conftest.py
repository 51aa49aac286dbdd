import json

import pytest
from oauth_server import serving, users


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    """A folder with a file of ten users."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "users.json").write_text(json.dumps(users(10)))
    return tmp_path
