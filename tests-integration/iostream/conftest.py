"""A certificate for the programs that talk TLS to our streams."""

import pathlib
import subprocess

import pytest


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The paths of a certificate for localhost, which signs itself, and of its key."""
    folder: pathlib.Path = tmp_path_factory.mktemp("tls")
    certfile, keyfile = str(folder / "cert.pem"), str(folder / "key.pem")
    paths = ["-keyout", keyfile, "-out", certfile]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
            *name,
            *paths,
        ],
        check=True,
        capture_output=True,
    )
    return certfile, keyfile
