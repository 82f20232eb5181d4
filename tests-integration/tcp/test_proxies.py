"""Real proxies that speak the PROXY protocol: HAProxy, both versions, and nginx."""

import socket
import ssl
import textwrap
from pathlib import Path

import pytest

from .programs import CERTIFICATES
from .programs import PATIENCE
from .programs import Process
from .programs import free_port
from .programs import program
from .programs import wait_until_it_listens

# Tells each client what the proxy says about it, then sends its lines back.
SERVER = """
import asyncio, logging
from tcpserver import TCPServer
logging.basicConfig(format="%(message)s")

class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        header = stream.proxy_header
        kinds = ",".join(str(kind) for kind, _ in header.tlvs)
        told = f"v{header.version} {address[0]} {address[1]} {header.destination} {kinds}"
        await stream.write(told.encode() + b"\\n")
        while True:
            await stream.write(await stream.read_until(b"\\n"))

async def main(**options):
    server = Echo(proxy_protocol=True, proxy_networks=["127.0.0.0/8", "unix"], **options)
    server.listen(0, "127.0.0.1")
    print("port", server.sockets[0].getsockname()[1])
    await server.serve_forever()
"""
PLAIN = SERVER + "asyncio.run(main())"


def write(path: Path, text: str) -> None:
    path.write_text(textwrap.dedent(text))


def talk(front: int, expected: str, context: ssl.SSLContext | None = None) -> None:
    """Go through the proxy: our own address is what the server must see."""
    for _ in range(3):
        client = socket.create_connection(("127.0.0.1", front), PATIENCE)
        if context is not None:
            client = context.wrap_socket(client, server_hostname="localhost")
        with client:
            client.sendall(b"hello\n")
            host, port = client.getsockname()
            reader = client.makefile("rb")
            assert reader.readline().decode().startswith(expected.format(host=host, port=port))
            assert reader.readline() == b"hello\n"


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ("send-proxy", "v1 {host} {port} ('127.0.0.1', FRONT) \n"),
        ("send-proxy-v2", "v2 {host} {port} ('127.0.0.1', FRONT) \n"),
        (
            # 3: the checksum, 5: the unique id.
            "send-proxy-v2 proxy-v2-options crc32c,unique-id",
            "v2 {host} {port} ('127.0.0.1', FRONT) ",
        ),
    ],
)
def test_haproxy(send: str, expected: str, tmp_path: Path) -> None:
    front = free_port()
    configuration = tmp_path / "haproxy.cfg"
    with Process.script(PLAIN) as server:
        write(
            configuration,
            f"""
            defaults
                mode tcp
                timeout connect 10s
                timeout client 60s
                timeout server 60s
            frontend front
                bind 127.0.0.1:{front}
                unique-id-format %[uuid()]
                default_backend back
            backend back
                server one 127.0.0.1:{server.port()} {send}
        """,
        )
        with Process(program("haproxy"), "-db", "-f", str(configuration)):
            wait_until_it_listens(front)
            talk(front, expected.replace("FRONT", str(front)))
            if "crc32c" in send:
                talk(front, expected.replace("FRONT", str(front)) + "3,5")
        assert server.stop() == 0
        assert not [line for line in server.lines if "refused" in line]


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_tls_through_haproxy(send: str, tmp_path: Path) -> None:
    """The header is in plain text, and what follows it is TLS."""
    front = free_port()
    configuration = tmp_path / "haproxy.cfg"
    files = {
        "certfile": str(CERTIFICATES / "localhost.pem"),
        "keyfile": str(CERTIFICATES / "localhost.key"),
    }
    context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))
    with Process.script(SERVER + f"asyncio.run(main(ssl_options={files}))") as server:
        write(
            configuration,
            f"""
            defaults
                mode tcp
                timeout connect 10s
                timeout client 60s
                timeout server 60s
            listen front
                bind 127.0.0.1:{front}
                server one 127.0.0.1:{server.port()} {send}
            """,
        )
        with Process(program("haproxy"), "-db", "-f", str(configuration)):
            wait_until_it_listens(front)
            talk(front, f"v{send[-1] if send[-1] == '2' else 1} {{host}} {{port}} ", context)
        assert server.stop() == 0
        assert not [line for line in server.lines if "refused" in line]


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_health_checks_of_haproxy(send: str, tmp_path: Path) -> None:
    """They speak for themselves: UNKNOWN or LOCAL, or nothing at all."""
    front = free_port()
    configuration = tmp_path / "haproxy.cfg"
    with Process.script(PLAIN) as server:
        write(
            configuration,
            f"""
            defaults
                mode tcp
                log stdout format raw local0
                timeout connect 10s
                timeout client 60s
                timeout server 60s
                option log-health-checks
            listen front
                bind 127.0.0.1:{front}
                option tcp-check
                tcp-check connect default
                tcp-check expect rstring ^v[12]
                server one 127.0.0.1:{server.port()} {send} check check-send-proxy inter 100ms
        """,
        )
        with Process(program("haproxy"), "-db", "-f", str(configuration)) as haproxy:
            haproxy.line("succeeded")
        assert server.stop() == 0
        assert not [line for line in server.lines if "refused" in line or "Error" in line]


def test_nginx(tmp_path: Path) -> None:
    front = free_port()
    configuration = tmp_path / "nginx.conf"
    with Process.script(PLAIN) as server:
        write(
            configuration,
            f"""
            load_module /usr/lib/nginx/modules/ngx_stream_module.so;
            daemon off;
            worker_processes 1;
            pid {tmp_path}/nginx.pid;
            error_log stderr;
            events {{ }}
            stream {{
                server {{
                    listen 127.0.0.1:{front};
                    proxy_pass 127.0.0.1:{server.port()};
                    proxy_protocol on;
                }}
            }}
        """,
        )
        nginx = program("nginx")
        with Process(nginx, "-c", str(configuration), "-p", str(tmp_path), "-e", "stderr"):
            wait_until_it_listens(front)
            talk(front, f"v1 {{host}} {{port}} ('127.0.0.1', {front}) \n")
        assert server.stop() == 0
        assert not [line for line in server.lines if "refused" in line]
