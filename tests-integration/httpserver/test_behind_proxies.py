"""nginx and HAProxy in front: what they say of the client, and what a client says of itself."""

import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import sys

from http1 import HTTPHeaders, ResponseStartLine
from httpserver import HTTPServer, TrustedProxies
from netsock import IOLoop, bind_unix_socket

port, path, header = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def app(request):
    body = f"{request.remote_ip} {request.protocol} {request.host}\\n".encode()
    headers = HTTPHeaders({"Content-Length": str(len(body))})
    request.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), headers, body)
    request.connection.finish()


server = HTTPServer(app, xheaders=TrustedProxies(["127.0.0.1", "unix"], header=header))
server.listen(port, "127.0.0.1")
server.add_socket(bind_unix_socket(path))
IOLoop.current().start()
"""

# Clients come from another loopback address than the proxies.
CLIENT = "127.0.0.2"

PATIENCE = 30.0

NGINX = """
daemon off;
user {user} {group};
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    upstream app {{ server {backend}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {certfile};
        ssl_certificate_key {keyfile};
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-Ip $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind 127.0.0.1:{plain}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    default_backend app
backend app
    server app {backend}
"""


@contextmanager
def running(command: list[str], listens: Callable[[], bool]) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + PATIENCE
        while not listens():
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline, "the proxy does not listen"
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def backend(tmp_path: Path, start: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    script = tmp_path / "server.py"
    script.write_text(SCRIPT)
    header = getattr(request, "param", "X-Forwarded-For")
    with start(script, str(tmp_path / "socket"), header) as program:
        yield program


def address(backend: Any, tmp_path: Path, over: str) -> str:
    return f"127.0.0.1:{backend.port}" if over == "tcp" else f"unix:{tmp_path}/socket"


@pytest.mark.parametrize("over", ["tcp", "unix"])
@pytest.mark.parametrize("backend", ["X-Forwarded-For", "X-Real-Ip"], indirect=True)
def test_nginx(
    over: str, backend: Any, tmp_path: Path, curl: Any, certificate: Any, free_port: Any
) -> None:
    plain, tls = free_port(), free_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        NGINX.format(
            folder=tmp_path,
            user=tmp_path.owner(),
            group=tmp_path.group(),
            backend=address(backend, tmp_path, over),
            plain=plain,
            tls=tls,
            **certificate._asdict(),
        )
    )
    command = ["nginx", "-e", "stderr", "-p", str(tmp_path), "-c", str(configuration)]
    with running(command, lambda: backend.listens(plain)):
        client = ["--interface", CLIENT]
        url = f"http://127.0.0.1:{plain}/"
        assert curl(*client, url).decode() == f"{CLIENT} http 127.0.0.1:{plain}\n"
        spoofed = [
            *("-H", "X-Forwarded-For: 203.0.113.7"),
            *("-H", "X-Real-Ip: 203.0.113.7"),
            *("-H", "X-Forwarded-Proto: https"),
            *("-H", "X-Scheme: https"),
            *("-H", "Forwarded: for=203.0.113.7;proto=https"),
        ]
        assert curl(*client, *spoofed, url).decode() == f"{CLIENT} http 127.0.0.1:{plain}\n"
        url = f"https://127.0.0.1:{tls}/"
        secure = ["--cacert", certificate.certfile]
        assert curl(*client, *secure, url).decode() == f"{CLIENT} https 127.0.0.1:{tls}\n"
        # The proxy keeps its connections to the server: requests of several clients share one.
        assert curl("--interface", "127.0.0.3", f"http://127.0.0.1:{plain}/").startswith(
            b"127.0.0.3 "
        )


@pytest.mark.parametrize("over", ["tcp", "unix"])
def test_haproxy(over: str, backend: Any, tmp_path: Path, curl: Any, free_port: Any) -> None:
    plain = free_port()
    configuration = tmp_path / "haproxy.cfg"
    server = address(backend, tmp_path, over).replace("unix:", "unix@")
    configuration.write_text(HAPROXY.format(plain=plain, backend=server))
    command = ["haproxy", "-db", "-f", str(configuration)]
    with running(command, lambda: backend.listens(plain)):
        url = f"http://127.0.0.1:{plain}/"
        spoofed = ["-H", "X-Forwarded-For: 203.0.113.7, 127.0.0.1"]
        for arguments in ([], spoofed):
            answer = curl("--interface", CLIENT, *arguments, url).decode()
            assert answer == f"{CLIENT} http 127.0.0.1:{plain}\n"


def test_client_that_is_no_proxy(backend: Any, curl: Any) -> None:
    spoofed = ["-H", "X-Forwarded-For: 203.0.113.7", "-H", "X-Forwarded-Proto: https"]
    answer = curl("--interface", CLIENT, *spoofed, f"{backend.url}/").decode()
    assert answer == f"{CLIENT} http 127.0.0.1:{backend.port}\n"
