"""Loops and certificates for the tests of streams."""

import asyncio
import dataclasses
import pathlib
import ssl
import subprocess
from collections.abc import Callable

import pytest

try:
    import uvloop
except ImportError:
    LOOPS = {"asyncio": asyncio.SelectorEventLoop}
else:
    LOOPS = {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def new_loop(request) -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes a loop; the test runs on each kind."""
    return LOOPS[request.param]


@pytest.fixture
def run(new_loop):
    """Runs a coroutine on a loop of its own."""

    def run(test):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(test)

    return run


@dataclasses.dataclass
class TLS:
    """A certificate for localhost, and contexts for both ends."""

    certfile: str
    keyfile: str
    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def tls(tmp_path_factory) -> TLS:
    folder: pathlib.Path = tmp_path_factory.mktemp("tls")
    certfile = str(folder / "cert.pem")
    keyfile = str(folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-keyout", keyfile, "-out", certfile, "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certfile, keyfile)
    return TLS(certfile, keyfile, server, ssl.create_default_context(cafile=certfile))
