"""The options of TLS, against real handshakes, and every file that can be wrong."""

import ssl
import warnings

import pytest
import trustme
from http_lab import Peer, answering, assert_one_failure, get, ok, play, turns
from options_lab import scenario

from surgeline._native.iteration import UserState
from surgeline.errors import OptionError
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.options import TLS, HttpOptions
from surgeline.protocols.http.origins import refuse_unusable
from surgeline.protocols.http.tls import make_context

OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def other_authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(tmp_path_factory, authority, other_authority):
    """Certificates and keys, good and bad."""
    folder = tmp_path_factory.mktemp("files")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    other_authority.cert_pem.write_to_path(folder / "other-ca.pem")
    own = authority.issue_cert("me.test")
    own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    own.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    (folder / "locked.pem").write_bytes(locked(own.private_key_pem.bytes()))
    other_authority.issue_cert("other.test").private_key_pem.write_to_path(folder / "other-key.pem")
    (folder / "empty.pem").touch()
    (folder / "text.pem").write_text("no certificate")
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (folder / "empty").mkdir()
    several = folder / "several"
    several.mkdir()
    authority.cert_pem.write_to_path(several / "first.crt")
    other_authority.cert_pem.write_to_path(several / "second.PEM")
    (several / "README").write_text("not read")
    return folder


def locked(key):
    """Encrypt a private key with "sesame"."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame")
    )


def server_tls(authority, asks_for=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    if asks_for is not None:
        asks_for.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def only(context, version):
    """Let a server speak one version of TLS, also an old one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
        context.minimum_version = version
    if version < OLD:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def succeeds(options, tls, handler=None):
    response = play(handler or answering(ok(b"safe")), get(), tls=tls, options=HttpOptions(tls=options))
    assert (response.error, response.body) == (None, b"safe")


def fails(options, tls, words, code=1300):
    async def scene(lab):
        response = await lab.http.get("/")
        await assert_one_failure(lab, response, code)
        assert lab.server.requests == []
        return response.error

    assert words in play(answering(ok()), scene, tls=tls, options=HttpOptions(tls=options))


# Who is trusted


@pytest.mark.parametrize("ca", ["ca.pem", "several"])
def test_an_authority_of_the_users_own(authority, files, ca):
    succeeds(TLS(ca=files / ca), server_tls(authority))
    succeeds(TLS(ca=str(files / ca)), server_tls(authority))


def test_every_authority_of_a_folder(authority, other_authority, files):
    for one in (authority, other_authority):
        succeeds(TLS(ca=files / "several"), server_tls(one))


def test_another_authority(authority, files):
    fails(TLS(ca=files / "other-ca.pem"), server_tls(authority), "unable to get local issuer certificate", 1310)


def test_an_authority_of_ones_own_is_instead_of_the_systems(authority, files, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "ca.pem"))
    succeeds(TLS(), server_tls(authority))
    fails(TLS(ca=files / "other-ca.pem"), server_tls(authority), "unable to get local issuer certificate", 1310)


def test_without_verifying_everybody_is_trusted(other_authority, files):
    succeeds(TLS(verify=False), server_tls(other_authority))
    succeeds(TLS(verify=False, ca=files / "ca.pem"), server_tls(other_authority))


# Who we are


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    "own",
    [{"cert": "both.pem"}, {"cert": "cert.pem", "key": "key.pem"}, {"cert": "cert.pem", "key": "locked.pem"}],
)
def test_a_certificate_that_the_server_asks_for(authority, files, own, version):
    async def names_the_client(peer: Peer):
        await peer.request()
        shown = peer.writer.get_extra_info("ssl_object").getpeercert()
        assert shown["subjectAltName"] == (("DNS", "me.test"),)
        await peer.send(ok(b"safe"))
        await peer.end()

    paths = {option: files / name for option, name in own.items()}
    password = "sesame" if own.get("key") == "locked.pem" else None
    tls = only(server_tls(authority, asks_for=authority), version)
    succeeds(TLS(ca=files / "ca.pem", password=password, **paths), tls, names_the_client)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_certificate_that_the_server_misses(authority, other_authority, files, version):
    async def scene(lab):
        response = await lab.http.get("/")
        assert (response.status, lab.server.requests) == (0, [])
        return response.error

    for asks_for, own in ((authority, {}), (other_authority, {"cert": files / "both.pem"})):
        tls = only(server_tls(authority, asks_for=asks_for), version)
        options = HttpOptions(tls=TLS(ca=files / "ca.pem", **own))
        error = play(answering(ok()), scene, tls=tls, options=options)
        assert error.startswith(("TLS failed: ", "the server closed", "Connection reset")), error


# Versions and ciphers

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


@pytest.mark.parametrize("spoken", VERSIONS)
@pytest.mark.parametrize(
    ("least", "most", "agreed"),
    [
        (None, None, ["1.2", "1.3"]),
        (None, "1.2", ["1.2"]),
        ("1.3", None, ["1.3"]),
        ("1.2", "1.2", ["1.2"]),
        ("1.0", None, ["1.0", "1.1", "1.2", "1.3"]),
        ("1.1", "1.2", ["1.1", "1.2"]),
        (None, "1.1", ["1.1"]),
    ],
)
def test_versions(authority, files, least, most, agreed, spoken):
    tls = only(server_tls(authority), VERSIONS[spoken])
    options = TLS(ca=files / "ca.pem", min_version=least, max_version=most)
    if spoken in agreed:
        succeeds(options, tls)
    else:
        fails(options, tls, "TLS failed: ")


def test_the_highest_version_of_both_is_spoken(authority, files):
    async def scene(lab):
        await lab.http.get("/")
        return lab.only()[0]["tls_version"]

    for options, version in (
        (TLS(ca=files / "ca.pem"), "tls1.3"),
        (TLS(ca=files / "ca.pem", max_version="1.2"), "tls1.2"),
    ):
        assert play(answering(ok()), scene, tls=server_tls(authority), options=HttpOptions(tls=options)) == version


def test_the_protocol_that_is_agreed_on(authority, files):
    async def names_the_protocol(peer: Peer):
        await peer.request()
        agreed = peer.writer.get_extra_info("ssl_object").selected_alpn_protocol()
        await peer.send(ok(agreed.encode()))
        await peer.end()

    tls = server_tls(authority)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    options = HttpOptions(tls=TLS(ca=files / "ca.pem"))
    assert play(names_the_protocol, get(), tls=tls, options=options).body == b"http/1.1"


def test_ciphers(authority, files):
    async def names_the_cipher(peer: Peer):
        await peer.request()
        name, _, _ = peer.writer.get_extra_info("ssl_object").cipher()
        await peer.send(ok(name.encode()))
        await peer.end()

    tls = only(server_tls(authority), OLD)
    for cipher in ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"):
        options = HttpOptions(tls=TLS(ca=files / "ca.pem", ciphers=cipher))
        assert play(names_the_cipher, get(), tls=tls, options=options).body == cipher.encode()
    with pytest.raises(OptionError, match=r"ciphers: expected names of TLS 1.2's ciphers, .* found 'none-such', which"):
        make_context(TLS(ciphers="none-such"))


# Resumption


def says_whether_resumed(*fields):
    """Answer one request on each connection, and end it."""

    async def handler(peer: Peer):
        await peer.request()
        resumed = peer.writer.get_extra_info("ssl_object").session_reused
        await peer.send(ok(b"resumed" if resumed else b"new", *fields))
        peer.cut()

    return handler


@pytest.mark.parametrize("fields", [["Connection: close"], []])
@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(("resume", "expected"), [(False, [b"new"] * 4), (True, [b"new", *[b"resumed"] * 3])])
def test_resumption(authority, files, version, resume, expected, fields):
    async def scene(lab):
        bodies = []
        for _ in range(4):
            bodies.append((await lab.http.get("/")).body)
            await turns(20)
        return bodies

    tls = only(server_tls(authority), version)
    options = HttpOptions(tls=TLS(ca=files / "ca.pem", resume=resume))
    assert play(says_whether_resumed(*fields), scene, tls=tls, options=options) == expected


def test_resumption_where_connections_are_not_used_again(authority, files):
    async def scene(lab):
        return [(await lab.http.get("/")).body for _ in range(3)]

    async def handler(peer: Peer):
        await peer.request()
        resumed = peer.writer.get_extra_info("ssl_object").session_reused
        await peer.send(ok(b"resumed" if resumed else b"new"))
        await peer.end()

    options = HttpOptions(tls=TLS(ca=files / "ca.pem", resume=True), connections="request")
    assert play(handler, scene, tls=server_tls(authority), options=options) == [b"new", b"resumed", b"resumed"]


def test_a_session_is_taken_up_by_the_same_user_with_the_same_host(authority, files):
    async def scene(lab):
        shared = scenario(lab, HttpOptions(tls=TLS(ca=files / "ca.pem", resume=True)))
        users = [HttpClient(shared, UserState()) for _ in range(2)]
        urls = [f"https://{host}:{lab.server.port}/" for host in ("127.0.0.1", "localhost")]
        bodies = [(await user.get(url)).body for _ in range(2) for user in users for url in urls]
        for user in users:
            user.close()
        return bodies

    answers = play(says_whether_resumed("Connection: close"), scene, tls=server_tls(authority))
    assert answers == [b"new"] * 4 + [b"resumed"] * 4


@pytest.mark.parametrize("version", [OLD, NEW])
def test_connections_that_are_opened_at_once_need_no_session(authority, files, version):
    async def scene(lab):
        first = [lab.http.get("/") for _ in range(4)]
        bodies = [(await one).body for one in first]
        return bodies, (await lab.http.get("/")).body

    tls = only(server_tls(authority), version)
    options = HttpOptions(tls=TLS(ca=files / "ca.pem", resume=True))
    bodies, after = play(says_whether_resumed("Connection: close"), scene, tls=tls, options=options)
    assert (bodies, after) == ([b"new"] * 4, b"resumed")


# Files

WRONG = {
    "no ca": ({"ca": "none.pem"}, "ca: expected a file (PEM), found none to read at {}/none.pem: No such file"),
    "empty ca": ({"ca": "empty.pem"}, "ca: expected certificates (PEM) in {}/empty.pem, found an empty file"),
    "text as ca": ({"ca": "text.pem"}, "ca: expected certificates (PEM) in {}/text.pem, found none ("),
    "key as ca": ({"ca": "key.pem"}, "ca: expected certificates (PEM) in {}/key.pem, found none ("),
    "broken ca": ({"ca": "broken.pem"}, "ca: expected certificates (PEM) in {}/broken.pem, found none ("),
    "folder of nothing": (
        {"ca": "empty"},
        "ca: expected certificates (*.pem, *.crt, *.cer) in the folder {}/empty, found",
    ),
    "no cert": ({"cert": "none.pem"}, "cert: expected a file (PEM), found none to read at {}/none.pem: No such file"),
    "folder as cert": (
        {"cert": "empty"},
        "cert: expected a file (PEM), found none to read at {}/empty: Is a directory",
    ),
    "no key file": (
        {"cert": "cert.pem", "key": "none.pem"},
        "key: expected a file (PEM), found none to read at {}/none.pem",
    ),
    "empty cert": ({"cert": "empty.pem"}, "cert: expected a certificate (PEM) in {}/empty.pem, found an empty file"),
    "text as cert": (
        {"cert": "text.pem", "key": "key.pem"},
        "cert: expected a certificate (PEM) in {}/text.pem, found none (",
    ),
    "key as cert": ({"cert": "key.pem"}, "cert: expected a certificate (PEM) in {}/key.pem, found none ("),
    "cert alone": ({"cert": "cert.pem"}, "key: expected a private key (PEM) in {}/cert.pem, found none ("),
    "advice": ({"cert": "cert.pem"}, "; give key=..., the file that it is in"),
    "cert as key": (
        {"cert": "cert.pem", "key": "ca.pem"},
        "key: expected a private key (PEM) in {}/ca.pem, found none (",
    ),
    "empty key": (
        {"cert": "cert.pem", "key": "empty.pem"},
        "key: expected a private key (PEM) in {}/empty.pem, found an empty",
    ),
    "broken": (
        {"cert": "broken.pem", "key": "key.pem"},
        "cert: expected a certificate and its private key (PEM) in {}/broken.pem",
    ),
    "other key": (
        {"cert": "cert.pem", "key": "other-key.pem"},
        "key: expected the private key of the certificate in {0}/cert.pem, found that of another in {0}/other-key.pem",
    ),
    "locked": (
        {"cert": "cert.pem", "key": "locked.pem"},
        "key: expected a password in TLS(password=...), found none: the private key in {}/locked.pem is encrypted",
    ),
    "password": (
        {"cert": "cert.pem", "key": "locked.pem", "password": "open"},
        "password: expected the one that the private key in {}/locked.pem is encrypted with, found another",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_says_what_is_wrong_with_a_file(files, case):
    options, message = WRONG[case]
    tls = TLS(**{name: value if name == "password" else files / value for name, value in options.items()})
    with pytest.raises(OptionError) as caught:
        refuse_unusable(HttpOptions(tls=tls))
    assert message.format(files) in str(caught.value)


def test_keys_are_logged_where_the_environment_says_so(tmp_path, monkeypatch):
    assert make_context(TLS()).keylog_filename is None
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert make_context(TLS()).keylog_filename == str(tmp_path / "keys")


def test_a_password_that_is_not_needed_is_no_error(files):
    make_context(TLS(cert=files / "both.pem", password="sesame"))
    refuse_unusable(HttpOptions())
