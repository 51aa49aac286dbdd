"""The TLS context of a run, made of options and files; whatever is wrong with a file is said before anything is sent.

Must not know origins or connections.
"""

import os
import ssl
import warnings
from pathlib import Path

from surgeline.errors import OptionError
from surgeline.protocols.http.options import TLS, FilePath, TLSVersion

_ALPN = ["http/1.1"]
_CERTIFICATES = frozenset({".pem", ".crt", ".cer"})
_VERSIONS: dict[TLSVersion, ssl.TLSVersion] = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD: tuple[TLSVersion, ...] = ("1.0", "1.1")
_OLD_CIPHERS = "DEFAULT:@SECLEVEL=0"
"""What OpenSSL 3 speaks TLS 1.0 and 1.1 with: their signatures are below its security level 1."""


def make_context(tls: TLS) -> ssl.SSLContext:
    """Return the context for all connections of a run. Raises OptionError naming the file and what is wrong with it."""
    # ssl.create_default_context would, from Python 3.13 on, refuse certificates that browsers and curl take.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(_ALPN)
    key_log = os.environ.get("SSLKEYLOGFILE")
    if key_log:  # for who records the traffic and wants to read it
        context.keylog_filename = key_log
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _set_versions(context, tls)
    _set_ciphers(context, tls)
    if tls.ca is not None:
        _trust(context, Path(tls.ca))
    elif tls.verify:
        context.load_default_certs()
    if tls.cert is not None:
        _identify(context, tls, tls.cert)
    return context


def _set_versions(context: ssl.SSLContext, tls: TLS) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is known to who asks for them
        if tls.max_version is not None:
            context.minimum_version = min(context.minimum_version, _VERSIONS[tls.max_version])
            context.maximum_version = _VERSIONS[tls.max_version]
        if tls.min_version is not None:
            context.minimum_version = _VERSIONS[tls.min_version]


def _set_ciphers(context: ssl.SSLContext, tls: TLS) -> None:
    is_old = tls.min_version in _OLD or tls.max_version in _OLD
    ciphers = tls.ciphers or (_OLD_CIPHERS if is_old else None)
    if ciphers is None:
        return
    try:
        context.set_ciphers(ciphers)
    except ssl.SSLError:
        raise OptionError(
            f"ciphers: expected names of TLS 1.2's ciphers, as `openssl ciphers` takes them, found {ciphers!r}, which "
            "selects none"
        ) from None


# Files


def _trust(context: ssl.SSLContext, path: Path) -> None:
    """Trust the certificates of a file, or of every file in a folder."""
    if not path.is_dir():
        _load_authorities(context, path)
        return
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _CERTIFICATES and file.is_file())
    if not files:
        raise OptionError(f"ca: expected certificates (*.pem, *.crt, *.cer) in the folder {path}, found none")
    for file in files:
        _load_authorities(context, file)


def _load_authorities(context: ssl.SSLContext, path: Path) -> None:
    _refuse_unreadable("ca", path)
    try:
        context.load_verify_locations(cafile=str(path))
    except (ssl.SSLError, OSError) as error:
        raise OptionError(f"ca: expected certificates (PEM) in {path}, found {_what_is_in(path, error)}") from None


def _identify(context: ssl.SSLContext, tls: TLS, cert: FilePath) -> None:
    """Load our certificate and its key."""
    _refuse_unreadable("cert", cert)
    if tls.key is not None:
        _refuse_unreadable("key", tls.key)
    password = _Password(tls.password)
    try:
        context.load_cert_chain(cert, tls.key, password)
    except (ssl.SSLError, OSError) as error:
        raise OptionError(_why_not(tls, cert, password, error)) from None


class _Password:
    """Answers OpenSSL, which would ask on the terminal, and notes that it asked."""

    def __init__(self, password: str | None) -> None:
        self._password = password
        self.was_asked = False

    def __call__(self) -> str:
        self.was_asked = True
        return self._password or ""


def _why_not(tls: TLS, cert: FilePath, password: _Password, error: OSError) -> str:
    """Say which file is wrong, and how."""
    key = cert if tls.key is None else tls.key
    if password.was_asked and tls.password is None:
        return f"key: expected a password in TLS(password=...), found none: the private key in {key} is encrypted"
    if password.was_asked:
        return f"password: expected the one that the private key in {key} is encrypted with, found another"
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return f"key: expected the private key of the certificate in {cert}, found that of another in {key}"
    if b"-----BEGIN CERTIFICATE-----" not in _bytes_of(cert):
        return f"cert: expected a certificate (PEM) in {cert}, found {_what_is_in(Path(cert), error)}"
    if b"PRIVATE KEY-----" not in _bytes_of(key):
        found = "give key=..., the file that it is in" if tls.key is None else "it holds none"
        return f"key: expected a private key (PEM) in {key}, found {_what_is_in(Path(key), error)}; {found}"
    return f"cert: expected a certificate and its private key (PEM) in {cert} and {key}: {_reason(error)}"


def _refuse_unreadable(option: str, path: FilePath) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise OptionError(f"{option}: expected a file (PEM), found none to read at {path}: {error.strerror}") from None


def _what_is_in(path: Path, error: OSError) -> str:
    if not _bytes_of(path).strip():
        return "an empty file"
    return f"none ({_reason(error)})"


def _bytes_of(path: FilePath) -> bytes:
    return Path(path).read_bytes()


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()
