"""Keep-alive connections that have had one answer each and then say nothing.

Prints ``ready`` when all are open, and holds them until its standard input closes.
"""

import argparse
import socket
import sys

REQUEST = (
    b"GET /products/%d HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: idle\r\nAccept: */*\r\n"
    b"Accept-Language: en\r\nAccept-Encoding: gzip\r\nCookie: session=%08x\r\n"
    b"X-Request-Id: %08x\r\n\r\n"
)


def main() -> None:
    """Read the command line and hold the connections."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    arguments = parser.parse_args()
    held = []
    for i in range(arguments.connections):
        sock = socket.create_connection(("127.0.0.1", arguments.port))
        sock.settimeout(10)
        sock.send(REQUEST % (i, i, i))
        if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
            raise SystemExit("the server did not answer 200")
        held.append(sock)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
