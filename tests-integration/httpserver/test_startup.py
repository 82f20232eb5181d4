"""The three documented ways to start a server, as scripts, with the names of our packages."""

import http.client
import os
from pathlib import Path
from typing import Any

import pytest

APP = """
import os
import sys

from http1 import HTTPHeaders, ResponseStartLine
from httpserver import HTTPServer
from netsock import IOLoop, bind_sockets, fork_processes

def app(request):
    body = f"{os.getpid()} {request.uri}".encode()
    request.connection.write_headers(
        ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders({"Content-Length": str(len(body))}), body
    )
    request.connection.finish()
"""

PATTERNS = {
    "listen": """
server = HTTPServer(app)
server.listen(int(sys.argv[1]), "127.0.0.1")
IOLoop.current().start()
""",
    "bind and start": """
server = HTTPServer(app)
server.bind(int(sys.argv[1]), "127.0.0.1")
server.start(0)
IOLoop.current().start()
""",
    "bind_sockets, fork_processes and add_sockets": """
sockets = bind_sockets(int(sys.argv[1]), "127.0.0.1")
fork_processes(0)
server = HTTPServer(app)
server.add_sockets(sockets)
IOLoop.current().start()
""",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern(pattern: str, tmp_path: Path, start: Any) -> None:
    script = tmp_path / "server.py"
    script.write_text(APP + PATTERNS[pattern])
    with start(script) as program:
        pids: set[int] = set()
        for number in range(20):
            client = http.client.HTTPConnection("127.0.0.1", program.port)
            for path in (f"/{number}", "/again"):
                client.request("GET", path)
                response = client.getresponse()
                assert response.status == 200
                pid, uri = response.read().decode().split()
                assert uri == path
                pids.add(int(pid))
            client.close()
        if pattern == "listen":
            assert pids == {program.process.pid}
        else:
            assert program.process.pid not in pids, "the parent only supervises"
        assert program.stop() == 0
        assert "Traceback" not in program.output
        for worker in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)
