"""`HTTP1ServerConnection`: the reading side of a server's connection, from bytes to delegates.

Theory of operation
-------------------
The connection is the receiver of its stream and the handler of its parser: bytes come in through
`data_received`, go through the parser, and come back as `head_received`, `body_received` and
`message_complete`, which call the delegates. The answer is written by the exchange, an
`HTTP1Connection` made for each request, straight to the stream, which is corked meanwhile: what is
answered during one read leaves in one send.

What a connection is doing follows from what it holds:

    _exchange  _message   the connection is
    None       None       between two requests, or in a head
    set        set        receiving a request's body
    set        None       waiting for the rest of the answer; the parser is paused

A request and its answer end independently. Whichever ends last calls `_next`, which goes on with
the next request or closes. Requests that a client sends ahead are read as fast as it takes the
answers, and so many in one go, that the loop gets round to the other connections.

What it holds, and how it ends, is that of `ServedStream`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Final

from iostream import IOStream
from iostream import StreamClosedError

from ._connection import HTTP1Connection
from ._deadlines import deadlines_of
from ._delegates import HTTPMessageDelegate
from ._delegates import HTTPServerConnectionDelegate
from ._encoding import CONTINUE
from ._errors import HTTPInputError
from ._headers import HTTPHeaders
from ._holdup import Holdup
from ._holdup import is_over
from ._holdup import log_late
from ._mypyc import mypyc_attr
from ._parameters import HTTP1ConnectionParameters
from ._request_parser import RequestParser
from ._served_stream import ServedStream
from ._start_line import RequestStartLine
from ._writing import Afterwards
from ._writing import Writing

logger = logging.getLogger(__name__)

_new_exchange: Final = HTTP1Connection.__new__

_HEAD: Final = Writing.HEAD
_DONE: Final = Writing.DONE
_KEEP_ALIVE: Final = Afterwards.KEEP_ALIVE
_CLOSE: Final = Afterwards.CLOSE
_SWITCH: Final = Afterwards.SWITCH

# How much a peer may send ahead while one of its requests is being answered.
_MAX_SENT_AHEAD: Final = 64 * 1024

# How many requests are read in one go before the other connections have their turn.
_MAX_BURST: Final = 64


class _Discard(HTTPMessageDelegate):
    """Receives the rest of a request that has been answered already."""


_DISCARD: Final = _Discard()


@mypyc_attr(allow_interpreted_subclasses=True)
class HTTP1ServerConnection(ServedStream):
    """Serves the requests that come on a stream, one after the other.

    stream: the connection, accepted and, for TLS, past its handshake.
    params: limits and habits, shared by all connections of a server.
    context: any object; the applications find it as `connection.context`.
    scheme: "http" or "https", to refuse requests for the other one (RFC 9110 section 7.4); empty to
        take both, as behind a proxy that is trusted.
    """

    __slots__ = ("_burst_end", "_catching_up")

    def __init__(
        self,
        stream: IOStream,
        params: HTTP1ConnectionParameters | None = None,
        context: object = None,
        scheme: str = "",
    ) -> None:
        ServedStream.__init__(self, stream, params, context)
        self._burst_end = 0  # the number of the request before which the others have a turn
        self._catching_up = False  # whether a turn of the others, or of the peer, is waited for
        self._parser = RequestParser(self, self.params.limits)
        self._parser.scheme = scheme
        if self.params.chunk_size is not None:
            self._parser.chunk_size = self.params.chunk_size

    # --- what a server calls

    def start_serving(self, delegate: HTTPServerConnectionDelegate) -> None:
        """Begin to read requests, each for a message delegate that `delegate` gives."""
        if self._delegate is not None:
            raise RuntimeError("start_serving() was called before")
        params = self.params
        if params.decompress:
            from ._decompress import DecompressedRequests

            delegate = DecompressedRequests(delegate, params)
        self._delegate = delegate
        deadlines = self._deadlines = deadlines_of(self.params)
        deadlines.add(self)
        try:
            self.stream.set_receiver(self)
        except StreamClosedError:
            self.connection_lost(None)

    def _end(self) -> None:
        if self._deadlines is not None:
            self._deadlines.discard(self)
        self._parser.let_go()
        delegate = self._delegate
        self._delegate = None
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        if delegate is not None:
            try:
                delegate.on_close(self)
            except Exception:
                logger.exception("Exception in on_close")

    @property
    def body_length(self) -> int:
        """The length of the present request's body in bytes; -1 if it comes in chunks."""
        return self._parser.body_length

    @property
    def awaits_continue(self) -> bool:
        """Whether the client holds the present request's body back until it is asked for it.

        It is asked when `headers_received` is over (RFC 9110 section 10.1.1).
        """
        return self._parser.expect_continue

    @property
    def upgrade(self) -> str:
        """The protocols that the present request offers to change to (RFC 9110 section 7.8)."""
        return self._parser.upgrade

    @property
    def idle(self) -> bool:
        """Whether the connection is between two requests, or before its first."""
        return self._exchange is None and not self._parser.in_message

    # --- what the stream calls

    def data_received(self, data: bytes) -> None:
        if self._exchange is None and self.stream.writing():
            self._let_catch_up()
        self._burst_end = self.requests + _MAX_BURST
        try:
            self._parser.feed(data)
        except HTTPInputError as error:
            self._refuse(error)
            return
        held = self._parser.held
        if held and len(held) > _MAX_SENT_AHEAD:
            self.stream.pause_reading()

    def eof_received(self) -> None:
        # A client that has shut its sending side still gets its answers.
        try:
            self._parser.feed_eof()
        except HTTPInputError as error:
            self._refuse(error)
        else:
            if self._exchange is not None:
                self._tell_of_eof()
            elif self._delegate is not None:
                self._linger()

    # --- what the parser calls

    def head_received(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        self.requests += 1
        if self.requests == self._burst_end:
            self._parser.pause()
            self._catching_up = True
            asyncio.get_running_loop().call_soon(self._caught_up)
        parser = self._parser
        closing = self._draining or self.params.no_keep_alive or not parser.keep_alive
        # What `__init__` would do for a client, in two thirds of the time.
        exchange = _new_exchange(HTTP1Connection)
        exchange.stream = self.stream
        exchange.is_client = False
        exchange.params = self.params
        exchange.context = self.context
        exchange.writing = _HEAD
        exchange.afterwards = _CLOSE if closing else _KEEP_ALIVE
        exchange._reader = self
        exchange._remaining = 0
        exchange._method = start_line[0]
        exchange._http_1_0 = parser.http_1_0
        exchange._has_body = parser.body_length != 0
        exchange._close_callback = None
        self._exchange = exchange
        self._request = start_line
        delegate = self._delegate
        assert delegate is not None
        try:
            message = delegate.start_request(self, exchange)
            self._message = message
            waiting = message.headers_received(start_line, headers)
        except Exception as error:
            self._application_failed(error, exchange)
            return
        if waiting is not None and not is_over(waiting):
            self._hold(waiting)
        elif self._parser.expect_continue:
            self._continue()

    def body_received(self, chunk: bytes) -> None:
        message = self._message
        exchange = self._exchange
        assert message is not None
        assert exchange is not None
        try:
            waiting = message.data_received(chunk)
        except Exception as error:
            self._application_failed(error, exchange)
            return
        if waiting is not None and not is_over(waiting):
            self._hold(waiting)

    def message_complete(self) -> None:
        message = self._message
        exchange = self._exchange
        assert message is not None
        assert exchange is not None
        self._message = None
        try:
            message.finish()
        except Exception as error:
            self._application_failed(error, exchange)
        if self._exchange is exchange:
            if exchange.writing is _DONE:
                # Answered before all of the request had come.
                self._next(exchange)
            else:
                self._parser.pause()

    # --- what the exchange calls

    def must_continue(self) -> bool:
        return self.awaits_continue

    def must_close(self) -> bool:
        return self._message is not None and self._unread() > self.params.max_discard_size

    def written(self, exchange: HTTP1Connection) -> None:
        if exchange is not self._exchange:
            return
        if exchange.writing is not _DONE:
            self._linger()
        elif self._message is None:
            if exchange.afterwards is _KEEP_ALIVE and not self._parser.paused:
                # Answered as soon as it was there: the usual case needs nothing more.
                self._exchange = None
            else:
                self._next(exchange)
        elif exchange.afterwards is _SWITCH:
            pass
        elif exchange.afterwards is _CLOSE or self._unread() > self.params.max_discard_size:
            self._linger()
        elif self._unread():
            # Little is left of the request: read it, to keep the connection.
            self._drop_message()
            self._message = _DISCARD
            if self._held is not None:
                # What the application waits for is nobody's business any more.
                self._held = None
                self._caught_up()

    def trailers(self) -> HTTPHeaders:
        return self._parser.trailers

    def limit_body_size(self, size: int) -> None:
        self._parser.max_body_size = size

    def body_size_limit(self) -> int:
        """The limit of the present request's body as it comes, in bytes."""
        return self._parser.max_body_size

    # --- the course of a request

    def _unread(self) -> int:
        """How much of the present request's body is still to come, as far as that is known."""
        parser = self._parser
        if parser.body_length < 0 or parser.expect_continue:
            # In chunks nobody knows; and who waits for 100 Continue may never send it.
            return self.params.max_discard_size + 1
        return parser.body_length - parser.body_received

    def _continue(self) -> None:
        """Ask for the body that the client holds back (RFC 9110 section 10.1.1)."""
        exchange = self._exchange
        parser = self._parser
        if parser.body_length > parser.max_body_size:
            # About to be refused.
            return
        if exchange is not None and exchange.writing is _HEAD and not parser.held:
            parser.expect_continue = False
            try:
                self.stream.write(CONTINUE)
            except StreamClosedError:
                pass

    def _hold(self, waiting: Awaitable[None]) -> None:
        """Read on when what a delegate returned is done."""
        holdup = Holdup(waiting, self._go_on)
        if self._exchange is not None:
            self._held = holdup
            self._parser.pause()
            self.stream.pause_reading()

    def _go_on(self, holdup: Holdup, error: BaseException | None) -> None:
        if holdup is not self._held:
            log_late(error)
            return
        self._held = None
        if error is not None:
            if self._exchange is not None:
                self._application_failed(error, self._exchange)
            return
        self.stream.cork()
        if self._parser.expect_continue:
            self._continue()
        self._resume()
        self.stream.uncork()

    def _let_catch_up(self) -> None:
        """Read no further request before the peer has taken the answers to the others."""
        self._parser.pause()
        self.stream.pause_reading()
        self._catching_up = True
        self.stream.write(b"").add_done_callback(self._caught_up)

    def _caught_up(self, future: asyncio.Future[None] | None = None) -> None:
        self._catching_up = False
        exchange = self._exchange
        if self._ending or self._held is not None:
            return
        if exchange is not None and self._message is None:
            # The application goes on when it has answered.
            return
        if (exchange is None or exchange.writing is _HEAD) and self.stream.writing():
            self._let_catch_up()
            return
        self._burst_end = self.requests + _MAX_BURST
        self.stream.cork()
        self._resume()
        self.stream.uncork()

    def _resume(self) -> None:
        """Read on: what is kept in the parser first, then what comes."""
        if self._catching_up:
            return
        try:
            self._parser.resume()
        except HTTPInputError as error:
            self._refuse(error)
            return
        if self._ending or self._held is not None or len(self._parser.held) > _MAX_SENT_AHEAD:
            return
        if self._parser.at_eof and self._exchange is None and self._delegate is not None:
            self._linger()
        else:
            self.stream.resume_reading()

    def _next(self, exchange: HTTP1Connection) -> None:
        """A request and its answer are through."""
        afterwards = exchange.afterwards
        if afterwards is _KEEP_ALIVE:
            self._exchange = None
            parser = self._parser
            if parser.paused and not self._catching_up:
                if self._held is None and not parser.has_more:
                    # The client waited for this answer before it sent anything else.
                    parser.paused = False
                else:
                    self._caught_up()
        elif afterwards is _CLOSE:
            self._exchange = None
            self._linger()
        else:
            # Whoever wrote this answer takes the stream with detach() now, or soon.
            self._parser.pause()
