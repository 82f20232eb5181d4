"""Tornado's own tests of handlers, routing and WebSockets pass on our `HTTPServer`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SUITE = Path(__file__).with_name("tornado_suite.py")


@pytest.mark.parametrize("module", ["web_test", "websocket_test", "routing_test", "wsgi_test"])
def test_module(module: str) -> None:
    command = [sys.executable, str(SUITE), f"tornado.test.{module}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
