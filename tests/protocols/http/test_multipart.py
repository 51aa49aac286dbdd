"""Forms with files: exact bytes, names as browsers write them, and read back by an independent parser."""

import io
import sys
from email.parser import BytesParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.protocols.http.multipart import multipart

BOUNDARY = "----surgeline0000000000000000000000000000002a"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def written(fields=None, files=None) -> bytes:
    source, content_type = multipart(fields, files, random_bits=42)
    assert content_type == TYPE
    body = source.read(10_000_000)
    assert source.length in (None, len(body))
    return body


def parts(*heads_and_contents: tuple[str, bytes]) -> bytes:
    """Return the body that has these parts, each a head (its lines parted by one line feed) and a content."""
    text = b"".join(
        b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), head.replace("\n", "\r\n").encode(), content)
        for head, content in heads_and_contents
    )
    return text + b"--%b--\r\n" % BOUNDARY.encode()


def test_every_byte_of_a_form():
    assert written({"title": "Hi"}, {"photo": ("a.png", b"\x89PNG", "image/png")}) == (
        b"------surgeline0000000000000000000000000000002a\r\n"
        b'Content-Disposition: form-data; name="title"\r\n'
        b"\r\n"
        b"Hi\r\n"
        b"------surgeline0000000000000000000000000000002a\r\n"
        b'Content-Disposition: form-data; name="photo"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n"
        b"\r\n"
        b"\x89PNG\r\n"
        b"------surgeline0000000000000000000000000000002a--\r\n"
    )


FIELD = 'Content-Disposition: form-data; name="a"'
FIELDS = {
    "text": ({"a": "ü\n"}, [(FIELD, "ü\n".encode())]),
    "bytes": ({"a": b"\xff\r\n"}, [(FIELD, b"\xff\r\n")]),
    "bytearray": ({"a": bytearray(b"x")}, [(FIELD, b"x")]),
    "number": ({"a": 1.5}, [(FIELD, b"1.5")]),
    "none": ({"a": None}, []),
    "list": ({"a": ["x", None, 2]}, [(FIELD, b"x"), (FIELD, b"2")]),
    "pairs": ([("a", "x"), ("a", "y")], [(FIELD, b"x"), (FIELD, b"y")]),
    "iterator": (iter([("a", "x")]), [(FIELD, b"x")]),
    "nothing": (None, []),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_fields(kind):
    fields, expected = FIELDS[kind]
    assert written(fields) == parts(*expected)


def file_head(name: str, content_type: str, field: str = "a") -> str:
    return f'Content-Disposition: form-data; name="{field}"; filename="{name}"\nContent-Type: {content_type}'


@pytest.fixture
def report(tmp_path) -> Path:
    path = tmp_path / "report.CSV"
    path.write_bytes(b"x,y")
    return path


ANY = "application/octet-stream"
FILES = {
    "path": (lambda path: path, file_head("report.CSV", "text/csv")),
    "bytes": (lambda path: b"x,y", file_head("a", ANY)),
    "text": (lambda path: "x,y", file_head("a", ANY)),
    "file in memory": (lambda path: io.BytesIO(b"x,y"), file_head("a", ANY)),
    "iterable": (lambda path: [b"x", b",y"], file_head("a", ANY)),
    "name": (lambda path: ("b.json", b"x,y"), file_head("b.json", "application/json")),
    "name of a path": (lambda path: ("b.png", path), file_head("b.png", "image/png")),
    "name and no type": (lambda path: ("b.html", "x,y", None), file_head("b.html", "text/html")),
    "type": (lambda path: ("b.json", b"x,y", "text/plain; a=b"), file_head("b.json", "text/plain; a=b")),
    "no name": (lambda path: (None, "x,y"), FIELD),
    "no name but a type": (lambda path: (None, "x,y", "application/json"), FIELD + "\nContent-Type: application/json"),
    "compressed": (lambda path: ("b.tar.gz", b"x,y"), file_head("b.tar.gz", "application/gzip")),
    "unknown ending": (lambda path: ("b.unheard", b"x,y"), file_head("b.unheard", ANY)),
    "like a URL": (lambda path: ("data:text/html,.b", b"x,y"), file_head("data:text/html,.b", ANY)),
    "empty name": (lambda path: ("", b"x,y"), file_head("", ANY)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_files(kind, report):
    make, head = FILES[kind]
    assert written(files={"a": make(report)}) == parts((head, b"x,y"))


def test_an_open_file_has_the_name_it_was_opened_by(report):
    with report.open("rb") as file, report.open("rb", buffering=0) as unbuffered:
        body = written(files=[("a", file), ("b", unbuffered)])
    assert body == parts(
        (file_head("report.CSV", "text/csv"), b"x,y"), (file_head("report.CSV", "text/csv", "b"), b"x,y")
    )


@pytest.mark.parametrize("name", ["<stdin>", 3, "", None])
def test_an_open_file_without_a_name_is_called_as_its_field(name):
    file = io.BytesIO(b"x")
    file.name = name
    assert written(files={"a": file}) == parts((file_head("a", ANY), b"x"))


NAMES = {
    'say "hi"': "say %22hi%22",
    "a\r\nContent-Type: text/html\r\n\r\n": "a%0D%0AContent-Type: text/html%0D%0A%0D%0A",
    "Grüße 日本 🎉": "Grüße 日本 🎉",
    "back\\slash/and 100%": "back\\slash/and 100%",
    "a; filename=b": "a; filename=b",
    "\x00\x0b\x85\u2028": "\x00\x0b\x85\u2028",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_written_as_browsers_do(name):
    shown = NAMES[name]
    assert written([(name, "")], [(name, (name + ".txt", b""))]) == parts(
        (f'Content-Disposition: form-data; name="{shown}"', b""),
        (file_head(shown + ".txt", "text/plain", shown), b""),
    )


@pytest.mark.parametrize(
    "content_type", ["a/b\r\nX: y", "a/b\n", "a/b\r", "a/b\0", "a/b\x85", "a/ü", "text", "", 5, b"a/b"]
)
def test_a_content_type_that_is_none_is_refused(content_type):
    with pytest.raises(ValueError, match="expected a content type such as 'image/png', found "):
        written(files={"a": ("name", b"", content_type)})


REFUSED = {
    "number": ({"a": 5}, TypeError, r"a path, bytes, text or an open binary file as the content of 'a', found 5"),
    "mapping": ({"a": {"b": "c"}}, TypeError, r"as the content of 'a', found \{'b': 'c'\}"),
    "none": ({"a": ("name", None)}, TypeError, r"as the content of 'a', found None"),
    "short tuple": ({"a": ("name",)}, ValueError, r"expected \(file name, content\) or .* for 'a', found \('name',\)"),
    "long tuple": ({"a": ("name", b"", "a/b", {})}, ValueError, r"expected \(file name, content\) or .* found \("),
    "file name": ({"a": (5, b"")}, ValueError, r"expected text as a name, found 5"),
    "name": ({5: b""}, ValueError, r"expected text as a name, found 5"),
    "surrogate": ({"a": ("\udc80", b"")}, ValueError, r"a name that UTF-8 has, found '\\udc80'; give \(file name"),
    "missing": ({"a": Path("/missing")}, FileNotFoundError, r"/missing"),
    "directory": ({"a": Path("/")}, ValueError, r"expected a regular file, found '/'"),
    "files": (b"content", TypeError, r"files: expected a mapping or pairs, found b'content'"),
    "one file": (5, TypeError, r"files: expected a mapping or pairs, found 5"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_files_that_are_refused(kind):
    files, error, message = REFUSED[kind]
    with pytest.raises(error, match=message):
        written(files=files)


def test_fields_that_are_refused():
    with pytest.raises(TypeError, match="data: expected a mapping or pairs, found 'a=b'"):
        written("a=b", {})


def test_a_form_with_a_content_of_unknown_length_has_none(report):
    source, _ = multipart({"a": "b"}, {"c": (piece for piece in [b"x"]), "d": report}, random_bits=1)
    assert source.length is None
    source, _ = multipart({"a": "b"}, {"c": b"x", "d": report}, random_bits=1)
    assert source.length == len(source.read(10_000))


def test_a_form_is_read_from_disk_while_it_is_sent(report):
    source, _ = multipart(None, {"a": report}, random_bits=1)
    report.write_bytes(b"z,z")
    assert b"z,z" in source.read(10_000)


def test_boundaries_differ_and_are_of_one_length():
    boundaries = {multipart(None, None, random_bits=bits)[1] for bits in (0, 1, 2**128 - 1)}
    assert len(boundaries) == 3
    assert len({len(boundary) for boundary in boundaries}) == 1


def test_types_are_those_of_python_and_not_of_the_machine(monkeypatch):
    import mimetypes

    monkeypatch.setattr(mimetypes, "_db", None)
    mimetypes.init([])
    mimetypes.add_type("application/x-of-this-machine", ".csv")
    try:
        assert b"Content-Type: text/csv\r\n" in written(files={"a": ("b.csv", b"")})
    finally:
        mimetypes.init()


NAME = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\%'), min_size=1, max_size=20)
CONTENT = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from([b"\r", b"\n", b"--", BOUNDARY.encode()[:-1], b"x"])).map(b"".join)
)


@given(st.lists(st.tuples(NAME, CONTENT), max_size=4), st.lists(st.tuples(NAME, NAME, CONTENT), max_size=4))
def test_read_back_by_another_parser(fields, files):
    body = written(fields, [(name, (file_name, content)) for name, file_name, content in files])
    message = BytesParser().parsebytes(b"Content-Type: %b\r\n\r\n%b" % (TYPE.encode(), body))
    assert not message.defects or not (fields or files)
    found = [
        (
            part.get_param("name", header="Content-Disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]
    if fields or files:
        assert found == [(name, None, content) for name, content in fields] + files


def test_what_is_imported_is_little():
    import subprocess

    code = (
        "import sys, surgeline.protocols.http.multipart; print([m for m in ('email', 'mimetypes') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
