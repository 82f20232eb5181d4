"""Line echo: 64-byte lines on some connections, each connection waiting for its own line to come back.

All lines of a lap are sent before the first answer is read, so that the server always finds work on
many sockets and its event loop is measured under load, not while it waits for the generator.
"""

import argparse
import socket
import time

from .outcome import report

LINE = 64


def laps(port: int, connections: int, seconds: float) -> None:
    """Send and check lines until ``seconds`` have gone by."""
    socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for sock in socks:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(10)
    errors = 0
    latencies: list[float] = []
    lap = 0
    begin = now = time.perf_counter()
    while now < begin + seconds:
        line = b"%063d\n" % lap
        sent = now
        for sock in socks:
            sock.send(line)
        for sock in socks:
            answer = sock.recv(LINE)
            while 0 < len(answer) < LINE:
                answer += sock.recv(LINE - len(answer))
            errors += answer != line
        now = time.perf_counter()
        latencies.append(now - sent)
        lap += 1
    report(lap * connections, now - begin, errors, latencies)


def connects(port: int, seconds: float) -> None:
    """Connect, have one line echoed, close; one after the other."""
    errors = operations = 0
    latencies: list[float] = []
    begin = now = time.perf_counter()
    while now < begin + seconds:
        started = now
        line = b"%063d\n" % operations
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.send(line)
            errors += sock.recv(LINE) != line
        now = time.perf_counter()
        latencies.append(now - started)
        operations += 1
    report(operations, now - begin, errors, latencies)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--connects", action="store_true")
    arguments = parser.parse_args()
    if arguments.connects:
        connects(arguments.port, arguments.seconds)
    else:
        laps(arguments.port, arguments.connections, arguments.seconds)


if __name__ == "__main__":
    main()
