"""`ThreadPool`: a bounded number of threads for code that blocks."""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue


class ThreadPool:
    """Runs work in at most `size` threads; more work than that waits its turn.

    A thread is started when there is work and none is free, and then stays. They are daemons: what
    hangs in one of them does not keep the process from ending. Work does not raise.
    """

    # concurrent.futures does more, with a lock, a future and a semaphore for each piece of work.

    def __init__(self, size: int | None) -> None:
        #: The most threads that there are.
        self.size = min(32, (os.cpu_count() or 1) + 4) if size is None else size
        if self.size < 1:
            raise ValueError(f"a pool has 1 thread or more, not {size}")
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._unfinished = 0

    def submit(self, work: Callable[[], object]) -> None:
        """Have `work` called in a thread; to be called in one and the same thread."""
        with self._lock:
            self._unfinished += 1
            needed = self._unfinished > len(self._threads) < self.size
        self._queue.put(work)
        if needed:
            name = f"wsgi-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Let the threads end when all work is done. No more of it may come."""
        threads = self._threads
        self._threads = []
        for _ in threads:
            self._queue.put(None)

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
            # Or it would live until the next one comes.
            del work
            with self._lock:
                self._unfinished -= 1
