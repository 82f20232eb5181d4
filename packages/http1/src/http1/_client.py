"""`ResponseReader`: the reading side of a client's exchange, from bytes to a delegate.

Theory of operation
-------------------
The twin of `HTTP1ServerConnection`, for one exchange: the receiver of the stream, and the handler
of a parser that calls the delegate. It takes the stream over when the head of the request is
written, so that an answer which comes before the end of the request is there when somebody asks
for it, whatever has become of the connection since.

States (`Reading`):

    REQUEST --read--> RESPONSE --last byte--> COMPLETE --request written, too--> IDLE | SWITCHED
    any --closed, an error, detached--> ENDED

An exchange on which the next can follow leaves its reader on the stream, in `IDLE`: whatever
comes before the next request is written is nobody's answer, and must not be taken for one.
The reader of the next exchange takes its place; one that comes earlier is refused (`make_way`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from enum import Enum
from typing import Final

from iostream import IOStream
from iostream import StreamClosedError

from ._connection import HTTP1Connection
from ._connection import Reader
from ._deadlines import Deadlines
from ._deadlines import deadlines_of
from ._decompress import Decompressor
from ._delegates import HTTPMessageDelegate
from ._errors import HTTPInputError
from ._errors import HTTPOutputError
from ._headers import HTTPHeaders
from ._holdup import Holdup
from ._holdup import is_over
from ._holdup import log_late
from ._log import log_refused
from ._message_parser import State
from ._response_parser import ResponseParser
from ._start_line import ResponseStartLine
from ._watch import Phase
from ._watch import Verdict
from ._watch import Watch
from ._writing import Afterwards
from ._writing import Writing

logger = logging.getLogger(__name__)

# A server may say 102 or 103 as often as it likes (RFC 9110 section 15.2), but not for ever: that
# many interim responses to one request are an attack, or a mistake.
_MAX_INTERIM_RESPONSES: Final = 100


class Reading(Enum):
    """How far a client's exchange has come on its reading side."""

    #: The request may be on its way; the response has not been asked for, or just now.
    REQUEST = "request"
    #: The response goes to a delegate as it comes.
    RESPONSE = "response"
    #: The response is complete, and the request is still being written.
    COMPLETE = "complete"
    #: Both are complete, and the connection waits for the next exchange.
    IDLE = "idle"
    #: Both are complete, and the connection is no longer HTTP: `detach` takes it.
    SWITCHED = "switched"
    #: The stream is closed, or somebody else's.
    ENDED = "ended"


class ResponseReader(Reader):
    """Reads the response to what `exchange` writes."""

    __slots__ = (
        "_attached",
        "_body_timeout",
        "_deadlines",
        "_exchange",
        "_heads",
        "_held",
        "_max_body_size",
        "_message",
        "_parser",
        "_result",
        "_state",
        "_switches",
        "_watch",
        "awaits_continue",
        "context",
        "params",
        "stream",
    )

    def __init__(self, exchange: HTTP1Connection) -> None:
        self.stream = exchange.stream
        self.params = exchange.params
        self.context = exchange.context
        self._exchange: HTTP1Connection | None = exchange
        self._state = Reading.REQUEST
        self._parser = ResponseParser(self, self.params.limits)
        self._parser.pause()
        if self.params.chunk_size is not None:
            self._parser.chunk_size = self.params.chunk_size
        self._message: HTTPMessageDelegate | None = None
        self._result: asyncio.Future[bool] | None = None  # of `read`
        self._held: Holdup | None = None  # what the delegate wants waited for
        self._attached = False  # whether the stream has been taken over
        #: Whether the body of the request waits for 100 Continue.
        self.awaits_continue = False
        self._switches = False  # whether the response turns the connection into something else
        self._heads = 0  # interim responses included
        self._max_body_size = -1  # that of this exchange, -1 for that of the parameters
        self._body_timeout = -1.0  # likewise
        self._deadlines: Deadlines | None = None
        self._watch: Watch | None = None

    # --- what the exchange calls

    def expect(self, method: str, awaits_continue: bool) -> None:
        """A request with that method is about to be written."""
        self._attach()
        self._parser.request_method = method
        self.awaits_continue = awaits_continue

    def read(self, delegate: HTTPMessageDelegate) -> asyncio.Future[bool]:
        """Give the response to `delegate`; the result is that of `HTTP1Connection.read_response`."""
        if self._result is not None:
            raise RuntimeError("read_response() was called before: one exchange, one response")
        self._attach()
        loop = asyncio.get_running_loop()
        result = self._result = loop.create_future()
        result.add_done_callback(self._abandoned)
        if self.params.decompress:
            delegate = Decompressor(delegate, self.params, self.body_size_limit)
        self._message = delegate
        deadlines = self._deadlines = deadlines_of(self.params)
        deadlines.add(self)
        watch = self._watch = Watch(self.params, deadlines.now)
        if self._body_timeout >= 0:
            watch.body_timeout = self._body_timeout
        if self._parser.held or self._parser.at_eof or self.stream.closed():
            # Not from in here: whoever calls this may want the result before the delegate is called.
            loop.call_soon(self._begin)
        else:
            self._begin()
        return result

    def must_continue(self) -> bool:
        return self.awaits_continue

    def must_close(self) -> bool:
        return self.params.no_keep_alive

    def written(self, exchange: HTTP1Connection) -> None:
        if exchange.writing is not Writing.DONE:
            self.stream.close()
        elif self._state is Reading.COMPLETE:
            self._conclude()

    def release(self) -> IOStream:
        stream = self.stream
        self._parser.pause()
        rest = self._parser.take_rest()
        self._message = None
        self._exchange = None
        self._end()
        if self._attached:
            stream.set_receiver(None)
        stream.resume_reading()
        stream.unread(rest)
        return stream

    def make_way(self) -> None:
        """Another exchange is about to begin on the stream: refuse it if this one has not ended."""
        exchange = self._exchange
        if self.stream.closed():
            return
        if self._state is Reading.SWITCHED:
            raise HTTPOutputError(
                "this connection has changed to another protocol: take its stream with detach()"
            )
        if exchange is not None:
            if exchange.writing is not Writing.HEAD or self._result is not None:
                raise HTTPOutputError(
                    "the exchange before this one has not ended: begin the next one when its"
                    " request is finished and its read_response() has given True"
                )
            # Its head was refused: nothing of it is on the wire, so it has to queue again.
            self._attached = False

    def trailers(self) -> HTTPHeaders:
        return self._parser.trailers

    def limit_body_time(self, seconds: float) -> None:
        self._body_timeout = seconds
        if self._watch is not None:
            self._watch.body_timeout = seconds

    def limit_body_size(self, size: int) -> None:
        self._max_body_size = size
        self._parser.max_body_size = size

    def body_size_limit(self) -> int:
        """The limit of the response's body as it comes, in bytes."""
        return self._parser.max_body_size

    # --- what the stream calls

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state is Reading.RESPONSE:
            try:
                self._parser.feed(data)
            except HTTPInputError as error:
                self._refuse(error)
            else:
                self._proceed()
        elif state is Reading.REQUEST:
            # The parser is paused and keeps this; the rest waits in the kernel.
            self._parser.feed(data)
            self.stream.pause_reading()
        elif state is not Reading.ENDED:
            self._refuse(HTTPInputError("bytes that answer no request"))

    def eof_received(self) -> None:
        state = self._state
        if state is Reading.RESPONSE:
            try:
                self._parser.feed_eof()
            except HTTPInputError as error:
                self._refuse(error)
            else:
                self._proceed()
        elif state is Reading.REQUEST:
            self._parser.feed_eof()
        else:
            self._close()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._state is Reading.REQUEST:
            # What has come of the response is still good, if it is all of it.
            self._exchange_cut_short()
        else:
            self._end()

    # --- what the parser calls

    def head_received(self, start_line: ResponseStartLine, headers: HTTPHeaders) -> None:
        status = start_line.code
        self._heads += 1
        if status >= 200 or status == 101:
            method = self._parser.request_method
            self._switches = status == 101 or (method == "CONNECT" and status < 300)
            if self._max_body_size >= 0:
                self._parser.max_body_size = self._max_body_size
        elif self._heads > _MAX_INTERIM_RESPONSES:
            raise HTTPInputError(f"more than {_MAX_INTERIM_RESPONSES} interim responses")
        elif status == 100:
            self.awaits_continue = False
        message = self._message
        if message is not None:
            try:
                waiting = message.headers_received(start_line, headers)
            except Exception as error:
                self._delegate_failed(error)
            else:
                self._wait_for(waiting)

    def body_received(self, chunk: bytes) -> None:
        message = self._message
        if message is not None:
            try:
                waiting = message.data_received(chunk)
            except Exception as error:
                self._delegate_failed(error)
            else:
                self._wait_for(waiting)

    def message_complete(self) -> None:
        message = self._message
        self._message = None
        if message is not None:
            try:
                message.finish()
            except Exception as error:
                self._delegate_failed(error)
            else:
                if self._state is Reading.RESPONSE:
                    self._state = Reading.COMPLETE

    # --- the course of a response

    def _attach(self) -> None:
        """Take the stream over. Raises `HTTPOutputError` while another exchange needs it."""
        if not self._attached:
            before = self.stream.receiver
            if isinstance(before, ResponseReader):
                before.make_way()
            self._attached = True
            try:
                self.stream.set_receiver(self)
            except StreamClosedError:
                pass  # That is noticed when the response is asked for.

    def _begin(self) -> None:
        if self._state is Reading.REQUEST:
            self._state = Reading.RESPONSE
            self._resume()

    def _wait_for(self, waiting: Awaitable[None] | None) -> None:
        """Read on when what the delegate returned is done."""
        if waiting is None or is_over(waiting):
            return
        holdup = Holdup(waiting, self._go_on)
        if self._state is Reading.RESPONSE:
            self._held = holdup
            self._parser.pause()
            self.stream.pause_reading()

    def _go_on(self, holdup: Holdup, error: BaseException | None) -> None:
        if holdup is not self._held:
            log_late(error)
            return
        self._held = None
        if error is None:
            self._resume()
        else:
            self._delegate_failed(error)

    def _resume(self) -> None:
        """Read on: what is kept in the parser first, then what comes."""
        try:
            self._parser.resume()
        except HTTPInputError as error:
            self._refuse(error)
        else:
            if self._held is None:
                self.stream.resume_reading()
            self._proceed()

    def _proceed(self) -> None:
        """The parser has read what it was given, or stopped behind the end of the response."""
        if self._state is Reading.COMPLETE:
            self._conclude()
        elif self._state is Reading.RESPONSE and self._held is None:
            if self._parser.at_eof:
                self._refuse(HTTPInputError("connection closed before the response"))
            elif self.stream.closed():
                self._end()

    def _conclude(self) -> None:
        """The response is complete. Is the exchange?"""
        exchange = self._exchange
        assert exchange is not None
        parser = self._parser
        if self._switches:
            self.stream.pause_reading()
            self._leave(exchange, Reading.SWITCHED)
        elif parser.held:
            self._refuse(HTTPInputError("bytes behind the response that answer no request"))
        elif (
            self.stream.closed()
            or not parser.keep_alive
            or parser.at_eof
            or exchange.afterwards is not Afterwards.KEEP_ALIVE
            # The server has answered without the body; nobody is going to write it any more.
            or (self.awaits_continue and exchange.writing is not Writing.DONE)
        ):
            if exchange.writing is Writing.DONE:
                exchange.set_close_callback(None)
            self._close()
        elif exchange.writing is Writing.DONE or exchange.writing is Writing.HEAD:
            self._leave(exchange, Reading.IDLE)

    def _leave(self, exchange: HTTP1Connection, state: Reading) -> None:
        """The exchange is complete, and the stream stays open."""
        self._state = state
        exchange.set_close_callback(None)
        self._exchange = None
        self._stop_watching()
        self._resolve(None, True)

    # --- the end

    def _refuse(self, error: HTTPInputError) -> None:
        """What the server sends is not a response, or not one that anybody wants."""
        log_refused(self.context, error)
        self.stream.close(error)
        self._end()

    def _delegate_failed(self, error: BaseException) -> None:
        if isinstance(error, HTTPInputError):
            self._refuse(error)
        else:
            self.stream.close()
            self._end(error)

    def _abandoned(self, result: asyncio.Future[bool]) -> None:
        if result.cancelled():
            self._close()

    def _close(self) -> None:
        self.stream.close()
        self._end()

    def _end(self, error: BaseException | None = None) -> None:
        """Nothing more is read: tell everybody who waits for more. Once."""
        if self._state is Reading.ENDED:
            return
        self._state = Reading.ENDED
        self._parser.pause()
        self._held = None
        self._stop_watching()
        message = self._message
        self._message = None
        if message is not None:
            try:
                message.on_connection_close()
            except Exception:
                logger.exception("Exception in on_connection_close")
        self._exchange_cut_short()
        self._resolve(error, False)

    def _exchange_cut_short(self) -> None:
        exchange = self._exchange
        if exchange is not None:
            try:
                exchange.connection_lost()
            except Exception:
                logger.exception("Exception in a close callback")

    def _resolve(self, error: BaseException | None, still_open: bool) -> None:
        result = self._result
        if result is None or result.done():
            return
        if error is None:
            result.set_result(still_open)
        elif isinstance(error, asyncio.CancelledError):
            result.cancel()
        else:
            result.set_exception(error)

    def _stop_watching(self) -> None:
        if self._deadlines is not None:
            self._deadlines.discard(self)

    # --- time

    def check_deadline(self, now: float) -> None:
        """A tick of the timer has passed."""
        watch = self._watch
        assert watch is not None
        stream = self.stream
        verdict = watch.observe(
            now,
            self._phase(),
            self._heads,
            stream.bytes_received,
            stream.bytes_sent,
            stream.writing(),
        )
        if verdict is not Verdict.FINE:
            self._refuse(HTTPInputError(watch.reason, 408))

    def _phase(self) -> Phase:
        parser = self._parser
        if self._held is not None or self._state is Reading.COMPLETE:
            return Phase.APPLICATION
        if parser.state is not State.HEAD:
            return Phase.RESPONSE_BODY
        # How long a server may think before it answers is the application's business.
        return Phase.HEAD if parser.in_message else Phase.APPLICATION
