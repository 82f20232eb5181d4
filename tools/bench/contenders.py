"""Everybody who takes part, and the command that starts each."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["floor", "ours", "peer"]

PROGRAM = ("{python}", "-m")
TLS = ("--certificate", "{certificate}")


@dataclass(frozen=True)
class Contender:
    """One server program.

    ``command`` and ``tls`` (added when the row speaks TLS) are formatted with ``python``, ``bin``,
    ``port``, ``certificate`` (with its key) and ``scratch``. ``compiled`` runs it on the compiled wheels.
    More than one of ``workers`` are not pinned to the server's core.
    """

    key: str
    name: str
    family: Family
    command: tuple[str, ...]
    tls: tuple[str, ...] = TLS
    compiled: bool = False
    workers: int = 1

    def arguments(self, words: Mapping[str, str], tls: bool) -> list[str]:
        """The command line of one start."""
        template = self.command + (self.tls if tls else ())
        return [part.format_map(words) for part in template]


def program(
    key: str, name: str, family: Family, module: str, *options: str, compiled: bool = False
) -> Contender:
    """A contender that is a module of ``tools.bench.servers``."""
    command = (*PROGRAM, f"tools.bench.servers.{module}", "--port", "{port}", *options)
    return Contender(key, name, family, command, compiled=compiled)


def shaped(shape: str) -> tuple[str, ...]:
    """The options that choose a shape of a program."""
    return ("--shape", shape) if shape else ()


def floors() -> list[Contender]:
    """The bare protocol in each shape and on each loop, and the bare socket loop."""
    found = [program("socket", "bare socket loop", "floor", "floor_socket")]
    for shape in ("", "close", "pipelined", "large", "upload", "chunks", "echo"):
        suffix = f"-{shape}" if shape else ""
        for loop, options in (("asyncio", ()), ("uvloop", ("--uvloop",))):
            key = f"floor{suffix}" + ("-uvloop" if options else "")
            name = f"bare protocol, {loop}"
            module = "floor_protocol"
            found.append(program(key, name, "floor", module, *shaped(shape), *options))
    return found


def ours() -> list[Contender]:
    """Each of our programs, on each loop, pure and compiled."""
    programs = (
        ("ours", "httpserver callback", "ours_callback", ""),
        ("ours-streaming", "httpserver delegate", "ours_callback", "streaming"),
        ("ours-asgi", "httpserver ASGI", "ours_asgi", ""),
        ("ours-wsgi", "httpserver WSGI", "ours_wsgi", ""),
        ("ours-tornado", "tornado.web on httpserver", "tornado_application", "ours"),
        ("ours-echo", "tcpserver, read_until", "echo_ours", ""),
        ("ours-stream", "iostream receiver, canned answer", "layers", "stream"),
        ("ours-parser", "+ RequestParser", "layers", "parser"),
        ("ours-connection", "+ HTTP1Connection, headers built", "layers", "connection"),
    )
    found = []
    for key, name, module, shape in programs:
        for compiled in (False, True):
            for uvloop in (False, True):
                suffix = ("-compiled" if compiled else "") + ("-uvloop" if uvloop else "")
                loop = "uvloop" if uvloop else "asyncio"
                build = ", compiled" if compiled else ""
                options = (*shaped(shape), *(("--uvloop",) if uvloop else ()))
                found.append(
                    program(
                        key + suffix,
                        f"{name}, {loop}{build}",
                        "ours",
                        module,
                        *options,
                        compiled=compiled,
                    )
                )
    two = program(
        "ours-workers", "httpserver callback, two workers", "ours", "ours_callback",
        "--workers", "2",
    )  # fmt: skip
    found.append(dataclasses.replace(two, workers=2))
    return found


def uvicorn(http: str, loop: str) -> Contender:
    """uvicorn with one of its parsers on one of its loops."""
    key = "uvicorn" + ("-h11" if http == "h11" else "") + ("-uvloop" if loop == "uvloop" else "")
    return Contender(
        key,
        f"uvicorn, {http}, {loop}",
        "peer",
        (
            "{python}", "-m", "uvicorn", "tools.bench.servers.asgi_application:application",
            "--host", "127.0.0.1", "--port", "{port}", "--http", http, "--loop", loop,
            "--no-access-log", "--log-level", "error", "--backlog", "1024", "--ws", "none",
            "--timeout-keep-alive", "75",
        ),
        ("--ssl-certfile", "{certificate}", "--ssl-keyfile", "{certificate}"),
    )  # fmt: skip


def granian(interface: str, loop: str) -> Contender:
    """granian with one worker, one blocking thread."""
    return Contender(
        f"granian-{interface}",
        f"granian, {interface.upper()}, {loop}",
        "peer",
        (
            "{bin}/granian", "--interface", interface, "--host", "127.0.0.1", "--port", "{port}",
            "--workers", "1", "--loop", loop, "--no-ws", "--http", "1", "--log-level", "error",
            f"tools.bench.servers.{interface}_application:application",
        ),
        ("--ssl-certificate", "{certificate}", "--ssl-keyfile", "{certificate}"),
    )  # fmt: skip


def peers() -> list[Contender]:
    """The others."""
    tornado = "tornado_callback"
    aiohttp = "aiohttp_application"
    return [
        program("tornado", "tornado HTTPServer, callback", "peer", tornado),
        program(
            "tornado-streaming", "tornado HTTPServer, delegate", "peer", tornado,
            *shaped("streaming"),
        ),
        program("tornado-web", "tornado.web on its own server", "peer", "tornado_application"),
        program("aiohttp", "aiohttp, asyncio", "peer", aiohttp),
        program("aiohttp-uvloop", "aiohttp, uvloop", "peer", aiohttp, "--uvloop"),
        program("socketify", "socketify (C++)", "peer", "socketify_application"),
        program("streams", "asyncio streams, asyncio", "peer", "echo_streams"),
        program("streams-uvloop", "asyncio streams, uvloop", "peer", "echo_streams", "--uvloop"),
        program("tornado-echo", "tornado IOStream", "peer", "echo_tornado"),
        uvicorn("httptools", "uvloop"),
        uvicorn("httptools", "asyncio"),
        uvicorn("h11", "asyncio"),
        granian("rsgi", "uvloop"),
        granian("asgi", "uvloop"),
        granian("wsgi", "asyncio"),
        Contender(
            "hypercorn",
            "hypercorn",
            "peer",
            (
                "{python}", "-m", "hypercorn", "tools.bench.servers.asgi_application:application",
                "--bind", "127.0.0.1:{port}", "--log-level", "ERROR", "--workers", "0",
                "--keep-alive", "75", "--backlog", "1024",
            ),
            ("--certfile", "{certificate}", "--keyfile", "{certificate}"),
        ),
        Contender(
            "gunicorn",
            "gunicorn, gthread",
            "peer",
            (
                "{python}", "-m", "gunicorn", "tools.bench.servers.wsgi_application:application",
                "--bind", "127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4",
                "--keep-alive", "75", "--log-level", "error",
            ),
            ("--certfile", "{certificate}", "--keyfile", "{certificate}"),
        ),
        Contender("nginx", "nginx, one worker", "peer", ("nginx", "-c", "{scratch}/nginx.conf"), ()),
    ]  # fmt: skip


def imports() -> list[Contender]:
    """The modules of the import row; they are imported, not run."""
    modules: tuple[tuple[str, Family], ...] = (
        ("asyncio", "floor"),
        ("httpserver", "ours"),
        ("tornado.httpserver", "peer"),
        ("uvicorn", "peer"),
        ("aiohttp.web", "peer"),
    )
    return [Contender(f"import-{name}", f"import {name}", family, ()) for name, family in modules]


ALL = (*floors(), *ours(), *peers(), *imports())

CONTENDERS = {contender.key: contender for contender in ALL}
