"""What several tests of the HTTP client start from."""

import ssl

import pytest
import trustme


@pytest.fixture
def server_tls(monkeypatch, tmp_path):
    """A server's side of TLS, which every client trusts in this test."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
