"""The scope of a request or a WebSocket: what ASGI tells an application about it."""

import os

from http1 import HTTPHeaders
from http1 import RequestStartLine
from iostream import IOStream

from ._address import UNIX_PEER
from ._asgi_types import Scope
from ._context import ConnectionContext

_ASGI = {"version": "3.0", "spec_version": "2.5"}

_HTTP_EXTENSIONS: dict[str, dict[str, object]] = {
    "http.response.early_hint": {},
    "http.response.pathsend": {},
    "http.response.trailers": {},
}
_WEBSOCKET_EXTENSIONS: dict[str, dict[str, object]] = {"websocket.http.response": {}}


class ConnectionScope:
    """What all scopes of a connection have in common, found out once.

    `context` tells who the client is. `root_path` is what a proxy takes off the paths.
    """

    __slots__ = ("_common", "_raw_root_path", "_root_path", "context")

    def __init__(self, context: object, stream: IOStream, root_path: str) -> None:
        self.context = context
        self._root_path = root_path
        self._raw_root_path = root_path.encode()
        known = context if isinstance(context, ConnectionContext) else None
        # All keys of a scope are here, so that a copy never has to grow.
        self._common: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http" if known is None else known.protocol,
            "path": "",
            "raw_path": b"",
            "query_string": b"",
            "root_path": root_path,
            "headers": [],
            "client": None if known is None else client_address(known),
            "server": server_address(stream),
            "state": {},
            "extensions": _HTTP_EXTENSIONS,
        }

    def of_request(
        self, start_line: RequestStartLine, headers: HTTPHeaders, state: dict[str, object]
    ) -> Scope:
        """The scope of a request; `state` is what the lifespan has left there."""
        method, target, version = start_line
        scope = self._common.copy()
        if version != "HTTP/1.1":
            # A later minor version is read as 1.1 (RFC 9110 section 6.2).
            scope["http_version"] = "1.0" if version == "HTTP/1.0" else "1.1"
        scope["method"] = method
        path, _, query = target.partition("?")
        raw_path = path.encode("ascii")
        if "%" in path:
            # It takes a while to import, and a callback delegate can do without.
            from urllib.parse import unquote

            path = unquote(path)
        if self._root_path:
            path = self._root_path + path
            raw_path = self._raw_root_path + raw_path
        scope["path"] = path
        scope["raw_path"] = raw_path
        scope["query_string"] = query.encode("ascii")
        scope["headers"] = headers.raw_fields()
        scope["state"] = state.copy()
        scope["extensions"] = _HTTP_EXTENSIONS.copy()
        return scope

    def of_websocket(
        self, start_line: RequestStartLine, headers: HTTPHeaders, state: dict[str, object]
    ) -> Scope:
        """The scope of a WebSocket that begins with this request."""
        scope = self.of_request(start_line, headers, state)
        del scope["method"]
        scope["type"] = "websocket"
        scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
        scope["extensions"] = _WEBSOCKET_EXTENSIONS.copy()
        offered = ",".join(headers.get_list("Sec-WebSocket-Protocol"))
        scope["subprotocols"] = [name.strip() for name in offered.split(",") if name.strip()]
        return scope


def client_address(context: ConnectionContext) -> tuple[str, int] | None:
    """The client's IP address and port; the port is 0 behind a proxy. None on a Unix socket."""
    if context.remote_ip == UNIX_PEER:
        return None
    address = context.address
    if isinstance(address, tuple) and address[0] == context.remote_ip:
        return address[0], address[1]
    return context.remote_ip, 0


def server_address(stream: IOStream) -> tuple[str, int | None] | None:
    """Where the client has connected to: address and port, or a Unix socket's path and None."""
    try:
        address = stream.socket.getsockname()
    except OSError:
        return None
    if isinstance(address, tuple):
        return address[0], address[1]
    return os.fsdecode(address), None
