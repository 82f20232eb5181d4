"""`ServedStream`: the stream that a server's connection is on, and all the ways in which that ends.

A connection is a thing of two halves. `HTTP1ServerConnection`, which is derived from this, has the
course of the requests, and runs with each of them. Here is what comes once, or once a tick: errors
are answered, time is up, the server drains, the peer is gone, the stream is handed over.

However it begins, the end comes in one of three ways: `_linger` after an answer (the sending side
is shut and the peer given a moment to read it), `stream.close` at once, and `release` when somebody
takes the stream over. `_cut_off` tells the delegates of what is under way that it will not be
completed, and `_end`, which is last, the delegate of the server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from iostream import IOStream
from iostream import StreamClosedError

from ._connection import HTTP1Connection
from ._deadlines import Deadlines
from ._delegates import HTTPMessageDelegate
from ._delegates import HTTPServerConnectionDelegate
from ._encoding import encode_error
from ._errors import HTTPInputError
from ._errors import printable
from ._holdup import Holdup
from ._linger import Linger
from ._log import log_refused
from ._mypyc import mypyc_attr
from ._parameters import DEFAULT_PARAMETERS
from ._parameters import HTTP1ConnectionParameters
from ._request_parser import RequestParser
from ._start_line import RequestStartLine
from ._watch import Phase
from ._watch import Verdict
from ._watch import Watch
from ._writing import Afterwards
from ._writing import Writing

logger = logging.getLogger(__name__)

_HEAD: Final = Writing.HEAD
_DONE: Final = Writing.DONE
_KEEP_ALIVE: Final = Afterwards.KEEP_ALIVE
_CLOSE: Final = Afterwards.CLOSE

# Looked up once, not for each connection once a tick.
_IDLE: Final = Phase.IDLE
_IN_HEAD: Final = Phase.HEAD
_IN_BODY: Final = Phase.BODY
_APPLICATION: Final = Phase.APPLICATION
_FINE: Final = Verdict.FINE

# How long a connection that drains waits for a request that may be on its way.
_LAST_REQUEST_GRACE: Final = 1.0


@mypyc_attr(allow_interpreted_subclasses=True)
class ServedStream:
    """A stream that requests are served on, without the serving.

    A class derived from it makes the parser, whose handler it is, and receives from the stream.
    The arguments are those of `HTTP1ServerConnection`.
    """

    __slots__ = (
        "__weakref__",
        "_closed",
        "_deadlines",
        "_delegate",
        "_draining",
        "_ending",
        "_eof_callback",
        "_exchange",
        "_held",
        "_limited_request",
        "_message",
        "_parser",
        "_request",
        "_watch",
        "context",
        "params",
        "requests",
        "stream",
    )

    _parser: RequestParser

    def __init__(
        self, stream: IOStream, params: HTTP1ConnectionParameters | None, context: object
    ) -> None:
        self.stream = stream
        self.params = DEFAULT_PARAMETERS if params is None else params
        self.context = context
        #: How many requests have come on this connection.
        self.requests = 0
        self._delegate: HTTPServerConnectionDelegate | None = None
        self._exchange: HTTP1Connection | None = None
        self._message: HTTPMessageDelegate | None = None
        self._request: RequestStartLine | None = None
        self._held: Holdup | None = None  # what a delegate wants waited for
        self._ending = False  # whether nothing is read any more but the end
        self._limited_request = 0  # the one whose body has a timeout of its own
        self._draining = False
        self._eof_callback: Callable[[], None] | None = None
        self._closed: asyncio.Future[None] | None = None
        self._deadlines: Deadlines | None = None
        self._watch: Watch | None = None  # until the first tick: many do not live that long

    # --- what a server calls

    async def close(self) -> None:
        """Close the connection, whatever it is doing, and wait until that is done."""
        self.stream.close()
        await self._wait_closed()

    async def drain(self) -> None:
        """Let the present request be answered, take no other one, and wait for the end.

        A connection between two requests is closed, behind the answers that are on their way. One
        on which nothing has come yet, or a part of a head, still has its request answered: what it
        sent may have crossed with the decision to stop. The answer says `Connection: close`.
        """
        self._draining = True
        exchange = self._exchange
        if exchange is not None:
            # If its head is out already, it has not announced the end; that is no reason to wait.
            if exchange.afterwards is _KEEP_ALIVE:
                exchange.afterwards = _CLOSE
        elif self._delegate is not None:
            if self.requests and not self._parser.in_message:
                self._leave()
            else:
                loop = asyncio.get_running_loop()
                loop.call_later(_LAST_REQUEST_GRACE, self._give_up_waiting)
        await self._wait_closed()

    def _give_up_waiting(self) -> None:
        if self._exchange is None and self._delegate is not None:
            self._leave()

    def _leave(self) -> None:
        """Close a connection that has nothing to answer any more."""
        if not self.stream.writing():
            self.stream.close()
        elif not self._ending:
            self._linger()

    async def _wait_closed(self) -> None:
        if self._delegate is None:
            return
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._closed)

    def set_eof_callback(self, callback: Callable[[], None] | None) -> None:
        """Call `callback`, once, if the client sends its last byte while it waits for an answer.

        A client that is gone looks like this, and so does one that has shut its sending side and
        waits: which of them it is shows when the answer is written. The answer is not cut off, so
        the callback may well end what nobody waits for. If that byte has come already, `callback`
        is called in the loop's next round. `None` takes the callback back; do so when the answer
        has been written.
        """
        self._eof_callback = callback
        if callback is not None and self._parser.at_eof:
            asyncio.get_running_loop().call_soon(self._tell_of_eof)

    def _tell_of_eof(self) -> None:
        callback = self._eof_callback
        self._eof_callback = None
        if callback is not None and self._exchange is not None:
            try:
                callback()
            except Exception:
                logger.exception("Exception in the eof callback of %s", self._describe())

    @property
    def timed_out(self) -> str:
        """The limit of time that has ended the connection, by its parameter's name; else empty.

        One of `idle_timeout`, `header_timeout`, `body_timeout`, `body_idle_timeout`,
        `min_body_rate` and `write_timeout`. Final when `on_close` is called.
        """
        return "" if self._watch is None else self._watch.limit

    # --- what the exchange calls

    def release(self) -> IOStream:
        self._ending = True
        stream = self.stream
        self._parser.pause()
        rest = self._parser.take_rest()
        self._exchange = None
        self._message = None
        self._held = None
        stream.set_receiver(None)
        stream.resume_reading()
        stream.unread(rest)
        self._end()
        return stream

    def limit_body_time(self, seconds: float) -> None:
        if self._deadlines is not None:
            self._watched().body_timeout = seconds
            self._limited_request = self.requests

    # --- the end

    def _refuse(self, error: HTTPInputError) -> None:
        """Answer what the client did wrong, if that can be answered still, and close."""
        if self._ending:
            return
        log_refused(self.context, error)
        self._answer_error(error.status_code, str(error))

    def _application_failed(self, error: BaseException, exchange: HTTP1Connection) -> None:
        """A method of an application's raised `error`, which may have found a bad body."""
        if isinstance(error, HTTPInputError):
            if exchange is self._exchange:
                self._refuse(error)
            return
        if not isinstance(error, StreamClosedError):
            logger.error("Exception in %s", self._describe(), exc_info=error)
        if exchange is self._exchange and exchange.writing is not _DONE:
            self._answer_error(500, "the application failed")

    def _answer_error(self, status: int, text: str) -> None:
        exchange = self._exchange
        if exchange is None or exchange.writing is _HEAD:
            head_only = exchange is not None and exchange.is_response_to("HEAD")
            try:
                self.stream.write(encode_error(status, text, head_only=head_only))
            except StreamClosedError:
                pass
        self._linger()

    def _linger(self) -> None:
        """Close the connection behind what has been written, so that the peer can read it."""
        self._ending = True
        self._parser.pause()
        complete = self._message is None and not self._parser.in_message and not self._parser.held
        if self._exchange is not None or self._message is not None:
            self._cut_off()
        stream = self.stream
        # The client has said that nothing comes after this request; or this process is about to
        # end, which must not wait for clients that keep their side open.
        heard = complete and (self._draining or not self._parser.keep_alive)
        if heard and stream.shutdown_write().done():
            stream.close()
        elif self._deadlines is not None:
            self._deadlines.discard(self)
            Linger(stream, self._deadlines, self.params, self._lingered, heard=heard).start()

    def _lingered(self, limit: str) -> None:
        if limit:
            watch = self._watched()
            watch.limit = watch.limit or limit
        self._end()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._ending = True
        if self._exchange is not None or self._message is not None:
            self._cut_off()
        self._end()

    def _cut_off(self) -> None:
        """Tell the delegates of a request and of an answer that they will not be completed."""
        exchange = self._exchange
        self._exchange = None
        self._held = None
        if self._message is not None:
            self._drop_message()
        if exchange is not None:
            try:
                exchange.connection_lost()
            except Exception:
                logger.exception("Exception in the close callback of %s", self._describe())

    def _drop_message(self) -> None:
        message = self._message
        self._message = None
        if message is not None:
            try:
                message.on_connection_close()
            except Exception:
                logger.exception("Exception in on_connection_close of %s", self._describe())

    def _end(self) -> None:
        """The connection is through: undo what `start_serving` did, and call `on_close`."""
        raise NotImplementedError

    def _describe(self) -> str:
        request = self._request
        if request is None:
            return "a connection without a request"
        return f"{printable(request.method)} {printable(request.path, 200)}"

    # --- time

    def check_deadline(self, now: float) -> None:
        """A tick of the server's timer has passed."""
        watch = self._watched()
        if self.requests != self._limited_request:
            watch.body_timeout = self.params.body_timeout
        stream = self.stream
        verdict = watch.observe(
            now,
            self._phase(),
            self.requests,
            stream.bytes_received,
            stream.bytes_sent,
            stream.writing(),
        )
        if verdict is _FINE:
            return
        if verdict is Verdict.CLOSE:
            stream.close()
        else:
            self._refuse(HTTPInputError(watch.reason, 408))

    def _watched(self) -> Watch:
        """The watch over this connection; there has been nothing to see before it is asked for."""
        watch = self._watch
        if watch is None:
            assert self._deadlines is not None
            watch = self._watch = Watch(self.params, self._deadlines.now)
        return watch

    def _phase(self) -> Phase:
        exchange = self._exchange
        if exchange is None:
            if self._parser.in_message:
                return _IN_HEAD
            # Who is still taking the last answer is not idle; write_timeout is for those.
            return _APPLICATION if self.stream.writing() else _IDLE
        if self._message is None and exchange.writing is _DONE:
            # The connection changes to another protocol, and nobody has taken it over yet.
            return _IDLE
        if self._message is None or self._held is not None:
            return _APPLICATION
        return _IN_BODY
