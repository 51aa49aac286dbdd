"""Compiles the plain C of the native core with its C tests and fuzzers, under sanitizers, and runs them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORE = HERE.parents[1] / "src" / "surgeline" / "_native" / "core"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

# A test that includes the core's files itself, to put something between them and libc, is given none here.
PROGRAMS = {
    "test_histogram": ["histogram"],
    "test_timers": ["timers"],
    "test_http1": ["http1"],
    "test_http2": ["http2"],
    "test_hpack": ["hpack"],
    "test_samples": ["samples"],
    "test_append": ["append"],
    "test_records": [],
    "test_mixing": ["mixing"],
    "test_out_of_memory": [],
    "test_out_of_memory_http2": [],
}
FUZZERS = {
    "http1": 100_000,
    "http2": 50_000,
    "hpack": 50_000,
    "histogram": 10_000,
    "samples": 10_000,
    "records": 50_000,
}


def compile_program(compiler: str, name: str, core: list[str], out: Path, *flags: str) -> Path:
    sources = [HERE / f"{name}.c", *(CORE / f"{each}.c" for each in core)]
    command = [compiler, *WARNINGS, *SANITIZERS, *flags, f"-I{CORE}", *map(str, sources), "-lm", "-o", str(out / name)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"{name} does not compile:\n{built.stderr}"
    return out / name


def run(*command: str | Path, timeout: float = 120) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=timeout, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{said[-6000:]}"
    return said


def can_build(compiler: str, out: Path, *flags: str) -> bool:
    """Whether there is such a compiler, and the runtime libraries that the flags need."""
    if shutil.which(compiler) is None:
        return False
    probe = out / "probe.c"
    fuzzer = "int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return !data && size; }\n"
    probe.write_text(fuzzer if "-fsanitize=fuzzer" in flags else "int main(void) { return 0; }\n")
    command = [compiler, *SANITIZERS, *flags, str(probe), "-o", str(out / "probe")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def missing(what: str) -> None:
    if os.environ.get("SURGELINE_REQUIRE_SERVERS") == "1":
        pytest.fail(f"SURGELINE_REQUIRE_SERVERS=1, but there is no {what}")
    pytest.skip(f"there is no {what}")


@pytest.fixture(scope="module", autouse=True)
def sanitizers(tmp_path_factory):
    if not can_build("cc", tmp_path_factory.mktemp("probe")):
        missing("C compiler `cc` with the runtime libraries of the address and undefined-behaviour sanitizers")


@pytest.mark.parametrize("name", PROGRAMS)
def test_core(name, tmp_path):
    run(compile_program("cc", name, PROGRAMS[name], tmp_path))


def test_core_has_no_warnings_when_optimised(tmp_path):
    for source in ("histogram", "timers", "http1", "http2", "hpack", "samples", "append", "records", "mixing"):
        run("cc", *WARNINGS, "-Wshadow", "-O3", "-c", CORE / f"{source}.c", "-o", tmp_path / f"{source}.o")


@pytest.mark.parametrize("core", FUZZERS)
def test_fuzz_with_a_fixed_sequence(core, tmp_path):
    corpus = sorted((HERE / "corpus" / core).iterdir())
    program = compile_program("cc", f"fuzz_{core}", [core], tmp_path, "-DSTANDALONE")
    assert run(program, str(FUZZERS[core]), *corpus) == f"{FUZZERS[core]} inputs\n"


@pytest.fixture(scope="module")
def libfuzzer(tmp_path_factory):
    if not can_build("clang", tmp_path_factory.mktemp("probe"), "-fsanitize=fuzzer"):
        pytest.skip("there is no clang with libFuzzer; the fixed sequence ran all the same")


@pytest.mark.usefixtures("libfuzzer")
@pytest.mark.parametrize("core", FUZZERS)
def test_fuzz_by_coverage(core, tmp_path):
    program = compile_program("clang", f"fuzz_{core}", [core], tmp_path, "-fsanitize=fuzzer")
    found = tmp_path / "found"
    found.mkdir()
    options = ["-seed=1", "-max_total_time=2", "-max_len=4096", f"-artifact_prefix={tmp_path}/"]
    assert "DONE" in run(program, *options, found, HERE / "corpus" / core)
