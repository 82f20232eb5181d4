"""Loops and a certificate for the tests of streams."""

import asyncio
import pathlib
import subprocess
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any

import pytest

NewLoop = Callable[[], asyncio.AbstractEventLoop]

LOOPS: dict[str, NewLoop] = {"asyncio": asyncio.SelectorEventLoop}
try:
    import uvloop
except ImportError:
    pass
else:
    LOOPS["uvloop"] = uvloop.new_event_loop


@pytest.fixture(params=LOOPS)
def new_loop(request: pytest.FixtureRequest) -> NewLoop:
    """Makes a loop; the test runs on each kind."""
    return LOOPS[request.param]


@pytest.fixture
def run(new_loop: NewLoop) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine on a loop of its own."""

    def run(test: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(test)

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The paths of a certificate for localhost and 127.0.0.1, which signs itself, and of its key."""
    folder: pathlib.Path = tmp_path_factory.mktemp("tls")
    certfile = str(folder / "cert.pem")
    keyfile = str(folder / "key.pem")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", *key, *name, "-keyout", keyfile, "-out", certfile],
        check=True,
        capture_output=True,
    )
    return certfile, keyfile
