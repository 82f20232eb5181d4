"""SIGTERM and SIGINT, told to whoever runs on a loop."""

import asyncio
import contextlib
import functools
import signal
import threading
from collections.abc import Callable
from types import FrameType

from ._worker import task_id

Listener = Callable[[signal.Signals], object]
_Handler = Callable[[int, FrameType | None], object] | int | None

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Termination:
    """The termination signals of one loop, shared by all who want to hear of them.

    The handlers are in place only while somebody listens, and only in the main thread, the one
    place where Python allows them. A handler that the program installed itself is left alone.
    """

    __slots__ = ("_listeners", "_loop", "_replaced", "_told")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: list[Listener] = []
        self._replaced: dict[signal.Signals, _Handler] = {}
        self._told = False

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(signal)`` on the loop for each signal; returns the remover."""
        if not self._listeners:
            self._take_signals()
        self._listeners.append(listener)
        return functools.partial(self._remove_listener, listener)

    def _remove_listener(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
            if not self._listeners:
                self._give_back_signals()

    def _take_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if _is_default(handler):
                self._replaced[number] = handler
                try:
                    self._loop.add_signal_handler(number, self._tell, number)
                except NotImplementedError:  # Windows
                    signal.signal(number, self._tell_from_handler)

    def _give_back_signals(self) -> None:
        for number, handler in self._replaced.items():
            with contextlib.suppress(NotImplementedError):  # Windows
                self._loop.remove_signal_handler(number)
            signal.signal(number, handler)
        if self._told and signal.SIGTERM in self._replaced and task_id() is not None:
            # A worker that is leaving already must not be killed by hearing it twice: a ^C reaches
            # it from the terminal and, as SIGTERM, from its parent. If it does not leave, the
            # parent kills it in the end.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._replaced.clear()

    def _tell(self, number: signal.Signals) -> None:
        self._told = True
        for listener in list(self._listeners):
            listener(number)

    def _tell_from_handler(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._tell, signal.Signals(number))


def _is_default(handler: _Handler) -> bool:
    if handler in (signal.SIG_DFL, signal.default_int_handler):
        return True
    # asyncio.run puts a handler of its own over Python's default one; it cancels the main task,
    # which would cut the connections that a listener here wants to drain.
    if isinstance(handler, functools.partial):
        return isinstance(getattr(handler.func, "__self__", None), asyncio.Runner)
    return False
