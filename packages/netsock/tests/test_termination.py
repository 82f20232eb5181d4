import asyncio
import os
import signal
import threading

import pytest

from netsock import IOLoop


def test_every_listener_hears_every_signal() -> None:
    async def main() -> None:
        io_loop = IOLoop.current()
        heard: asyncio.Queue[tuple[str, signal.Signals]] = asyncio.Queue()
        one = io_loop.on_termination(lambda number: heard.put_nowait(("one", number)))
        two = io_loop.on_termination(lambda number: heard.put_nowait(("two", number)))
        os.kill(os.getpid(), signal.SIGTERM)
        assert {await heard.get(), await heard.get()} == {
            ("one", signal.SIGTERM),
            ("two", signal.SIGTERM),
        }
        one()
        one()
        os.kill(os.getpid(), signal.SIGINT)
        assert await heard.get() == ("two", signal.SIGINT)
        two()
        assert heard.empty()

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    asyncio.run(main())
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_handler_of_the_program_stays() -> None:
    async def main() -> None:
        remove = IOLoop.current().on_termination(lambda number: pytest.fail("not ours"))
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        remove()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN

    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        asyncio.run(main())
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_it_is_harmless() -> None:
    async def main() -> None:
        IOLoop.current().on_termination(lambda number: None)()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()


def test_a_loop_without_signal_handlers() -> None:
    def refuse(*arguments: object) -> None:
        raise NotImplementedError

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler = refuse  # type: ignore[method-assign,assignment]  # as on Windows
        loop.remove_signal_handler = refuse  # type: ignore[method-assign,assignment]
        heard = loop.create_future()
        remove = IOLoop.current().on_termination(heard.set_result)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await heard == signal.SIGTERM
        remove()

    before = signal.getsignal(signal.SIGTERM)
    asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) == before
