"""`SSLIOStream`: TLS over a socket."""

from __future__ import annotations

import asyncio
import socket as _socket
import ssl
from typing import Final
from typing import Self

from ._errors import StreamClosedError
from ._fail_quietly import fail_quietly
from ._file_segment import FileSegment
from ._mypyc import mypyc_attr
from ._send_queue import Batch
from ._socket_stream import MSG_MORE
from ._socket_stream import Address
from ._socket_stream import IOStream
from ._states import CLOSED
from ._states import CONNECTING
from ._states import FILLING
from ._states import FLOWING
from ._states import OPEN
from ._states import Input
from ._tls_engine import LARGEST_RECORD
from ._tls_engine import TLSEngine
from ._tls_options import SSLOptions
from ._tls_options import check_server_hostname
from ._tls_options import ssl_options_to_context

# So much plain text is encrypted before it is sent: few system calls, and the cipher text is
# still in the processor's cache when the kernel copies it.
_SEAL_SIZE: Final = 131072

# So much goes out in one turn, then other streams have theirs.
_TURN_SIZE: Final = 1048576


@mypyc_attr(allow_interpreted_subclasses=True)
class SSLIOStream(IOStream):
    """A TLS stream over a stream socket.

    On a socket that is connected the handshake begins at once, as server or client according to
    ``server_side``; otherwise `connect` is called next, and is done when the handshake is. Reads
    and writes may be started before that and wait for it.

    ``ssl_options`` is a context or a dict for `ssl_options_to_context`; a client may do without
    and then trusts the system's authorities. ``server_hostname`` is the name that the server's
    certificate must have, and is sent to it (SNI). The other arguments are `BaseIOStream`'s.

    A peer that goes away without TLS's own farewell (close_notify) may have been cut off by
    somebody in between: that is an error, `ssl.SSLEOFError`, not an end of the stream.

    Attributes:
        ssl_object: the `ssl.SSLObject`, to ask for the certificate, ALPN and so on; None before
            ``connect`` has connected.
    """

    __slots__ = (
        "_context",
        "_encrypted",
        "_engine",
        "_flags",
        "_handshake_future",
        "_sealed",
        "_server_hostname",
        "_server_side",
    )

    def __init__(
        self,
        socket: _socket.socket,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
        max_write_buffer_size: int | None = None,
        *,
        ssl_options: SSLOptions | None = None,
        server_side: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        if isinstance(socket, ssl.SSLSocket):
            raise TypeError("SSLIOStream needs the plain socket, and speaks TLS on it itself")
        super().__init__(socket, max_buffer_size, read_chunk_size, max_write_buffer_size)
        self._recv = self._receive
        self._send_some = self._transmit
        self._context = ssl_options_to_context(ssl_options or {}, server_side)
        self._server_side = server_side
        self._server_hostname = server_hostname
        self._engine: TLSEngine | None = None
        self._flags = 0  # of each send
        self._handshake_future: asyncio.Future[SSLIOStream] | None = None
        self._sealed: memoryview | None = None  # cipher text that the kernel has not taken yet
        self._encrypted = 0  # how much of what is queued is in there: not to be encrypted again
        self._connecting()
        if server_side or _is_connected(socket):
            check_server_hostname(self._context, server_side, server_hostname)
            self._begin_handshake()

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS session."""
        return None if self._engine is None else self._engine.ssl_object

    # ---- Handshake ----

    def wait_for_handshake(self) -> asyncio.Future[SSLIOStream]:
        """A Future that is done, with this stream, when the handshake is.

        Fails with `StreamClosedError`; its ``real_error`` is the `ssl.SSLError` if there is one.
        """
        if self._handshake_future is None or self._handshake_future.done():
            future: asyncio.Future[SSLIOStream] = asyncio.Future(loop=self._loop)
            if self._life is OPEN and self._engine is not None:
                future.set_result(self)
                return future
            if self._life is CLOSED:
                fail_quietly(future, StreamClosedError(real_error=self.error))
                return future
            self._handshake_future = future
        return self._handshake_future

    def connect(self, address: Address, server_hostname: str | None = None) -> asyncio.Future[Self]:
        """Connect and shake hands; the Future's result is this stream. See `IOStream.connect`.

        ``server_hostname`` is the name to check the server's certificate for.
        Raises `ValueError` if the context checks the host name and none is given.
        """
        if server_hostname is not None:
            self._server_hostname = server_hostname
        check_server_hostname(self._context, self._server_side, self._server_hostname)
        return super().connect(address)

    def _connected(self) -> None:
        self._stop_watching_write()
        self._begin_handshake()

    def _begin_handshake(self) -> None:
        self._engine = TLSEngine(
            self._context, self._server_side, None if self._server_side else self._server_hostname
        )
        self._start_watching_read()
        if not self._server_side:
            self._shake(b"")

    def _shake(self, ciphertext: bytes) -> None:
        """One step of the handshake."""
        engine = self._engine
        assert engine is not None
        try:
            complete = engine.handshake(ciphertext)
            self._send_output()
        except OSError as exc:
            self._send_alert()
            self._fail(exc)
            return
        if complete:
            self._resolve_connect()
            if self._handshake_future is not None and not self._handshake_future.done():
                self._handshake_future.set_result(self)
            self._handshake_future = None
            self._open()

    def _send_alert(self) -> None:
        """Tell the peer why, if the kernel takes it: the stream is closed either way."""
        try:
            self._send_output()
        except OSError:
            pass

    # ---- What arrives ----

    def _on_readable(self) -> None:
        if self._life is CONNECTING:
            self._on_handshake_readable()
        else:
            super()._on_readable()
        engine = self._engine
        assert engine is not None
        while engine.more:
            if self._life is not OPEN or not self._input_wanted():
                # So that whoever wants it goes by way of _start_input, which knows.
                self._stop_watching_read()
                break
            super()._on_readable()

    def _on_handshake_readable(self) -> None:
        try:
            ciphertext = self.socket.recv(self._receive_size)
        except BlockingIOError:
            return
        except OSError as exc:
            self._fail(exc)
            return
        if not ciphertext:
            self._fail(_cut_off())
            return
        self._shake(ciphertext)

    def _start_input(self, state: Input) -> None:
        super()._start_input(state)
        if self._life is OPEN and self._engine is not None and self._engine.more:
            # No event will tell of what has left the kernel already.
            self._loop.call_soon(self._go_on_reading)

    def _go_on_reading(self) -> None:
        if self._input_wanted() and self._engine is not None and self._engine.more:
            self._on_readable()

    def _input_wanted(self) -> bool:
        return self._input is FLOWING or self._input is FILLING

    def _receive(self, size: int) -> bytes | None:
        engine = self._engine
        assert engine is not None
        if not engine.more:
            self._feed(engine, size)
        plaintext = engine.decrypt()
        if engine.outgoing.pending:  # an answer of TLS's own: a key update, an alert
            self._send_output()
        return plaintext

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Decrypt into ``buf``."""
        engine = self._engine
        assert engine is not None
        if not engine.more:
            try:
                self._feed(engine, self.read_chunk_size)
            except BlockingIOError:
                return None
        received = engine.decrypt_into(memoryview(buf))
        if engine.outgoing.pending:
            self._send_output()
        return received

    def _feed(self, engine: TLSEngine, size: int) -> None:
        ciphertext = self.socket.recv(size)
        if not ciphertext:
            raise _cut_off()
        engine.feed(ciphertext)

    # ---- What is written ----

    def write_to_fd(self, data: memoryview) -> int:
        """Encrypt and send ``data``; see ``_transmit``."""
        return self._transmit(data)

    def _transmit(self, data: bytes | memoryview) -> int:
        engine = self._engine
        assert engine is not None
        if self._sealed is not None or len(data) > LARGEST_RECORD:
            return self._transmit_batch([data])
        # One record, and nothing before it: what most answers are.
        engine.encrypt(data)
        ciphertext = engine.outgoing.read()
        try:
            sent = self.socket.send(ciphertext, self._flags)
        except BlockingIOError:
            sent = 0
        if sent == len(ciphertext):
            return len(data)
        self._sealed = memoryview(ciphertext)[sent:]
        self._encrypted = len(data)
        return 0

    def _transmit_batch(self, batch: Batch) -> int:
        """Encrypt and send; return how much of ``batch`` has left *as cipher text*.

        Cipher text that the kernel does not take waits in ``_sealed``. Its plain text stays in the
        queue until all of it is gone, so that a write is done when it is; ``_encrypted`` tells how
        much of the front of the queue that is.
        """
        sent = 0
        if self._sealed is not None:
            if not self._send_output():
                return 0
            sent = self._encrypted
            self._encrypted = 0
        if isinstance(batch, FileSegment):
            if sent:
                return sent
            batch = batch.peek(_SEAL_SIZE)
        if not isinstance(batch, list):
            return self._seal(batch, sent)
        skip = sent
        for piece in batch:
            if skip >= len(piece):
                skip -= len(piece)
                continue
            size = self._seal(piece, skip) - skip
            sent += size
            if size < len(piece) - skip or sent >= _TURN_SIZE:
                break
            skip = 0
        return sent

    def _seal(self, piece: bytes | memoryview, done: int) -> int:
        """Encrypt and send ``piece`` from offset ``done`` on; return the offset that it got to."""
        engine = self._engine
        assert engine is not None
        view = memoryview(piece)
        end = min(len(view), done + _TURN_SIZE)
        while done < end:
            stop = min(end, done + _SEAL_SIZE)
            position = done
            while position < stop:
                position += engine.encrypt(view[position:stop])
            if not self._send_output():
                self._encrypted = position - done
                break
            done = position
        return done

    def _send_output(self) -> bool:
        """Send what TLS has to say; whether the kernel took all of it."""
        assert self._engine is not None
        sealed = self._sealed
        if sealed is None:
            if not self._engine.outgoing.pending:
                return True
            sealed = memoryview(self._engine.outgoing.read())
        elif self._engine.outgoing.pending:
            sealed = memoryview(b"".join((sealed, self._engine.outgoing.read())))
        try:
            sent = self.socket.send(sealed, self._flags)
        except BlockingIOError:
            sent = 0
        if sent == len(sealed):
            self._sealed = None
            return True
        self._sealed = sealed[sent:]
        self._block()
        return False

    def _on_writable(self) -> None:
        if self._sealed is not None and not self._queue.size and self._engine is not None:
            try:
                if not self._send_output():
                    return
            except OSError as exc:
                self._fail(exc)
                return
        super()._on_writable()

    def _before_end(self) -> None:
        self._flags = MSG_MORE  # the last data, close_notify and FIN share a segment

    def shutdown_fd(self) -> None:
        """Say good-bye in TLS; its answer, and data before it, can still be read."""
        assert self._engine is not None
        self._engine.close_notify()
        if self._send_output():
            super().shutdown_fd()

    def _before_close(self) -> None:
        if self._engine is not None and self._sealed is None:
            self._engine.close_notify()
            self._send_alert()

    def _announce(self) -> None:
        if self._handshake_future is not None:
            fail_quietly(self._handshake_future, StreamClosedError(real_error=self.error))
            self._handshake_future = None
        super()._announce()


def _cut_off() -> ssl.SSLEOFError:
    return ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the peer went away without close_notify")


def _is_connected(socket: _socket.socket) -> bool:
    try:
        socket.getpeername()
    except OSError:
        return False
    return True
