"""What runs: the packages, how they were built, the interpreter and its loop."""

import asyncio
import platform
from collections.abc import Iterator

import http1
import httpserver
import iostream
import netsock
import tcpserver
from httpserver.__main__ import is_compiled


def about() -> Iterator[tuple[str, str]]:
    """Yield names and what is to be said of them, as a table shows them."""
    for package in (netsock, iostream, tcpserver, http1, httpserver):
        build = "compiled" if is_compiled(package.__name__) else "pure Python"
        yield package.__name__, f"{package.__version__}, {build}"
    loop = type(asyncio.get_running_loop())
    yield "event loop", f"{loop.__module__.partition('.')[0]} ({loop.__name__})"
    yield "Python", f"{platform.python_implementation()} {platform.python_version()}"
    yield "system", f"{platform.system()} {platform.machine()}"
