"""`IOStream`: a stream over a connected, or connecting, socket."""

from __future__ import annotations

import asyncio
import errno
import os
import socket as _socket
from typing import TYPE_CHECKING
from typing import Any
from typing import Final
from typing import Self
from typing import TypeAlias
from typing import cast

from ._base import BaseIOStream
from ._errors import StreamClosedError
from ._fail_quietly import fail_quietly
from ._file_segment import FileSegment
from ._local_peer import bound_local_send_buffer
from ._mypyc import mypyc_attr
from ._send_queue import Batch
from ._states import CONNECTING
from ._states import OUTPUT_ENDED
from ._tls_options import SSLOptions
from ._tls_options import check_server_hostname
from ._tls_options import ssl_options_to_context

if TYPE_CHECKING:
    from ._tls_stream import SSLIOStream

# Windows has neither: there a list goes out piece by piece, and a file is read and written.
_HAS_SENDMSG: Final = hasattr(_socket.socket, "sendmsg")
_HAS_SENDFILE: Final = hasattr(os, "sendfile")

# Linux only: the last segment is held back, for 200 ms at most, to be filled by what comes next.
MSG_MORE: Final[int] = getattr(_socket, "MSG_MORE", 0)

# The most that sendfile copies in one turn: reading from a slow disk holds up the loop.
_SENDFILE_TURN: Final = 1048576

# What socket.connect takes: (host, port), (host, port, flow, scope), or the path of a Unix socket.
Address: TypeAlias = tuple[Any, ...] | str | bytes


@mypyc_attr(allow_interpreted_subclasses=True)
class IOStream(BaseIOStream):
    """A stream over a stream socket, which it makes non-blocking and owns from now on.

    The socket is connected already, or `connect` is called next. ``socket`` is the socket; it
    stays there, closed, when the stream is closed. The other arguments are `BaseIOStream`'s.
    """

    __slots__ = ("_connect_future", "socket")

    def __init__(
        self,
        socket: _socket.socket,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
    ) -> None:
        BaseIOStream.__init__(self, max_buffer_size, read_chunk_size, max_write_buffer_size)
        self.socket = socket
        self._recv = socket.recv
        self._send_some = socket.send
        self._connect_future: asyncio.Future[IOStream] | None = None
        if socket.gettimeout() != 0:  # a system call less when it is non-blocking already
            socket.setblocking(False)

    # ---- Hooks ----

    def fileno(self) -> int:
        """The socket's descriptor, -1 when it is closed."""
        return self.socket.fileno()

    def close_fd(self) -> None:
        """Close the socket."""
        self.socket.close()

    def write_to_fd(self, data: memoryview) -> int:
        """Send what the kernel takes."""
        return self.socket.send(data)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Receive into ``buf``."""
        try:
            return self.socket.recv_into(buf)
        except BlockingIOError:
            return None

    def get_fd_error(self) -> Exception | None:
        """The error that the kernel keeps for the socket (``SO_ERROR``); asking clears it."""
        number = self.socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        return OSError(number, os.strerror(number)) if number else None

    def shutdown_fd(self) -> None:
        """Send a FIN."""
        self.socket.shutdown(_socket.SHUT_WR)

    def _before_queueing(self) -> None:
        bound_local_send_buffer(self.socket)

    def _before_end(self) -> None:
        self._send_some = self._transmit_last

    def _transmit_last(self, data: bytes | memoryview) -> int:
        """Send ``data``, and leave it to the FIN to push it out: they share a segment then."""
        return self.socket.send(data, MSG_MORE)

    def _transmit_batch(self, batch: Batch) -> int:
        if isinstance(batch, list) and _HAS_SENDMSG:
            return self.socket.sendmsg(batch)
        if isinstance(batch, FileSegment) and _HAS_SENDFILE:
            return self._transmit_file(batch)
        return super()._transmit_batch(batch)

    def _transmit_file(self, segment: FileSegment) -> int:
        """Have the kernel copy from the file to the socket."""
        sent = os.sendfile(
            self.socket.fileno(),
            segment.file.fileno(),
            segment.offset,
            min(len(segment), _SENDFILE_TURN),
        )
        if not sent:
            segment.peek(1)  # raises, because the file has ended
        return sent

    # ---- Socket options ----

    def set_nodelay(self, value: bool) -> None:
        """Send small pieces at once (``TCP_NODELAY``) rather than wait for the peer to catch up.

        Does nothing on a socket that is not TCP.
        """
        if self.socket.family in (_socket.AF_INET, _socket.AF_INET6):
            self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, int(value))

    # ---- Connecting ----

    def connect(self, address: Address, server_hostname: str | None = None) -> asyncio.Future[Self]:
        """Connect to ``address``; the Future's result is this stream.

        Give an IP address, or resolve the name before (``loop.getaddrinfo``): a host name is
        looked up by the socket, which blocks the loop. ``server_hostname`` is for `SSLIOStream`.
        Reads and writes may be started at once and wait for the connection. When it can't be made
        the stream is closed and the Future fails with `StreamClosedError`, whose ``real_error``
        says why. Cancelling the Future (or ``asyncio.wait_for``) closes the stream.
        """
        self._check_open()
        future = self._new_connect_future()
        self._connecting()
        self._start_connecting(address)
        return cast("asyncio.Future[Self]", future)  # its result is self, and nothing else

    def _start_connecting(self, address: Address) -> None:
        try:
            self.socket.connect(address)
        except InterruptedError:
            pass  # goes on in the background, like the next
        except BlockingIOError as exc:
            if exc.errno == errno.EAGAIN:  # a Unix socket whose backlog is full: nothing goes on
                self._fail(exc)
                return
        except OSError as exc:
            self._fail(exc)
            return
        self._start_watching_write()

    def _on_writable(self) -> None:
        if self._life is CONNECTING:
            error = self.get_fd_error()
            if error is not None:
                self._fail(error)
            else:
                self._connected()
        else:
            super()._on_writable()

    def _connected(self) -> None:
        """The socket is connected."""
        self._resolve_connect()
        self._open()

    def _new_connect_future(self) -> asyncio.Future[IOStream]:
        future: asyncio.Future[IOStream] = asyncio.Future(loop=self._loop)
        future.add_done_callback(self._connect_done)
        self._connect_future = future
        return future

    def _resolve_connect(self) -> None:
        future = self._connect_future
        if future is not None and not future.done():
            future.set_result(self)

    def _connect_done(self, future: asyncio.Future[IOStream]) -> None:
        self._connect_future = None
        if future.cancelled():
            self.close()

    def _announce(self) -> None:
        if self._connect_future is not None:
            fail_quietly(self._connect_future, StreamClosedError(real_error=self.error))
        BaseIOStream._announce(self)

    # ---- TLS on a connection that began without ----

    def start_tls(
        self,
        server_side: bool,
        ssl_options: SSLOptions | None = None,
        server_hostname: str | None = None,
    ) -> asyncio.Future[SSLIOStream]:
        """Go on in TLS: the Future's result is an `SSLIOStream` on the same socket.

        This stream is closed by it, without a call of its close callback, which moves to the new
        one. The arguments are those of `SSLIOStream`; a context that checks the host name needs
        ``server_hostname``. When the handshake fails the new stream is closed and the Future fails
        with `StreamClosedError`; so it is when the Future is cancelled.

        Raises `ValueError`, and leaves everything as it is, unless the stream is idle: no read and
        no write pending, no receiver, and no byte buffered. Bytes that a peer sent behind its
        STARTTLS came in plain text, from whomever; they must not be answered as if they had come
        under TLS (RFC 3207, section 6, and CVE-2011-0411). Read them, or close.
        """
        from ._tls_stream import SSLIOStream  # it is made of this class

        self._check_open()
        self._flush_corked()
        self._check_idle()
        context = ssl_options_to_context(ssl_options or {}, server_side)
        check_server_hostname(context, server_side, server_hostname)
        close_callback = self._close_callback
        self._let_go()
        try:
            stream = SSLIOStream(
                self.socket,
                self.max_buffer_size,
                self.read_chunk_size,
                self.max_write_buffer_size,
                ssl_options=context,
                server_side=server_side,
                server_hostname=server_hostname,
            )
        except BaseException:  # such as a name that can't be sent
            self.close_fd()
            raise
        stream.set_close_callback(close_callback)
        return cast("asyncio.Future[SSLIOStream]", stream._new_connect_future())

    def _check_idle(self) -> None:
        busy = {
            "it is being connected": self._life is CONNECTING,
            "a read is pending": self.reading(),
            "a receiver is attached": self._receiver is not None and self._pull is None,
            "bytes are waiting to be sent": self.writing(),
            "its output has ended": self._output is OUTPUT_ENDED,
            "bytes came in plain text and were not read": self._inbox.size > 0,
        }
        for reason, applies in busy.items():
            if applies:
                raise ValueError(f"can't start TLS on this stream: {reason}")

    def _let_go(self) -> None:
        """Close this stream but not its socket, and tell nobody."""
        self._leave_loop()
        if self._pull is not None:
            self._pull.connection_lost(None)
        self._receiver = None
        self._close_callback = None
