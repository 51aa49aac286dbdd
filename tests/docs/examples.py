"""The examples of the documents carried out: files that they name are written, commands run, and quickly."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import trustme
from documents import Block, blocks

from surgeline.schedule.duration import parse_duration

BASE_URL = "http://127.0.0.1:8080"
"""Where the services of the examples are."""
SHORT = "300ms"
FILES = [block for block in [*blocks("python"), *blocks("toml"), *blocks("proto")] if "file" in block.marks]


def run(command: list[str] | str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


def write_files(document: Path, folder: Path, base_url: str) -> None:
    """Write the files that a document has the content of."""
    for file in (block for block in FILES if block.document == document):
        (folder / file.marks["file"]).write_text(shortened(file.text, base_url), encoding="utf-8")


def write_data_files(folder: Path) -> None:
    (folder / "users.csv").write_text("id,name\n1,ada\n2,grace\n", encoding="utf-8")
    (folder / "shop.json").write_text('{"products": [{"sku": "A-1"}, {"sku": "B-2"}]}', encoding="utf-8")
    (folder / "video.bin").write_bytes(bytes(300_000))
    for name, content in certificates().items():
        (folder / name).write_bytes(content)


@cache
def certificates() -> dict[str, bytes]:
    """What the examples of TLS name: an authority, and a client's certificate with its key."""
    authority = trustme.CA()
    client = authority.issue_cert("client.example.com")
    return {
        "ca.pem": authority.cert_pem.bytes(),
        "client.pem": client.cert_chain_pems[0].bytes(),
        "client.key": client.private_key_pem.bytes(),
    }


def divided(text: str, by: int) -> str:
    """Return a script whose executors are as they are, and all of whose durations are so many times shorter.

    Those of thresholds are whole seconds: they become one.
    """
    text = re.sub(r"\b(over|after) \d+[smh]", r"\1 1s", text)
    durations = r'"((\d+(ms|s|m|h))+)"'
    return re.sub(durations, lambda found: f'"{parse_duration(found[1]) / 1e6 / by:g}ms"', text)


def shortened(text: str, base_url: str) -> str:
    text = re.sub(r'duration="\w+"', f'duration="{SHORT}"', patient(text).replace(BASE_URL, base_url))
    return re.sub(r"(-d|--duration) \w+", rf"\1 {SHORT}", text)


def patient(text: str) -> str:
    """Return a script whose thresholds allow a busy machine a thousand times as long."""
    return re.sub(r"\b(avg|med|max|p\([\d.]+\))<(\d+)", r"\1<\g<2>000", text)


def commands(block: Block) -> list[str]:
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def programs(command: str) -> list[str]:
    """Return the programs of a pipeline, without the variables that stand before them."""
    return [re.sub(r"^([A-Z_]+=\S+ )*", "", part.strip()).split()[0] for part in command.split("|")]
