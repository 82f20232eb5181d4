"""Signals as items to wait for, for a process that runs no loop."""

import os
import selectors
import signal
import socket
from collections.abc import Iterable
from types import FrameType


class SignalQueue:
    """Takes some signals and hands them out when asked, together with readable sockets.

    Python writes the number of each signal into a socket pair the moment it comes
    (``signal.set_wakeup_fd``), so none is lost between looking and sleeping. Main thread only.
    """

    __slots__ = ("_mask", "_previous", "_previous_fd", "_receiver", "_sender", "_signals")

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        self._signals = frozenset(signals)
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, _wake_only) for number in self._signals}
        self._mask: set[int] = set()

    def wait(
        self, timeout: float | None, sockets: Iterable[socket.socket]
    ) -> tuple[list[signal.Signals], list[socket.socket]]:
        """Sleep until a signal, a readable socket or the timeout, and say what there is."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._receiver, selectors.EVENT_READ)
            for sock in sockets:
                selector.register(sock, selectors.EVENT_READ, sock)
            readable = [key.data for key, _ in selector.select(timeout) if key.data is not None]
        try:
            numbers = self._receiver.recv(4096)
        except BlockingIOError:
            numbers = b""
        known = [signal.Signals(number) for number in numbers if number in self._signals]
        return known, readable

    def fork(self) -> int:
        """``os.fork`` whose child gets the former handlers back before any signal reaches it."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        try:
            pid = os.fork()
            if pid == 0:
                self.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return pid

    def close(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._receiver.close()
        self._sender.close()


def _wake_only(number: int, frame: FrameType | None) -> None:
    """The wake-up descriptor has told already; a handler must be there for that to happen."""
