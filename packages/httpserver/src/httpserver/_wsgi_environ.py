"""The environ of a request: PEP 3333, "environ Variables"."""

import sys
from io import BufferedIOBase
from typing import Any
from typing import Final
from urllib.parse import unquote_to_bytes

from http1 import HTTPHeaders
from http1 import RequestStartLine
from netsock import task_id

from ._asgi_scope import client_address
from ._asgi_scope import server_address
from ._context import ConnectionContext
from ._exchange import Exchange

# The key for each field name, "" for one that is left out. Bounded: names come from clients.
_keys: dict[str, str] = {"Content-Type": "CONTENT_TYPE", "Content-Length": "CONTENT_LENGTH"}
_MAX_KEYS: Final = 1024


class FileWrapper:
    """An open file as the answer to a request: `wsgi.file_wrapper`.

    A regular file is left to the kernel to send; of anything else `block_size` bytes are read at a
    time. The file is closed in the end.
    """

    def __init__(self, file: Any, block_size: int = 64 * 1024) -> None:
        #: What is sent, from where it stands.
        self.file = file
        self._block_size = block_size

    def __iter__(self) -> "FileWrapper":
        return self

    def __next__(self) -> bytes:
        data: bytes = self.file.read(self._block_size)
        if not data:
            raise StopIteration
        return data

    def close(self) -> None:
        """Close the file."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()


def make_environ(
    start_line: RequestStartLine,
    headers: HTTPHeaders,
    connection: Exchange,
    script_name: str,
    body: BufferedIOBase,
) -> dict[str, Any]:
    """The environ of a request; text in it is latin-1, one character for each byte."""
    method, target, version = start_line
    path, _, query = target.partition("?")
    if "%" in path:
        path = unquote_to_bytes(path).decode("latin-1")
    context = connection.context
    known = context if isinstance(context, ConnectionContext) else None
    server = server_address(connection.stream)
    client = None if known is None else client_address(known)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": "localhost" if server is None else server[0],
        "SERVER_PORT": "80" if server is None or server[1] is None else str(server[1]),
        "SERVER_PROTOCOL": version,
        "REMOTE_ADDR": "" if client is None else client[0],
        "REMOTE_PORT": "" if client is None else str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http" if known is None else known.protocol,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": task_id() is not None,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, value in headers.get_all():
        key = _keys.get(name)
        if key is None:
            key = _key(name)
        if not key:
            continue
        if key in environ:
            # RFC 6265 section 5.4 joins cookies otherwise than RFC 9110 section 5.3 does the rest.
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    return environ


def _key(name: str) -> str:
    # X_Real_Ip would become the same key as X-Real-Ip, which only a proxy may be believed about.
    key = "" if "_" in name else "HTTP_" + name.upper().replace("-", "_")
    if len(_keys) < _MAX_KEYS:
        _keys[name] = key
    return key
