"""`HTTP1Connection`: the writing side of one exchange, a response on a server, a request on a client.

States of what is written (`Writing`); everything that is refused leaves the state as it was:

    HEAD --write_headers--> SIZED | CHUNKED | UNTIL_CLOSE | NO_BODY --finish--> DONE
    any but DONE --close, peer gone, too much or too little body--> BROKEN

An interim response (status 1xx but 101) leaves the state at HEAD.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Awaitable
from collections.abc import Callable
from typing import BinaryIO
from typing import Final

from iostream import IOStream
from iostream import StreamClosedError

from ._delegates import HTTPMessageDelegate
from ._encoding import CONTINUE
from ._encoding import LAST_CHUNK
from ._encoding import encode_chunk_size
from ._encoding import encode_trailers
from ._errors import HTTPInputError
from ._errors import HTTPOutputError
from ._grammar import CRLF
from ._grammar import CRLF_CRLF
from ._headers import HTTPHeaders
from ._http_connection import HTTPConnection
from ._mypyc import mypyc_attr
from ._outgoing_headers import OutgoingHeaders
from ._parameters import DEFAULT_PARAMETERS
from ._parameters import HTTP1ConnectionParameters
from ._response_head import encode_response_head
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine
from ._start_line import parse_request_start_line
from ._start_line import parse_response_start_line
from ._writing import Afterwards
from ._writing import Writing

# A piece of a body is copied behind its head (or into its chunk) up to this size, where a second
# buffer would cost the kernel more than the copy costs us.
_JOIN_LIMIT: Final = 16 * 1024

_NO_LENGTH: Final = "a body without Content-Length or Transfer-Encoding: {}"

_HEAD: Final = Writing.HEAD
_SIZED: Final = Writing.SIZED
_CHUNKED: Final = Writing.CHUNKED
_UNTIL_CLOSE: Final = Writing.UNTIL_CLOSE
_NO_BODY: Final = Writing.NO_BODY
_DONE: Final = Writing.DONE
_BROKEN: Final = Writing.BROKEN
_KEEP_ALIVE: Final = Afterwards.KEEP_ALIVE
_CLOSE: Final = Afterwards.CLOSE
_SWITCH: Final = Afterwards.SWITCH


@mypyc_attr(allow_interpreted_subclasses=True)
class Reader:
    """The reading side that an exchange belongs to: a server connection, or a client's reader.

    A class and not a protocol, because compiled code calls the methods of a class directly.
    """

    __slots__ = ()

    def must_continue(self) -> bool:
        """Whether the body of the request is held back until `100 Continue` comes."""
        raise NotImplementedError

    def must_close(self) -> bool:
        """Whether too much of the request is unread to keep the connection after the response."""
        raise NotImplementedError

    def written(self, exchange: HTTP1Connection) -> None:
        """The exchange has been written, or will not be, as its state says."""
        raise NotImplementedError

    def release(self) -> IOStream:
        """Let go of the stream, with what came from the peer and was not read put back into it."""
        raise NotImplementedError

    def trailers(self) -> HTTPHeaders:
        """The trailer fields of the present message, empty if none came."""
        raise NotImplementedError

    def limit_body_time(self, seconds: float) -> None:
        """Change the body's timeout for the present message."""
        raise NotImplementedError

    def limit_body_size(self, size: int) -> None:
        """Change the body's limit for the present message."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class HTTP1Connection(HTTPConnection):
    """One exchange on a stream: writes the response on a server, the request on a client.

    A server's exchanges are made by `HTTP1ServerConnection`, one for each request. A client makes
    its own, one for each request as well, writes the request and calls `read_response`:

        connection = HTTP1Connection(stream, True)
        connection.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "x"}))
        connection.finish()
        still_open = await connection.read_response(delegate)

    params: limits and habits; None: the defaults.
    context: any object; an application finds it again as `connection.context`.
    """

    __slots__ = (
        "_close_callback",
        "_has_body",
        "_http_1_0",
        "_method",
        "_reader",
        "_remaining",
        "afterwards",
        "context",
        "is_client",
        "params",
        "stream",
        "writing",
    )

    def __init__(
        self,
        stream: IOStream,
        is_client: bool,
        params: HTTP1ConnectionParameters | None = None,
        context: object = None,
    ) -> None:
        self.stream = stream
        self.is_client = is_client
        self.params = DEFAULT_PARAMETERS if params is None else params
        self.context = context
        self._reader: Reader | None = None
        if is_client:
            # What only clients need is imported by the first one of them, here and below.
            from ._client import ResponseReader

            self._reader = ResponseReader(self)
        #: How much of the message has been written.
        self.writing = _HEAD
        self._remaining = 0  # bytes of a sized body that are still to be written
        self._method = ""
        self._http_1_0 = False  # what the peer speaks, as far as framing goes
        self._has_body = False  # the request that this answers
        #: What becomes of the connection when the message has been written.
        self.afterwards = _KEEP_ALIVE
        self._close_callback: Callable[[], None] | None = None

    def __repr__(self) -> str:
        side = "request" if self.is_client else f"response to {self._method}"
        return f"<HTTP1Connection {side}, {self.writing.value}>"

    # --- state

    @property
    def no_keep_alive(self) -> bool:
        """Whether the parameters say that the connection closes after one exchange."""
        return self.params.no_keep_alive

    def is_response_to(self, method: str) -> bool:
        """Whether this answers a request with that method."""
        return not self.is_client and self._method == method

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` if the connection is closed before this exchange is through.

        That is, before the response has been written, on a client has been read. Before the
        delegate of a message has all of it, its `on_connection_close` is called as well. `None`
        takes the callback back.
        """
        self._close_callback = callback

    def set_body_timeout(self, timeout: float) -> None:
        """How many seconds the present message's body may take, from its head on."""
        if self._reader is not None:
            self._reader.limit_body_time(timeout)

    def set_max_body_size(self, max_body_size: int) -> None:
        """How many bytes the present message's body may have.

        Counts when it is called in `start_request` or `headers_received`.
        """
        if self._reader is not None:
            self._reader.limit_body_size(max_body_size)

    @property
    def trailers(self) -> HTTPHeaders:
        """The trailer fields of the message that was received (RFC 9110 section 6.5).

        Complete when the delegate's `finish` is called, which is the time to look at them; empty
        if none came. Fields that have no business there, such as those of framing or
        authentication, are left out (RFC 9110 section 6.5.1).
        """
        return HTTPHeaders() if self._reader is None else self._reader.trailers()

    def detach(self) -> IOStream:
        """Take the stream, and with it what the peer has sent behind the head.

        For protocols that begin with an HTTP head, such as WebSocket, and for CONNECT. On a
        server it may be called from `headers_received` on; on a client from there on as well, and
        still when `read_response` is done, if the answer was 101, or 2xx to CONNECT. The
        connection does no more.
        """
        reader = self._reader
        if reader is None:
            raise HTTPOutputError("detach() has to come while a message is being handled")
        self._reader = None
        self._close_callback = None
        if self.writing is not _DONE:
            self.writing = _BROKEN
        return reader.release()

    def close(self) -> None:
        """Close the stream at once, whatever has been written."""
        self.stream.close()

    # --- reading

    def read_response(self, delegate: HTTPMessageDelegate) -> Awaitable[bool]:
        """Read the response to the request that this writes; for a client, once for each exchange.

        The result is True when both messages are complete and the stream is open: the next
        `HTTP1Connection` can begin on it, not earlier. False when the stream is closed, or was detached.
        Whether the response was complete is told by the delegate: it gets `finish` then, and
        `on_connection_close` otherwise, never both; `stream.error` says why. Nobody is told more
        than that about a server's mistakes; what a method of the delegate raises is raised here.

        Interim responses (1xx) come to `headers_received` as well, before the final one, and are
        a head alone. 101 is final. An answer that comes before the end of the request is
        delivered as it comes; the result still waits for `finish()`, unless the server closes, or
        the request holds back its body (`Expect: 100-continue`) and the server did not ask for it.

        To stop waiting, cancel: the stream is closed. How long the server takes to begin its
        answer is not limited by the parameters; use `asyncio.timeout`.
        """
        from ._client import ResponseReader

        reader = self._reader
        if not isinstance(reader, ResponseReader):
            raise RuntimeError("read_response() is for clients that have not been detached")
        return reader.read(delegate)

    # --- writing

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: OutgoingHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        """Write the head, and the first piece of the body if `chunk` is given.

        The version in `start_line` does not count: this speaks HTTP/1.1, and knows what the peer
        can read. Framing follows from the fields: with Content-Length the body has that length;
        without it a body is chunked where the peer can read that, and else ends with the
        connection. `Date`, `Connection` and `Transfer-Encoding` are added where they belong.

        Raises `HTTPOutputError` for what cannot be sent (see `HTTPOutputError`), and
        `iostream.StreamClosedError` when the peer is gone.
        """
        if self.writing is not _HEAD:
            if self.stream.closed():
                return self._gone()
            raise HTTPOutputError(f"write_headers() after the head (state: {self.writing.value})")
        # By position: delegates come with start line classes of their own.
        if self.is_client:
            from ._client import ResponseReader
            from ._request_head import encode_request_head

            method = start_line[0]
            head, length, writing, afterwards, expects = encode_request_head(
                method, str(start_line[1]), headers, self.params.no_keep_alive
            )
            if chunk and writing is _NO_BODY:
                raise HTTPOutputError(_NO_LENGTH.format(method))
            self._method = method
            if isinstance(self._reader, ResponseReader):
                self._reader.expect(method, expects)
        else:
            head, length, writing, afterwards = encode_response_head(
                start_line[1],  # type: ignore[arg-type]  # a status
                start_line[2],
                headers,
                self._method,
                self._http_1_0,
                self.afterwards is _CLOSE
                or (self._has_body and self._reader is not None and self._reader.must_close()),
            )
            if afterwards is _SWITCH and self._reader is not None and self._reader.must_continue():
                # RFC 9110 section 7.8: the client is to send all of its request before it changes
                # the protocol, and has not begun with the body.
                head = CONTINUE + head
        size = len(chunk) if chunk else 0
        if size > length and writing is _SIZED:
            raise HTTPOutputError(f"more than the {length} bytes that Content-Length announces")
        if writing is not _HEAD:
            self.writing = writing
            self.afterwards = afterwards
            self._remaining = length
        try:
            if not chunk:
                return self.stream.write(head)
            if writing is _SIZED and size <= _JOIN_LIMIT:
                self._remaining = length - size
                return self.stream.write(head + chunk)
            return self._write_body(head, chunk)
        except StreamClosedError:
            return self._gone()

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        """Write a piece of the body.

        The Future is done when more may be written: wait for it, or the whole body piles up in
        memory. Where there is no body (the answer to HEAD; 204 and 304) nothing is written.

        Raises `HTTPOutputError` when that is more than Content-Length announced: nothing of
        `chunk` is sent then, and the connection is closed. A peer that is gone is told by the
        Future, which fails with `iostream.StreamClosedError`.

        Before `write_headers` it takes a whole head, encoded, instead; this is deprecated.
        """
        writing = self.writing
        if writing is _HEAD:
            return self._write_encoded_head(chunk)
        if writing is _DONE:
            raise HTTPOutputError("write() after finish()")
        if writing is _BROKEN:
            if self.stream.closed():
                return self._gone()
            raise HTTPOutputError("write() after an error")
        try:
            return self._write_body(b"", chunk)
        except StreamClosedError:
            return self._gone()

    def write_file(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> asyncio.Future[None]:
        """Write `count` bytes of `file` from `offset` on as a piece of the body, None: all.

        The file has to be a regular one, and to stay open until the Future is done; see
        `iostream.IOStream.sendfile`, which may let the kernel do the copying. Otherwise like
        `write`. Raises `ValueError` if the file does not have that much.
        """
        size = max(0, os.fstat(file.fileno()).st_size - offset)
        if offset < 0 or (count is not None and not 0 <= count <= size):
            raise ValueError(f"the file has {size} bytes from offset {offset} on, not {count}")
        if count is None:
            count = size
        writing = self.writing
        stream = self.stream
        if stream.closed():
            return self._gone()
        if writing is _SIZED and count > self._remaining:
            self.abort()
            raise HTTPOutputError("more than Content-Length announced")
        if writing is _NO_BODY or (writing is not _HEAD and not count):
            if count and self.is_client:
                raise HTTPOutputError(_NO_LENGTH.format(self._method))
            return stream.write(b"")
        try:
            if writing is _SIZED:
                self._remaining -= count
                return stream.sendfile(file, offset, count)
            if writing is _UNTIL_CLOSE:
                return stream.sendfile(file, offset, count)
            if writing is _CHUNKED:
                stream.write(encode_chunk_size(count))
                stream.sendfile(file, offset, count)
                return stream.write(CRLF)
        except StreamClosedError:
            return self._gone()
        raise HTTPOutputError(f"write_file() outside a body (state: {writing.value})")

    def finish(self, trailers: OutgoingHeaders | None = None) -> None:
        """End the message.

        `trailers` are fields to be sent behind the body (RFC 9110 section 6.5). They go out if it
        is sent in chunks, and are dropped otherwise: no other framing has room for them.

        Raises `HTTPOutputError` when nothing has been written, when the message has ended
        before, when a trailer cannot be sent, and when less has been written than Content-Length
        announced: the connection is closed then, so that the peer sees that something is missing.
        """
        writing = self.writing
        if writing is _SIZED:
            if self._remaining:
                self.abort()
                raise HTTPOutputError(
                    f"finish() {self._remaining} bytes short of what Content-Length announced"
                )
        elif writing is _CHUNKED:
            end = LAST_CHUNK if trailers is None else encode_trailers(trailers)
            try:
                self.stream.write(end)
            except StreamClosedError:
                return
        elif writing is _HEAD:
            if self.stream.closed():
                return
            raise HTTPOutputError("finish() before write_headers()")
        elif writing is _DONE:
            raise HTTPOutputError("finish() twice")
        elif writing is _BROKEN:
            return
        self.writing = _DONE
        reader = self._reader
        if not self.is_client:
            self._close_callback = None
            if self.afterwards is not _SWITCH:
                # From here on the stream belongs to the next exchange.
                self._reader = None
        if reader is not None:
            reader.written(self)

    def abort(self) -> None:
        """Give the message up: what is written of it stays, the connection is closed behind it.

        The peer can tell that the message is cut short.
        """
        self.writing = _BROKEN
        if self._reader is not None:
            self._reader.written(self)
        else:
            self.stream.close()

    def connection_lost(self) -> None:
        """The stream is closed. Called by the reader; calls the close callback, once."""
        callback = self._close_callback
        self._close_callback = None
        if not self.is_client:
            self._reader = None
        if self.writing is not _DONE:
            self.writing = _BROKEN
        if callback is not None:
            callback()

    # --- heads

    def _write_encoded_head(self, data: bytes) -> asyncio.Future[None]:
        warnings.warn(
            "write() of an encoded head is deprecated: call write_headers()",
            DeprecationWarning,
            stacklevel=3,
        )
        head, end, rest = data.partition(CRLF_CRLF)
        if not end:
            raise HTTPOutputError("write() before write_headers(), and not of a whole head")
        first, _, fields = head.decode("latin-1").partition("\r\n")
        try:
            headers = HTTPHeaders.parse(fields)
            start_line: RequestStartLine | ResponseStartLine
            if self.is_client:
                start_line = parse_request_start_line(first)
            else:
                start_line = parse_response_start_line(first)
        except HTTPInputError as error:
            raise HTTPOutputError(str(error)) from None
        return self.write_headers(start_line, headers, rest)

    # --- bodies

    def _write_body(self, head: bytes, chunk: bytes) -> asyncio.Future[None]:
        """Write a piece of the body, behind a head if there is one."""
        writing = self.writing
        size = len(chunk)
        if writing is _SIZED:
            if size > self._remaining:
                self.abort()
                raise HTTPOutputError("more than Content-Length announced")
            self._remaining -= size
        elif writing is _CHUNKED:
            if not size:
                return self.stream.write(head)
            head += encode_chunk_size(size)
            if size <= _JOIN_LIMIT:
                return self.stream.write(head + chunk + CRLF)
            return self.stream.write([head, chunk, CRLF])
        elif writing is not _UNTIL_CLOSE:
            if self.is_client and size:
                raise HTTPOutputError(_NO_LENGTH.format(self._method))
            return self.stream.write(head)
        if not head:
            return self.stream.write(chunk)
        if size <= _JOIN_LIMIT:
            return self.stream.write(head + chunk)
        return self.stream.write([head, chunk])

    def _gone(self) -> asyncio.Future[None]:
        """What a write returns when the peer is gone."""
        self.writing = _BROKEN
        future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        future.set_exception(StreamClosedError())
        future.exception()  # Retrieved: who does not look at it is not told.
        return future
