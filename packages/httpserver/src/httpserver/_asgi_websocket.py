"""`WebSocketExchange`: a WebSocket as ASGI's `websocket` scope has it, from its first request on.

The application decides first: it accepts, which is answered with 101 and makes a `WebSocket` of the
connection, or it declines, which is answered as any other request.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from wsproto.extensions import Extension
from wsproto.extensions import PerMessageDeflate
from wsproto.handshake import server_extensions_handshake
from wsproto.utilities import generate_accept_token

from http1 import HTTP1ServerConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import StreamClosedError

from ._asgi_fields import ASGIFields
from ._asgi_fields import start_line_of
from ._asgi_http import is_about_client
from ._asgi_task import start
from ._asgi_types import Message
from ._asgi_types import Scope
from ._error_answer import answer_error
from ._exchange import Exchange
from ._websocket import ABNORMAL
from ._websocket import GOING_AWAY
from ._websocket import INTERNAL_ERROR
from ._websocket import NORMAL
from ._websocket import WebSocket

if TYPE_CHECKING:
    from ._asgi import ASGIDelegate

logger = logging.getLogger(__name__)

# RFC 6455 section 4.1: 16 bytes in base64.
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==")


class Handshake(Enum):
    """How far the application has come with its decision."""

    #: It has not decided.
    AWAITED = "awaited"
    #: It has accepted.
    ACCEPTED = "accepted"
    #: It has begun to answer with a response of its own.
    DENYING = "denying"
    #: It has declined.
    DENIED = "denied"


class WebSocketExchange(HTTPMessageDelegate):
    """Receives the request that wants to become a WebSocket, and runs the application for it."""

    def __init__(
        self, owner: "ASGIDelegate", server: HTTP1ServerConnection, connection: Exchange
    ) -> None:
        self._owner = owner
        self._server = server
        self._connection = connection
        self._scope: Scope | None = None
        self._handshake = Handshake.AWAITED
        self._connect_told = False
        self._gone = asyncio.Event()  # set when the client has gone before the decision
        self._response: Message | None = None  # http.response.start of a denial
        self._head_written = False
        self._websocket: WebSocket | None = None
        self._task: asyncio.Task[None] | None = None

    # --- What the connection calls

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, RequestStartLine)
        self._headers = headers
        self._request = f"{start_line.method} {start_line.path}"
        # RFC 6455 section 4.2.1
        if headers.get_list("Sec-WebSocket-Version") != ["13"]:
            text = "the version of WebSocket is 13"
            self._refuse(426, "Upgrade Required", text, {"Sec-WebSocket-Version": "13"})
            return
        keys = headers.get_list("Sec-WebSocket-Key")
        if start_line.method != "GET" or len(keys) != 1 or not _KEY.fullmatch(keys[0]):
            self._refuse(400, "Bad Request", "no valid WebSocket handshake")
            return
        common = self._owner.connection_scope(self._server, self._connection)
        self._scope = common.of_websocket(start_line, headers, self._owner.state)

    def finish(self) -> None:
        if self._scope is not None:
            self._connection.set_close_callback(self._gone.set)
            self._owner.running.add(self)
            self._task = start(self._run(self._scope))

    def on_connection_close(self) -> None:
        self._gone.set()

    # --- What the application calls

    async def receive(self) -> dict[str, Any]:
        """The next event: the request to connect, then messages, then why there are no more."""
        if not self._connect_told:
            self._connect_told = True
            return {"type": "websocket.connect"}
        websocket = self._websocket
        if websocket is None:
            if self._handshake is Handshake.AWAITED:
                await self._gone.wait()
            return {"type": "websocket.disconnect", "code": ABNORMAL, "reason": ""}
        message = await websocket.receive()
        if message is None:
            return {
                "type": "websocket.disconnect",
                "code": websocket.close_code,
                "reason": websocket.close_reason,
            }
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message}
        return {"type": "websocket.receive", "bytes": message}

    async def send(self, message: Message) -> None:
        """Take a decision, or a message; wait until the client has room for more.

        Raises `iostream.StreamClosedError`, which is an `OSError`, when the WebSocket is closed,
        and `RuntimeError` for what is out of turn.
        """
        kind = message["type"]
        handshake = self._handshake
        websocket = self._websocket
        if websocket is not None and kind == "websocket.send":
            text = message.get("text")
            await websocket.send(message["bytes"] if text is None else text)
        elif websocket is not None and kind == "websocket.close":
            websocket.close(message.get("code", NORMAL), message.get("reason") or "")
        elif handshake is Handshake.AWAITED and self._connection.stream.closed():
            raise StreamClosedError
        elif handshake is Handshake.AWAITED and kind == "websocket.accept":
            self._accept(message)
        elif handshake is Handshake.AWAITED and kind == "websocket.close":
            self._handshake = Handshake.DENIED
            self._refuse(403, "Forbidden", "the application declines")
        elif handshake is Handshake.AWAITED and kind == "websocket.http.response.start":
            self._handshake = Handshake.DENYING
            self._response = message
        elif handshake is Handshake.DENYING and kind == "websocket.http.response.body":
            await self._deny(message)
        else:
            raise RuntimeError(f"{kind!r} is out of turn: the handshake is {handshake.value}")

    def go_away(self) -> asyncio.Task[None] | None:
        """Close because the server ends; give the task of the application, which ends as well."""
        if self._websocket is None:
            return None
        self._websocket.close(GOING_AWAY)
        return self._task

    # --- Inside

    def _accept(self, message: Message) -> None:
        headers = HTTPHeaders()
        for name, value in ASGIFields(message.get("headers", ())).get_all():
            headers.add(name, value)
        if "Sec-WebSocket-Protocol" in headers:
            raise RuntimeError("the subprotocol goes into 'subprotocol', not into 'headers'")
        headers["Upgrade"] = "websocket"
        headers["Connection"] = "Upgrade"
        key = self._headers["Sec-WebSocket-Key"].encode("ascii")
        headers["Sec-WebSocket-Accept"] = generate_accept_token(key).decode("ascii")
        subprotocol = message.get("subprotocol")
        if subprotocol is not None:
            headers["Sec-WebSocket-Protocol"] = subprotocol
        extensions, agreed = negotiate(self._headers.get_list("Sec-WebSocket-Extensions"))
        if agreed:
            headers["Sec-WebSocket-Extensions"] = agreed
        connection = self._connection
        connection.write_headers(start_line_of(101), headers)
        self._handshake = Handshake.ACCEPTED
        connection.finish()
        owner = self._owner
        self._websocket = WebSocket(
            connection.detach(),
            extensions,
            owner.websocket_max_size,
            owner.websocket_ping_interval,
        )
        self._websocket.start()

    async def _deny(self, message: Message) -> None:
        response = self._response
        assert response is not None
        connection = self._connection
        body = message.get("body", b"")
        if self._head_written:
            written = connection.write(body)
        else:
            fields = ASGIFields(response.get("headers", ()))
            written = connection.write_headers(start_line_of(response["status"]), fields, body)
            self._head_written = True
        if not message.get("more_body", False):
            self._handshake = Handshake.DENIED
            connection.finish()
        await written

    def _refuse(
        self, status: int, reason: str, text: str, fields: dict[str, str] | None = None
    ) -> None:
        answer_error(self._connection, status, reason, text, fields)

    async def _run(self, scope: Scope) -> None:
        error: BaseException | None = None
        try:
            await self._owner.application(scope, self.receive, self.send)
        except Exception as raised:
            error = raised
        except BaseException:
            self._connection.close()
            raise
        finally:
            self._owner.running.discard(self)
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        """The application is through, in order or not."""
        websocket = self._websocket
        gone = self._gone.is_set() if websocket is None else websocket.closed
        if error is not None and not (gone and is_about_client(error)):
            logger.error(
                "Uncaught exception in the application for the WebSocket %s from %s",
                self._request,
                self._connection.context,
                exc_info=error,
            )
        if websocket is not None:
            websocket.close(NORMAL if error is None else INTERNAL_ERROR)
        elif self._handshake is not Handshake.DENIED and not gone:
            if error is None:
                logger.error(
                    "The application returned without a decision on the WebSocket %s from %s",
                    self._request,
                    self._connection.context,
                )
            self._handshake = Handshake.DENIED
            self._refuse(500, "Internal Server Error", "the application failed")


def negotiate(offers: Iterable[str]) -> tuple[list[Extension], str]:
    """The extensions for what the client offers, and what it is told about them."""
    for offer in ",".join(offers).split(","):
        deflate = PerMessageDeflate()
        try:
            agreed = server_extensions_handshake([offer.strip()], [deflate])
        except ValueError:
            # A parameter out of range: this offer is declined (RFC 7692 section 5.1).
            continue
        if agreed is not None:
            return [deflate], agreed.decode("ascii")
    return [], ""
