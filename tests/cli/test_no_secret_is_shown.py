"""What a script or an option holds of passwords and tokens is in no message, no summary and no file of a run."""

import pytest
from cli_support import surgeline

SECRETS = ("s3cret", "hunter2")
SCRIPT = """
from surgeline import *

@scenario(per_vu_iterations(vus=1, iterations=1))
async def one(vu):
    await vu.http.get("%s://ada:s3cret@127.0.0.1:9/", headers={"X-Api-Key": "hunter2"})
"""
WRONG = {
    "http": ["http", "ftp://ada:s3cret@127.0.0.1/"],
    "http with a port": ["http", "http://ada:s3cret@127.0.0.1:x/"],
    "base_url": ["run", "script.py", "--base-url", "ftp://ada:s3cret@127.0.0.1"],
    "header": ["http", "http://127.0.0.1:9", "-H", "Authorization=Bearer hunter2"],
}


def assert_none(*texts):
    for text in texts:
        assert not [secret for secret in SECRETS if secret in text], text


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused_is_told_without_secrets(tmp_path, name):
    (tmp_path / "script.py").write_text(SCRIPT % "http")
    ended = surgeline(*WRONG[name], cwd=tmp_path)
    assert ended.code == 104, ended
    assert "expected" in ended.err
    assert_none(ended.out, ended.err)


@pytest.mark.parametrize("scheme", ["ftp", "http"])
def test_errors_of_a_run_are_told_without_secrets(tmp_path, scheme):
    (tmp_path / "script.py").write_text(SCRIPT % scheme)
    ended = surgeline(
        "run", "script.py", "--out", "github=summary.md", "--summary-export", "k6.json", "--out", "junit=j.xml",
        cwd=tmp_path,
    )  # fmt: skip
    shown = surgeline("report", "last", cwd=tmp_path)
    assert ("ITERATION ERRORS" in ended.out) is (scheme == "ftp"), ended
    assert shown.out == ended.out
    (run_file,) = (tmp_path / ".surgeline" / "runs").glob("*.sqlite")
    files = [run_file, tmp_path / "summary.md", tmp_path / "k6.json", tmp_path / "j.xml"]
    assert_none(ended.out, ended.err, *(path.read_bytes().decode(errors="replace") for path in files))
