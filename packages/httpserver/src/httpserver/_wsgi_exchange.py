"""`WSGIExchange`: one request and its answer, between the loop and a thread.

The application runs in a thread, from the moment when the request is there, or as much of its body
as is kept. So a client that sends a small body slowly occupies no thread.

What the application gives is handed to the loop, which writes it. It goes on meanwhile, as PEP 3333
allows, until as much as is kept waits for the client. An answer that is a list leaves in one piece.
"""

import asyncio
import io
import logging
from typing import TYPE_CHECKING
from typing import Any
from typing import BinaryIO

from http1 import HTTP1ServerConnection
from http1 import HTTPHeaders
from http1 import HTTPMessageDelegate
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import StreamClosedError

from ._error_answer import answer_error
from ._exchange import Exchange
from ._wsgi_answer import WSGIAnswer
from ._wsgi_body import MAX_KEPT
from ._wsgi_body import StreamedBody
from ._wsgi_environ import make_environ
from ._wsgi_head import ResponseHead

if TYPE_CHECKING:
    from ._wsgi import WSGIDelegate

logger = logging.getLogger(__name__)


class WSGIExchange(HTTPMessageDelegate):
    """Receives one request, and has the application answer it."""

    _body: StreamedBody | None = None  # what the application reads, if it does not come at once
    _kept_size = 0
    _begun = False  # whether the application has been called, or is going to be
    _finished = False  # whether nothing more can be written
    _failed = False  # whether that has been logged

    def __init__(
        self, owner: "WSGIDelegate", server: HTTP1ServerConnection, connection: Exchange
    ) -> None:
        self._owner = owner
        self._server = server
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._kept: list[bytes] = []  # of the body, before the application begins

    # --- What the connection calls, in the loop

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> asyncio.Future[None] | None:
        # A server's delegate gets requests only.
        self._start_line: RequestStartLine = start_line  # type: ignore[assignment]
        self._headers = headers
        if self._server.awaits_continue:
            # The client is told to go on when the application reads.
            return self._stream_body()
        return None

    def data_received(self, chunk: bytes) -> asyncio.Future[None] | None:
        if self._body is not None:
            return self._body.feed(chunk)
        self._kept.append(chunk)
        self._kept_size += len(chunk)
        if self._kept_size > MAX_KEPT:
            return self._stream_body()
        return None

    def finish(self) -> None:
        if self._body is not None:
            self._body.end(gone=False)
        else:
            kept = self._kept
            self._begin(io.BytesIO(kept[0] if len(kept) == 1 else b"".join(kept)))

    def on_connection_close(self) -> None:
        self._client_gone()

    def _stream_body(self) -> asyncio.Future[None] | None:
        """Let the application begin before all of the body is here; give what is waited for."""
        body = self._body = StreamedBody(self._loop, self._kept)
        wanted = body.wanted
        self._begin(io.BufferedReader(body, MAX_KEPT))
        return wanted

    def _begin(self, body: io.BufferedIOBase) -> None:
        environ = make_environ(
            self._start_line, self._headers, self._connection, self._owner.script_name, body
        )
        self._answer = WSGIAnswer(self, self._loop)
        self._begun = True
        self._connection.set_close_callback(self._client_gone)
        self._owner.running.add(self)
        self._owner.pool.submit(lambda: self._run(environ))

    def _client_gone(self) -> None:
        if self._body is not None:
            self._body.end(gone=True)
        if self._begun:
            self._answer.client_gone()

    # --- What happens in the thread

    def _run(self, environ: dict[str, Any]) -> None:
        answer = self._answer
        error: BaseException | None = None
        try:
            result = self._owner.application(environ, answer.start_response)
            try:
                answer.take(result)
            finally:
                close = getattr(result, "close", None)
                if close is not None:
                    close()
        except BaseException as raised:
            # Whatever it is: the thread goes on, and the client has to be told.
            error = raised
        try:
            self._loop.call_soon_threadsafe(self._over, error)
        except RuntimeError:
            # The loop is closed, and with it the connection.
            pass

    # --- And again in the loop

    def write(self, head: ResponseHead | None, pieces: list[bytes], last: bool) -> None:
        """Write a head, if it has not been written, and a part of the body."""
        answer = self._answer
        connection = self._connection
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        try:
            if head is not None:
                written = connection.write_headers(head.start_line, head, data)
            else:
                written = connection.write(data)
            if last:
                self._finished = True
                connection.finish()
        except Exception as error:
            self._fail(error)
            return
        if written.done():
            answer.written(written, len(data))
        else:
            written.add_done_callback(lambda future: answer.written(future, len(data)))

    def write_file(self, head: ResponseHead, file: BinaryIO, offset: int, size: int) -> None:
        """Write a whole answer whose body is a part of a file."""
        answer = self._answer
        connection = self._connection
        try:
            connection.write_headers(head.start_line, head)
            written = connection.write_file(file, offset, size)
            self._finished = True
            connection.finish()
        except Exception as error:
            self._fail(error)
            return
        written.add_done_callback(lambda future: answer.written(future, size))

    def _over(self, error: BaseException | None) -> None:
        """The application is through, in order or not."""
        self._owner.running.discard(self)
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, StreamClosedError) and (
            self._failed or self._connection.stream.closed()
        ):
            # The client went away in the middle: there is nobody to tell, and nothing to mend.
            return
        self._failed = True
        method, target, _ = self._start_line
        request = f"{method} {target} from {self._connection.context}"
        logger.error("Uncaught exception in the application for %s", request, exc_info=error)
        self._answer.client_gone()
        if not self._finished:
            self._finished = True
            answer_error(self._connection, 500, "Internal Server Error", "the application failed")
