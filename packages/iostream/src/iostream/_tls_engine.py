"""TLS on bytes alone: cipher text in, plain text out, and the other way round.

An `ssl.SSLObject` between two memory buffers rather than an `ssl.SSLSocket`, because OpenSSL on
a socket makes two system calls to read a record and one to write it, and a record is 16 KiB at
most; and because what has come is then ours to look at, so nothing that OpenSSL holds back can
be forgotten.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final
from typing import cast

# RFC 8446, section 5.1: no record has more plain text. A read of this size empties one.
LARGEST_RECORD: Final = 16384


class TLSEngine:
    """One TLS session, before, during and after its handshake.

    Attributes:
        more: whether `decrypt` has something to say without being fed.
        outgoing: what is to be sent to the peer; ``read`` it.
        ssl_object: the session.
    """

    __slots__ = ("_ended", "_farewell", "_incoming", "_kept", "more", "outgoing", "ssl_object")

    def __init__(
        self, context: ssl.SSLContext, server_side: bool, server_hostname: str | None
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(
            self._incoming, self.outgoing, server_side, server_hostname
        )
        self.more = False
        self._ended = False
        self._farewell = False
        self._kept = b""  # decrypted before its time; see close_notify

    def handshake(self, ciphertext: bytes) -> bool:
        """Go on with the handshake; whether it is complete. Raises `ssl.SSLError` if it failed."""
        self._incoming.write(ciphertext)
        try:
            self.ssl_object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.more = self._incoming.pending > 0
        return True

    def feed(self, ciphertext: bytes) -> None:
        """Take what came from the peer."""
        self._incoming.write(ciphertext)

    def decrypt(self) -> bytes | None:
        """The plain text of all that was fed; b"" after the peer's close_notify; None if neither."""
        self.more = False
        if self._ended or self._kept:
            return self._take_kept()
        records = []
        try:
            record = self.ssl_object.read(LARGEST_RECORD)
            # When all input is used up, asking for more would only raise, which is not cheap.
            if record and not self._incoming.pending:
                return record
            while record:
                records.append(record)
                if not self._incoming.pending:
                    return b"".join(records)
                record = self.ssl_object.read(LARGEST_RECORD)
            self._ended = True
        except ssl.SSLZeroReturnError:  # the same as b"", after a close_notify of ours
            self._ended = True
        except ssl.SSLWantReadError:
            if not records:
                return None
        # The end is told of after the data before it.
        self.more = self._ended and len(records) > 0
        return b"".join(records)

    def decrypt_into(self, buffer: memoryview) -> int | None:
        """`decrypt` one record, or the part of it that fits, into ``buffer``."""
        if self._ended or self._kept:
            size = min(len(buffer), len(self._kept))
            buffer[:size] = self._kept[:size]
            self._kept = self._kept[size:]
        else:
            try:
                # With a buffer the result is a size; typeshed knows only the other form.
                read_into = cast("Callable[[int, memoryview], int]", self.ssl_object.read)
                size = read_into(len(buffer), buffer)
            except ssl.SSLZeroReturnError:
                size = 0
            except ssl.SSLWantReadError:
                self.more = False
                return None
            if not size:
                self._ended = True
        self.more = self._has_more() and size > 0
        return size

    def _take_kept(self) -> bytes:
        kept, self._kept = self._kept, b""
        self.more = self._has_more() and len(kept) > 0
        return kept

    def _has_more(self) -> bool:
        return (
            self._incoming.pending > 0
            or self._ended
            or self.ssl_object.pending() > 0
            or len(self._kept) > 0
        )

    def encrypt(self, plaintext: bytes | memoryview) -> int:
        """Encrypt one record; return how many bytes of ``plaintext`` are in it."""
        return self.ssl_object.write(plaintext)

    def close_notify(self) -> None:
        """Say that nothing more will be written (RFC 8446, section 6.1)."""
        if self._farewell:
            return
        self._farewell = True
        if self._incoming.pending or self.ssl_object.pending():
            # OpenSSL would look for the peer's close_notify in it, and drop what is before that.
            try:
                self._kept = self.decrypt() or b""
            except ssl.SSLError:
                self._ended = True
            self.more = self._has_more()
        try:
            self.ssl_object.unwrap()
        except ssl.SSLError:
            pass  # it went out; what OpenSSL misses is the peer's own, which may come later
