"""`HTTPExchange`: one request and its answer, as ASGI's `http` scope has them.

The application begins when the head is there, in a task of its own. A request without a body is
complete by then; one that has a body is given its task in the loop's next turn, when what came
together with the head has been taken as well. Both ways, `receive` has nothing to wait for.

The head of the answer waits for the first piece of the body, and goes out together with it. Until
then the application may fail and be answered for.
"""

import asyncio
import logging
from enum import Enum
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

from http1 import HTTP1ServerConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import StreamClosedError

from ._asgi_fields import ASGIFields
from ._asgi_fields import start_line_of
from ._asgi_task import start
from ._asgi_types import Message
from ._asgi_types import Scope
from ._error_answer import answer_error
from ._exchange import Exchange

if TYPE_CHECKING:
    from ._asgi import ASGIDelegate

logger = logging.getLogger(__name__)

# How much of a body is kept for an application that does not take it, before no more is read.
_MAX_KEPT: Final = 64 * 1024

_EARLY_HINTS: Final = 103


class Answering(Enum):
    """How much of the answer the application has given."""

    #: Nothing that counts; early hints perhaps.
    NOTHING = "nothing"
    #: `http.response.start`, which is kept until there is something to go with it.
    HEAD = "head"
    #: A part of the body.
    BODY = "body"
    #: All of the body; trailers are to come.
    TRAILERS = "trailers"
    #: Everything.
    DONE = "done"


_NOTHING: Final = Answering.NOTHING
_HEAD: Final = Answering.HEAD
_BODY: Final = Answering.BODY
_TRAILERS: Final = Answering.TRAILERS
_DONE: Final = Answering.DONE


class HTTPExchange(HTTPMessageDelegate):
    """Receives one request, and runs the application for it."""

    # Class attributes for what the usual request leaves as it is: the instances then lack these.
    _task: asyncio.Task[None] | None = None
    # The request.
    _kept: list[bytes] | None = None  # of the body, what the application has not taken
    _kept_size = 0
    _complete = False  # whether all of it is here
    _request_told = False  # whether the application knows that that was all
    _gone = False  # whether the client has left before the end
    _room: asyncio.Future[None] | None = None  # done when more of the body is wanted
    _changed: asyncio.Event | None = None  # set with the next thing that happens
    _waited = False  # whether it has ever been waited for
    # The answer.
    _answering = _NOTHING
    _start: Message | None = None
    _trailers: HTTPHeaders | None = None

    def __init__(
        self, owner: "ASGIDelegate", server: HTTP1ServerConnection, connection: Exchange
    ) -> None:
        self._owner = owner
        self._server = server
        self._connection = connection

    # --- What the connection calls

    def headers_received(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
    ) -> asyncio.Future[None] | None:
        owner = self._owner
        server = self._server
        # A server's delegate gets requests only; a cast would be a call with each of them.
        scope = owner.connection_scope(server, self._connection).of_request(
            start_line,  # type: ignore[arg-type]
            headers,
            owner.state,
        )
        self._scope: Scope = scope
        if not server.body_length:
            # It begins when the request is complete, which is the next thing to happen.
            return None
        owner.running.add(self)
        self._task = asyncio.get_running_loop().create_task(self._run(scope))
        if server.awaits_continue:
            # The client is told to go on when the application wants the body.
            self._room = asyncio.get_running_loop().create_future()
        return self._room

    def data_received(self, chunk: bytes) -> asyncio.Future[None] | None:
        if self._answering is _DONE:
            return None
        if self._kept is None:
            self._kept = [chunk]
        else:
            self._kept.append(chunk)
        self._kept_size += len(chunk)
        if self._changed is not None:
            # It is waited for, and taken before the next one can come.
            self._notify()
        elif self._kept_size > _MAX_KEPT:
            self._room = asyncio.get_running_loop().create_future()
            return self._room
        return None

    def finish(self) -> None:
        self._complete = True
        if self._task is not None:
            self._notify()
        else:
            self._owner.running.add(self)
            self._task = start(self._run(self._scope))

    def on_connection_close(self) -> None:
        self._client_gone()

    def _client_gone(self) -> None:
        self._gone = True
        self._make_room()
        self._notify()

    def go_away(self) -> None:
        """Nothing: a request is answered, however long that takes; see `HTTPServer.drain`."""

    # --- What the application calls

    async def receive(self) -> dict[str, Any]:
        """The next event: a piece of the request's body, or the news that the client has gone.

        A piece is all that has come since the last one. It is read from the client no faster than
        it is asked for here.

        A client that has shut its sending side while it is waited for here counts as gone, because
        that is what it looks like. It is still answered, if the application likes.
        """
        while self._answering is not _DONE and not self._gone:
            if self._kept or (self._complete and not self._request_told):
                return self._take_body()
            self._make_room()
            if self._connection.stream.closed():
                break
            self._waited = True
            self._connection.set_close_callback(self._client_gone)
            self._server.set_eof_callback(self._client_gone)
            changed = self._changed
            if changed is None:
                changed = self._changed = asyncio.Event()
            await changed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a piece of the answer; wait until the client has room for more.

        Raises `iostream.StreamClosedError`, which is an `OSError`, when the client has gone,
        `RuntimeError` for a message out of turn, and `http1.HTTPOutputError` for one that can't be
        put on the wire.
        """
        kind = message["type"]
        answering = self._answering
        if answering is _HEAD or answering is _BODY:
            if kind == "http.response.body":
                connection = self._connection
                body = message.get("body", b"")
                start_message = self._start
                assert start_message is not None
                if answering is _HEAD:
                    written = connection.write_headers(
                        start_line_of(start_message["status"]),
                        ASGIFields(start_message.get("headers", ())),
                        body,
                    )
                    self._answering = _BODY
                else:
                    written = connection.write(body)
                if not message.get("more_body", False):
                    if not self._waited and self._room is None and "trailers" not in start_message:
                        # The usual end: nobody waits for it.
                        self._answering = _DONE
                        connection.finish()
                    else:
                        self._end_body()
                await written
                return
            if kind == "http.response.pathsend" and answering is _HEAD:
                await self._send_file(message["path"])
                return
        if kind == "http.response.start" and answering is _NOTHING:
            self._start = message
            self._answering = _HEAD
        elif kind == "http.response.early_hint" and answering in (_NOTHING, _HEAD):
            self._hint(message)
        elif kind == "http.response.trailers" and answering is _TRAILERS:
            self._take_trailers(message)
        elif self._connection.stream.closed():
            raise StreamClosedError
        else:
            raise RuntimeError(f"{kind!r} is out of turn: of the answer was sent {answering.value}")

    # --- Inside

    def _notify(self) -> None:
        """Wake up whoever waits in `receive`."""
        changed = self._changed
        if changed is not None:
            self._changed = None
            changed.set()

    def _make_room(self) -> None:
        """Have more of the body read."""
        room = self._room
        if room is not None:
            self._room = None
            if not room.done():
                room.set_result(None)

    def _take_body(self) -> dict[str, Any]:
        kept = self._kept
        if kept is None:
            body = b""
        else:
            body = kept[0] if len(kept) == 1 else b"".join(kept)
            self._kept = None
            self._kept_size = 0
        self._make_room()
        self._request_told = self._complete
        return {"type": "http.request", "body": body, "more_body": not self._complete}

    def _end_body(self) -> None:
        start_message = self._start
        assert start_message is not None
        if start_message.get("trailers", False):
            self._trailers = HTTPHeaders()
            self._answering = _TRAILERS
        else:
            self._end(None)

    def _end(self, trailers: HTTPHeaders | None) -> None:
        self._answering = _DONE
        self._make_room()
        self._notify()
        if self._waited:
            self._server.set_eof_callback(None)
        self._connection.finish(trailers)

    async def _send_file(self, path: str) -> None:
        start_message = self._start
        assert start_message is not None
        connection = self._connection
        # Opening a file that is there does not wait; what is sent of it is up to the kernel.
        with open(path, "rb") as file:  # noqa: ASYNC230
            fields = ASGIFields(start_message.get("headers", ()))
            fields.add_length(file)
            connection.write_headers(start_line_of(start_message["status"]), fields)
            self._answering = _BODY
            sent = connection.write_file(file)
            self._end_body()
            await sent

    def _hint(self, message: Message) -> None:
        if self._scope["http_version"] != "1.0":
            fields = ASGIFields([(b"Link", link) for link in message.get("links", ())])
            self._connection.write_headers(start_line_of(_EARLY_HINTS), fields)

    def _take_trailers(self, message: Message) -> None:
        trailers = self._trailers
        assert trailers is not None
        for name, value in ASGIFields(message.get("headers", ())).get_all():
            trailers.add(name, value)
        if not message.get("more_trailers", False):
            self._end(trailers)

    async def _run(self, scope: Scope) -> None:
        try:
            await self._owner.application(scope, self.receive, self.send)
            if self._answering is not _DONE:
                self._fail(None)
        except Exception as error:
            self._fail(error)
        except BaseException:
            # Cancelled, or the process is about to end.
            if self._answering is not _DONE:
                self._connection.abort()
            raise
        finally:
            self._owner.running.discard(self)

    def _fail(self, error: Exception | None) -> None:
        """The application has raised `error`, or returned with the answer not complete."""
        if self._connection.stream.closed() and (error is None or is_about_client(error)):
            # The client went away in the middle: there is nobody to tell, and nothing to mend.
            return
        scope = self._scope
        target = scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("ascii")
        request = f"{scope['method']} {target} from {self._connection.context}"
        if error is not None:
            logger.error("Uncaught exception in the application for %s", request, exc_info=error)
        else:
            given = self._answering.value
            logger.error("The application returned with of the answer %s for %s", given, request)
        if self._answering is not _DONE:
            self._answering = _DONE
            answer_error(self._connection, 500, "Internal Server Error", "the application failed")
            self._notify()


def is_about_client(error: BaseException) -> bool:
    """Whether `error` was raised because the client has gone, by us or on the way up."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StreamClosedError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
