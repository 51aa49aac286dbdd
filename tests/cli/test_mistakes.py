"""What is easily mistyped on the command line, and what is said to it."""

import pytest
from cli_support import surgeline

SCRIPT = """
rate = env("RATE", 5)

@scenario(shared_iterations(iterations=2))
async def s(vu):
    with vu.group("checkout"):
        check(env("LATER", ""), {"fine": True})
"""


def test_values_that_the_script_does_not_ask_for(script, run, tmp_path):
    (tmp_path / "surgeline.toml").write_text("quiet = true\n[env]\nWHERE = 'here'\n")
    ended = run(script(SCRIPT), "-e", "RTAE=500", "-e", "LATER=1")
    assert ended.code == 0
    assert ended.err == (
        "Given, and not asked for while the script was loaded: WHERE (surgeline.toml:3), RTAE (-e; did you mean "
        '"RATE"?)\n'
    )


def test_values_that_the_script_asks_for(script, run):
    ended = run(script(SCRIPT), "-q", "-e", "RATE=500", "-e", "LATER=1")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("url", ["localhost:8080", "shop.example", "//shop.example"])
def test_an_address_that_is_no_url(script, run, url):
    ended = run(script(SCRIPT), "--base-url", url)
    assert ended.code == 104
    assert f"--base-url: expected an absolute URL such as http://localhost:8080, found '{url}'" in ended.err


def test_a_tag_that_is_reserved(script, run):
    ended = run(script(SCRIPT), "--tag", "scenario=other")
    assert ended.code == 104
    assert "--tag: expected a tag of your own, found 'scenario', which surgeline sets itself" in ended.err


def test_a_group_is_found_without_its_colons(script, run, tmp_path):
    run(script(SCRIPT), "-q")
    for value in ("checkout", "::checkout"):
        shown = surgeline("report", "last", "--tag", f"group={value}", cwd=tmp_path)
        assert "group_duration" in shown.out
        assert "group=::checkout" in shown.out
    shown = surgeline("report", "last", "--tag", "group=chekout", cwd=tmp_path)
    assert "There are no such samples. Values of group are ::checkout." in shown.out
