"""What a client is made of: descriptions from files or the server, TLS; what is refused before anything is sent."""

import shutil
import subprocess
import sys

import grpc
import pytest
import trustme
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_lab import descriptors, load, run, run_raising, serving
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from surgeline.errors import ScriptError

CALL = """
@scenario(shared_iterations(vus=1, iterations=1))
async def calls(vu):
    found.append(await client.call(vu, "events.Handler/OnLogin", {"user_id": "u1", "kind": "BIRTHDAY"}))
"""


def refused(folder, client, **names):
    with pytest.raises(ScriptError) as raised:
        load(folder, f"client = {client}\n{CALL}", **names)
    return str(raised.value)


def test_a_descriptor_set_is_enough(tmp_path, server, described):
    shutil.copy(described, tmp_path / "set.bin")
    ran = run(tmp_path, 'client = grpc.Client(TARGET, descriptor_set="set.bin")' + CALL, target=server.target)

    assert ran.found[0].message.text == "hello u1"


def test_a_file_of_a_folder_below_the_scripts(tmp_path, server):
    client = 'client = grpc.Client(TARGET, protos=["protos/events.proto"], include=["protos"])'
    ran = run(tmp_path, client + CALL, target=server.target)

    assert ran.found[0].ok


def test_the_server_describes_itself_once(tmp_path, schema):
    asked = []

    class Reflection(reflection.ReflectionServicer):
        def ServerReflectionInfo(self, requests, context):  # noqa: N802 - its name
            asked.append(context.peer())
            return super().ServerReflectionInfo(requests, context)

    def enable(server):
        pool = schema._pool
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            Reflection(service_names=["events.Handler", reflection.SERVICE_NAME], pool=pool), server
        )

    calls = CALL.replace("shared_iterations(vus=1, iterations=1)", "per_vu_iterations(vus=4, iterations=2)")
    with serving(schema, reflection=enable) as server:
        ran = run(tmp_path, "client = grpc.Client(TARGET, reflection=True)" + calls, target=server.target)

    assert [response.message.text for response in ran.found] == ["hello u1"] * 8
    assert len(asked) == 1
    assert ran.value("grpc_reqs") == 8


@pytest.mark.parametrize("there", [True, False])
def test_a_server_that_does_not_describe_itself(tmp_path, server, there):
    target = server.target if there else "127.0.0.1:1"
    ran = run_raising(tmp_path, "client = grpc.Client(TARGET, reflection=True)" + CALL, target=target)

    (error,) = ran.result.iteration_errors
    said = f"expected {target} to say what it offers, found {'UNIMPLEMENTED' if there else 'UNAVAILABLE'}"
    assert said in error.first_traceback
    assert ran.value("grpc_reqs") == 0


@pytest.fixture
def authority(tmp_path):
    """Writes an authority, and a client's certificate of it."""
    authority = trustme.CA()
    client = authority.issue_cert("client.example.com")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    client.private_key_pem.write_to_path(tmp_path / "client.key")
    return authority


def secure(authority, *, mutual):
    own = authority.issue_cert("127.0.0.1")
    chain = b"".join(pem.bytes() for pem in own.cert_chain_pems)
    trusted = authority.cert_pem.bytes() if mutual else None
    return grpc.ssl_server_credentials([(own.private_key_pem.bytes(), chain)], trusted, mutual)


MUTUAL = 'TLS(ca="ca.pem", cert="client.pem", key="client.key")'


@pytest.mark.parametrize(
    ("mutual", "tls", "status"),
    [
        (False, 'TLS(ca="ca.pem")', "OK"),
        (True, MUTUAL, "OK"),
        (True, 'TLS(ca="ca.pem")', "UNAVAILABLE"),
        (False, "True", "UNAVAILABLE"),
        (False, "False", "UNAVAILABLE"),
    ],
)
def test_tls_with_an_authority_and_a_certificate(tmp_path, schema, authority, mutual, tls, status):
    client = f'client = grpc.Client(TARGET, protos=["events.proto"], include=["protos"], tls={tls})'
    with serving(schema, credentials=secure(authority, mutual=mutual)) as server:
        ran = run(tmp_path, client + CALL, target=server.target)

    assert [response.status for response in ran.found] == [status]
    assert server.counts == ({("OnLogin", "OK"): 1} if status == "OK" else {})


PROTOS = 'protos=["events.proto"], include=["protos"]'


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('"x:1"', "expected one of protos, descriptor_set and reflection, found 0"),
        (f'"x:1", {PROTOS}, reflection=True', "found 2"),
        ('"x:1", protos="events.proto"', "protos: expected a list of paths, found 'events.proto'"),
        ('"x:1", protos=["event.proto"], include=["protos"]', 'found none; did you mean "events.proto"?'),
        ('"x:1", protos=["events.proto"], include=["prots"]', "include: expected a folder, found none at"),
        ('"x:1", reflection=True, include=["protos"]', "include: expected protos beside it"),
        ('"x:1", protos=["protos/events.proto"]', "common.proto: File not found."),
        ('"x:1", descriptor_set="none.bin"', "found none to read at"),
        ('"x:1", descriptor_set="script.py"', "found something else in"),
        (f'"http://x:1", {PROTOS}', 'target: expected "host:port" or "unix:path", found \'http://x:1\''),
        (f'"x", {PROTOS}', 'target: expected "host:port"'),
        (f'"x:1", {PROTOS}, timeout=0', "timeout: expected a duration above 0"),
        (f'"x:1", {PROTOS}, connections="one"', 'connections: expected "vu" or "shared", found \'one\''),
        (f'"x:1", {PROTOS}, tls="yes"', r"tls: expected True or TLS(...), found 'yes'"),
        (f'"x:1", {PROTOS}, tls=TLS(ca="none.pem")', "ca: expected a file (PEM), found none to read"),
        (f'"x:1", {PROTOS}, metadata=["a"]', "metadata: expected a mapping"),
        (f'"x:1", {PROTOS}, proto=1', "found 'proto'; did you mean \"protos\"?"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(tmp_path, arguments, expected):
    assert expected in refused(tmp_path, f"grpc.Client({arguments})")


def test_a_mistake_in_a_proto_file_is_told_with_its_line(tmp_path):
    (tmp_path / "wrong.proto").write_text('syntax = "proto3";\nmessage A { string 1; }\n')

    assert "wrong.proto:2:" in refused(tmp_path, 'grpc.Client("x:1", protos=["wrong.proto"])')


def test_a_file_without_services_is_refused(tmp_path):
    said = refused(tmp_path, 'grpc.Client("x:1", protos=["common.proto"], include=["protos"])')

    assert "expected at least one service, found none in common.proto" in said


def test_a_set_without_its_imports_is_refused(tmp_path, described):
    alone = [file for file in descriptors(described) if file.name == "events.proto"]
    (tmp_path / "set.bin").write_bytes(FileDescriptorSet(file=alone).SerializeToString())

    assert "found no common.proto, which events.proto imports" in refused(
        tmp_path, 'grpc.Client("x:1", descriptor_set="set.bin")'
    )


def python(text):
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_protobuf_is_imported_when_a_script_uses_it_and_grpcio_never():
    text = """
import sys
from surgeline import grpc
print('google.protobuf' in sys.modules)
grpc.Client("127.0.0.1:1", reflection=True)
print('google.protobuf' in sys.modules, 'grpc' in sys.modules)
"""

    assert python(text) == "False\nTrue False\n"


@pytest.mark.parametrize("missing", ["google.protobuf", "grpc_reflection"])
def test_without_the_extra_its_name_is_said(missing):
    text = f"""
import sys
sys.modules[{missing!r}] = None
from surgeline import grpc
from surgeline.errors import OptionError
try:
    grpc.Client
except OptionError as error:
    print(error)
"""

    assert "pip install 'surgeline[grpc]'" in python(text)
