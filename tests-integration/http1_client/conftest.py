import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

TEXT = b"The same line, again and again, so that it is worth compressing.\n" * 2000

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/plain txt; application/octet-stream bin; }}
    gzip on;
    gzip_types text/plain;
    server {{
        listen unix:{folder}/nginx.sock;
        root {folder}/www;
        location = /word {{ return 200 "word"; }}
        location = /nothing {{ return 204; }}
        location = /last {{ keepalive_timeout 0; return 200 "last"; }}
        location = /moved {{ return 301 /word; }}
        location = /small {{ client_max_body_size 1k; return 200 "small"; }}
        location = /trailers.txt {{ add_trailer X-Checksum 17; add_header Trailer X-Checksum; }}
        location /put/ {{ dav_methods PUT; create_full_put_path on; }}
        location /upstream/ {{
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_pass http://unix:{folder}/upstream.sock:/;
        }}
    }}
}}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Path]:
    """The folder of an nginx: its socket is `nginx.sock`, its files are in `www`."""
    folder = tmp_path
    www = folder / "www"
    www.mkdir()
    (www / "text.txt").write_bytes(TEXT)
    (www / "trailers.txt").write_bytes(TEXT)
    (www / "data.bin").write_bytes(bytes(range(256)) * 40_000)
    (www / "empty.txt").write_bytes(b"")
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder))
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
    assert program is not None, "nginx is missing: see docs/contributing.md"
    command = [
        program,
        "-c",
        str(configuration),
        "-p",
        str(folder),
        "-g",
        "error_log stderr notice;",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "using the" in line and "event method" in line:
                break
        assert (folder / "nginx.sock").exists(), "".join(said)
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        yield folder
        process.terminate()
        reader.join()


@pytest.fixture
def python_server(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The address of Python's own server, with `text.txt` to be had from it."""
    (tmp_path / "text.txt").write_bytes(TEXT)

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    handler = functools.partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield ("127.0.0.1", server.server_address[1])
        server.shutdown()
        thread.join()


class OpenSSLServer:
    """An `openssl s_server`, listening on `port`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        make = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -batch"
            " -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
        )
        subprocess.run(make.split(), cwd=folder, check=True, capture_output=True)
        command = "openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem"
        self.process = subprocess.Popen(
            [*command.split(), *options],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if match := re.match(rb"ACCEPT 127\.0\.0\.1:(\d+)", line):
                self.port = int(match.group(1))
                break

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
