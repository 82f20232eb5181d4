"""The parent's side of `fork_processes`: workers are born, watched, replaced and stopped.

One loop does it all: fork the workers that are due, else sleep until a signal, a word from a
worker or the next deadline. `os.fork` is called in one place, so that the child leaves through
one door.

A rolling replacement (SIGHUP) takes the workers one by one: the new one is forked, says that it
serves, and only then is the old one told to stop; when that one is gone it is the next one's turn.
"""

import collections
import logging
import os
import signal
import socket
import sys
import time
from typing import Final

from ._restarts import Restarts
from ._signals import SignalQueue
from ._worker import READY
from ._worker import become_worker

logger = logging.getLogger(__name__)

# A worker that serves with something else than `add_accept_handler` never says that it is ready.
# After this many seconds of life it is believed to be.
_READY_AFTER: Final = 10.0

# Deaths by these were asked for, by us or by an operator who knows the worker's pid.
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_WATCHED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class _Worker:
    """A child process that has not been waited for yet."""

    __slots__ = ("born", "kill_at", "lifeline", "pid", "ready", "task", "will_tell")

    def __init__(self, task: int, pid: int, lifeline: socket.socket) -> None:
        self.task = task
        self.pid = pid
        self.lifeline = lifeline
        self.born = time.monotonic()
        self.ready = False
        self.will_tell = True  # on its line, that it is ready
        # Set when it has been told to stop: the time after which it is killed.
        self.kill_at: float | None = None

    def __str__(self) -> str:
        return f"worker {self.task} (pid {self.pid})"

    def listen(self) -> None:
        """Its line is readable: it is ready, or it is gone, which the kernel will tell us, too."""
        self.will_tell = False
        try:
            self.ready = self.lifeline.recv(1) == READY
        except ConnectionError:
            pass


class Supervisor:
    """Keeps ``count`` workers alive until told to stop. See `fork_processes`."""

    __slots__ = (
        "_births",
        "_grace",
        "_leaving",
        "_restarts",
        "_signals",
        "_status",
        "_stopping",
        "_to_replace",
        "_workers",
    )

    def __init__(self, count: int, max_restarts: int, grace: float) -> None:
        self._grace = grace
        self._restarts = Restarts(max_restarts)
        self._signals = SignalQueue(_WATCHED)
        self._workers: dict[int, _Worker] = {}  # by pid
        self._births = dict.fromkeys(range(count), 0.0)  # task: when it is due
        self._to_replace: collections.deque[int] = collections.deque()
        self._leaving: _Worker | None = None  # the one that is being replaced
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Return the task id in each worker; in the parent, raise SystemExit when all are gone."""
        while True:
            self._replace_next()
            now = time.monotonic()
            due = next((task for task, at in self._births.items() if at <= now), None)
            if due is not None:
                if self._fork(due):
                    return due
            elif self._workers or self._births:
                self._wait(self._next_deadline(now))
            else:
                break
        self._signals.close()
        logger.info("all workers are gone, leaving with status %d", self._status)
        sys.exit(self._status)

    # Births

    def _fork(self, task: int) -> bool:
        """Fork worker ``task``; True in the child."""
        del self._births[task]
        ours, theirs = socket.socketpair()
        # What is in a buffer now would be written by both.
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = self._signals.fork()
        except OSError as error:
            ours.close()
            theirs.close()
            logger.error("worker %d cannot be forked: %s", task, error)
            self._schedule(task, lifetime=0.0)
            return False
        if pid == 0:
            ours.close()
            for worker in self._workers.values():
                worker.lifeline.close()
            become_worker(task, theirs, self._grace)
            return True
        theirs.close()
        ours.setblocking(False)
        self._workers[pid] = worker = _Worker(task, pid, ours)
        logger.info("%s started", worker)
        return False

    def _schedule(self, task: int, lifetime: float) -> None:
        delay = self._restarts.delay(task, lifetime)
        if delay is None:
            logger.error("too many restarts, giving up")
            self._status = 1
            self._stop()
        else:
            self._births[task] = time.monotonic() + delay
            logger.info("worker %d restarts in %.1f s", task, delay)

    # Waiting

    def _next_deadline(self, now: float) -> float | None:
        """Seconds until something is due by itself; None when nothing is."""
        due = list(self._births.values())
        due += [w.kill_at for w in self._workers.values() if w.kill_at is not None]
        successor = self._successor()
        if successor is not None and not successor.ready:
            due.append(successor.born + _READY_AFTER)
        return max(min(due) - now, 0.0) if due else None

    def _wait(self, timeout: float | None) -> None:
        talking = {w.lifeline: w for w in self._workers.values() if w.will_tell}
        signals, words = self._signals.wait(timeout, talking)
        for lifeline in words:
            talking[lifeline].listen()
        for number in signals:
            if number == signal.SIGHUP:
                self._replace_all()
            elif number != signal.SIGCHLD:
                logger.info("%s: stopping", number.name)
                # The second ^C is one of impatience.
                self._stop(kill=self._stopping and number == signal.SIGINT)
        self._reap()
        now = time.monotonic()
        for worker in self._workers.values():
            if worker.kill_at is not None and worker.kill_at <= now:
                logger.error("%s does not stop, killing it", worker)
                worker.kill_at = now + self._grace
                os.kill(worker.pid, signal.SIGKILL)

    # Deaths

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is not None:  # otherwise a child of somebody else's
                worker.lifeline.close()
                self._died(worker, os.waitstatus_to_exitcode(status))

    def _died(self, worker: _Worker, code: int) -> None:
        by_request = code == 0 or (code < 0 and -code in _STOP_SIGNALS)
        cause = f"status {code}" if code >= 0 else f"signal {-code} ({_signal_name(-code)})"
        logger.log(
            logging.INFO if by_request else logging.WARNING, "%s ended with %s", worker, cause
        )
        leaving = self._leaving
        if worker is leaving:
            self._leaving = None
            if not self._stopping:
                return
        elif leaving is not None and leaving.task == worker.task and leaving.kill_at is None:
            # The successor. Whom it was to replace has not been told to stop, and goes on.
            logger.error("worker %d was not replaced: its successor died", worker.task)
            self._leaving = None
            self._to_replace.clear()
            return
        if self._stopping or worker.kill_at is not None:
            self._status |= not by_request
        elif not by_request:
            self._schedule(worker.task, time.monotonic() - worker.born)

    # Stopping and replacing

    def _stop(self, kill: bool = False) -> None:
        self._stopping = True
        self._births.clear()
        self._to_replace.clear()
        for worker in self._workers.values():
            self._tell_to_stop(worker)
            if kill:
                worker.kill_at = 0.0

    def _tell_to_stop(self, worker: _Worker) -> None:
        if worker.kill_at is None:
            worker.kill_at = time.monotonic() + self._grace
            # SIGTERM for SIGINT, too: a ^C has reached the worker already, and it would take a
            # second one for impatience.
            os.kill(worker.pid, signal.SIGTERM)

    def _replace_all(self) -> None:
        if self._stopping:
            return
        logger.info("SIGHUP: replacing the workers one by one")
        self._to_replace.extend(sorted({w.task for w in self._workers.values()}))

    def _replace_next(self) -> None:
        while self._leaving is None and self._to_replace:
            task = self._to_replace.popleft()
            self._leaving = next((w for w in self._workers.values() if w.task == task), None)
            if self._leaving is not None:
                self._births[task] = 0.0
        successor = self._successor()
        if successor is not None and self._leaving is not None:
            age = time.monotonic() - successor.born
            if successor.ready or age >= _READY_AFTER:
                self._tell_to_stop(self._leaving)

    def _successor(self) -> _Worker | None:
        """Who is to replace the one that is leaving and has not been told to stop yet."""
        leaving = self._leaving
        if leaving is None or leaving.kill_at is not None:
            return None
        workers = self._workers.values()
        return next((w for w in workers if w.task == leaving.task and w is not leaving), None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return "unnamed"
