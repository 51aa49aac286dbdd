"""Who listens is read from texts as Linux has them in /proc."""

import os
import socket
import sys
from ipaddress import ip_address

import pytest

from surgeline.doctor.listeners import Listening, Process, in_words, listening, parse_listening, processes_of

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0
   3: 0101A8C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4714 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 5 0 4721 1 0
   1: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 00:0 0 5 0 4722 1 0
   2: 0000000000000000FFFF00000100007F:0BB9 00000000000000000000000000000000:0000 0A 0:0 00:0 0 5 0 4723 1 0
"""
little_endian = pytest.mark.skipif(sys.byteorder != "little", reason="the texts are of a little-endian machine")


@little_endian
def test_listening_sockets_are_read_from_a_table():
    assert parse_listening(TCP) == [
        Listening(ip_address("127.0.0.1"), 8080, 4711, 1000),
        Listening(ip_address("0.0.0.0"), 22, 4712, 0),
        Listening(ip_address("192.168.1.1"), 80, 4714, 33),
    ]
    assert [(str(one.address), one.port) for one in parse_listening(TCP6)] == [
        ("::1", 8080),
        ("::", 3000),
        ("::ffff:7f00:1", 3001),
    ]


@pytest.mark.parametrize("text", ["", "  sl  local_address\n", "  sl\nsomething else\n"])
def test_a_text_that_says_nothing_has_no_sockets(text):
    assert parse_listening(text) == []


@pytest.mark.parametrize(
    ("at", "asked", "takes"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "::1", False),
        ("0.0.0.0", "192.168.1.1", True),
        ("0.0.0.0", "::1", False),
        ("::", "::1", True),
        ("::", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
    ],
)
def test_which_connections_a_socket_takes(at, asked, takes):
    one = Listening(ip_address(at), 80, 1, 0)

    assert one.takes(ip_address(asked), 80) is takes
    assert not one.takes(ip_address(asked), 81)


@pytest.fixture
def proc(tmp_path):
    """A made-up /proc: two processes that share a socket, one that has others, one that may not be looked at."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(TCP)
    (tmp_path / "net" / "tcp6").write_text(TCP6)
    for pid, name, inodes in (("20", "nginx", [9, 4711]), ("7", "nginx", [4711]), ("30", "sshd", [4712])):
        (tmp_path / pid / "fd").mkdir(parents=True)
        (tmp_path / pid / "comm").write_text(f"{name}\n")
        for number, inode in enumerate(inodes):
            (tmp_path / pid / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    (tmp_path / "40").mkdir()
    (tmp_path / "self").mkdir()
    return tmp_path


@little_endian
def test_the_processes_that_hold_a_socket(proc):
    sockets = listening("127.0.0.1", 8080, proc)

    assert [one.inode for one in sockets] == [4711]
    assert processes_of(sockets, proc) == [Process(7, "nginx"), Process(20, "nginx")]


@little_endian
def test_a_process_of_another_user_is_known_by_its_uid(proc):
    sockets = listening("192.168.1.1", 80, proc)

    assert processes_of(sockets, proc) == []
    assert in_words(sockets, []) == "a process of another user (uid 33)"


def test_without_proc_nothing_is_known(tmp_path):
    assert listening("127.0.0.1", 8080, tmp_path / "nothing") == []
    assert processes_of([Listening(ip_address("::"), 1, 1, 0)], tmp_path / "nothing") == []


def test_many_processes_are_told_in_short():
    processes = [Process(pid, "granian") for pid in range(1, 6)]

    assert in_words([], processes[:2]) == "granian (pid 1), granian (pid 2)"
    assert in_words([], processes) == "granian (pid 1), granian (pid 2), granian (pid 3) and 2 more"
    assert in_words([], []) == "a process that cannot be seen"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's own")
def test_this_process_is_found_at_its_own_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        sockets = listening(*server.getsockname())
        assert os.getpid() in [one.pid for one in processes_of(sockets)]
        assert listening("127.0.0.2", server.getsockname()[1]) == []
