"""Tornado's delegates, a `tornado.web.Application` above all, served as they are.

What crosses between the two worlds has different classes on either side where Tornado asks for its
own: the request line, `StreamClosedError`, `HTTPInputError`, and the stream that `detach` gives
away. All of it is translated here and in `_tornado_stream`, and nowhere else.

Imported only for an application that is Tornado's, and so has imported Tornado already.
"""

import asyncio
from asyncio import Future
from collections.abc import Awaitable
from collections.abc import Callable
from typing import cast

from tornado import httputil
from tornado.ioloop import IOLoop as TornadoIOLoop

from http1 import HTTP1ServerConnection
from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import HTTPMessageDelegate
from http1 import HTTPOutputError
from http1 import HTTPServerConnectionDelegate
from http1 import OutgoingHeaders
from http1 import RequestStartLine
from http1 import ResponseStartLine
from iostream import IOStream
from netsock import IOLoop

from ._error_answer import answer_error
from ._exchange import Exchange
from ._exchange import ExchangeWrapper
from ._tornado_stream import TornadoStream
from ._tornado_stream import translated


def take_tornados_loop() -> None:
    """Have our `IOLoop` take the loop that Tornado's has, as soon as that runs.

    A script that listens first and then starts Tornado's loop never names ours, and accepting waits
    for it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        TornadoIOLoop.current().add_callback(IOLoop.current)


class TornadoDelegate(HTTPServerConnectionDelegate):
    """Passes requests on to `delegate`, which is a `tornado.httputil.HTTPServerConnectionDelegate`."""

    def __init__(self, delegate: httputil.HTTPServerConnectionDelegate) -> None:
        self._delegate = delegate

    def start_request(
        self, server_conn: HTTP1ServerConnection, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        assert isinstance(request_conn, Exchange)
        exchange = _TornadoExchange(request_conn, server_conn)
        # Tornado's HTTPConnection is another class with the same methods.
        inner = self._delegate.start_request(server_conn, cast(httputil.HTTPConnection, exchange))
        return _TornadoMessage(inner, exchange)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        self._delegate.on_close(server_conn)


class _TornadoMessage(HTTPMessageDelegate):
    """Passes a request on to a delegate that is Tornado's."""

    __slots__ = ("_delegate", "_exchange")

    def __init__(
        self, delegate: httputil.HTTPMessageDelegate, exchange: "_TornadoExchange"
    ) -> None:
        self._delegate = delegate
        self._exchange = exchange

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        try:
            return self._delegate.headers_received(
                httputil.RequestStartLine(*start_line), cast(httputil.HTTPHeaders, headers)
            )
        except httputil.HTTPInputError as error:
            raise HTTPInputError(str(error)) from error

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        try:
            self._delegate.finish()
        except httputil.HTTPInputError as error:
            raise HTTPInputError(str(error)) from error

    def on_connection_close(self) -> None:
        # Tornado's connections tell either the delegate or the close callback, never both; a
        # handler that streams its body hears of both.
        self._exchange.set_close_callback(None)
        self._delegate.on_connection_close()


class _TornadoExchange(ExchangeWrapper):
    """An exchange whose futures fail with Tornado's exceptions, and whose stream is like Tornado's."""

    __slots__ = ("_begun", "_close_callback", "_server")

    def __init__(self, inner: Exchange, server: HTTP1ServerConnection) -> None:
        super().__init__(inner)
        self._server = server
        self._close_callback: Callable[[], None] | None = None
        self._begun = False  # whether a head has been written

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` when the client is gone, or seems to be.

        To Tornado a client that has sent its last byte is gone: a handler of a long poll learns of
        it in no other way. What it still writes is sent all the same.
        """
        self._close_callback = callback
        called = None if callback is None else self._closed
        self.inner.set_close_callback(called)
        self._server.set_eof_callback(called)

    def _closed(self) -> None:
        callback = self._close_callback
        self.set_close_callback(None)
        if callback is not None:
            callback()

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: OutgoingHeaders,
        chunk: bytes | None = None,
    ) -> Future[None]:
        try:
            future = self.inner.write_headers(start_line, headers, chunk)
        except HTTPOutputError:
            if not self._begun:
                # Tornado takes the head for written, even if it was refused, and says no more.
                answer_error(self.inner, 500, "Internal Server Error", "the application failed")
            raise
        self._begun = True
        return translated(future)

    def write(self, chunk: bytes) -> Future[None]:
        return translated(self.inner.write(chunk))

    @property
    def stream(self) -> IOStream:
        return cast(IOStream, TornadoStream(self.inner.stream))

    def detach(self) -> IOStream:
        return cast(IOStream, TornadoStream(self.inner.detach()))
