import asyncio
import signal
import threading
from collections.abc import Callable
from collections.abc import Iterator

import pytest

from netsock import IOLoop

from .conftest import Script


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """A thread's IOLoop that is not made yet, and is put away afterwards."""
    face = IOLoop.current()
    if face.is_made():
        face.asyncio_loop.close()
        face = IOLoop.current()
    yield face
    if face.is_made():
        face.asyncio_loop.close()
    asyncio.set_event_loop(None)


def test_current_is_the_same_before_and_while_it_runs(io_loop: IOLoop) -> None:
    assert IOLoop.current() is io_loop
    assert not io_loop.is_made()
    assert io_loop.run_sync(IOLoop.current) is io_loop
    assert io_loop.is_made()
    assert IOLoop.current() is io_loop


def test_current_of_a_loop_that_somebody_else_runs(io_loop: IOLoop) -> None:
    io_loop.asyncio_loop  # noqa: B018  # makes it, so that it cannot take the other

    async def main() -> None:
        face = IOLoop.current()
        assert face is not io_loop
        assert face is IOLoop.current()
        assert face.asyncio_loop is asyncio.get_running_loop()
        assert face.is_running()

    asyncio.run(main())


def test_the_first_loop_that_runs_takes_what_waits(io_loop: IOLoop) -> None:
    log: list[str] = []
    io_loop.add_callback(log.append, "one")
    io_loop.add_callback(log.append, "two")

    async def main() -> None:
        assert IOLoop.current() is io_loop
        await asyncio.sleep(0)
        assert log == ["one", "two"]

    asyncio.run(main())
    assert io_loop.is_closed()
    assert IOLoop.current() is not io_loop


def test_uses_the_loop_that_was_set(io_loop: IOLoop) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    assert io_loop.asyncio_loop is loop


def test_a_loop_of_its_own_in_each_thread(io_loop: IOLoop) -> None:
    faces: list[IOLoop] = []

    def other() -> None:
        faces.append(IOLoop.current())
        faces[0].run_sync(lambda: None)
        faces[0].asyncio_loop.close()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert faces[0] is not io_loop


def test_start_and_stop_and_start_again(io_loop: IOLoop) -> None:
    log: list[int] = []
    for turn in range(2):
        io_loop.add_callback(log.append, turn)
        io_loop.add_callback(io_loop.stop)
        io_loop.start()
    assert log == [0, 1]


def test_start_and_run_sync_refuse_while_a_loop_runs(io_loop: IOLoop) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="start: an event loop runs"):
            IOLoop.current().start()
        with pytest.raises(RuntimeError, match="run_sync: an event loop runs"):
            IOLoop.current().run_sync(lambda: None)

    io_loop.run_sync(main)


def test_run_sync(io_loop: IOLoop) -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert io_loop.run_sync(answer) == 42
    assert io_loop.run_sync(lambda: 43) == 43
    with pytest.raises(ZeroDivisionError):
        io_loop.run_sync(lambda: 1 // 0)


def test_run_sync_with_a_timeout(io_loop: IOLoop) -> None:
    with pytest.raises(TimeoutError):
        io_loop.run_sync(asyncio.Event().wait, timeout=0.001)
    assert io_loop.run_sync(lambda: 1, timeout=60) == 1


def test_add_callback_from_another_thread_wakes_the_loop(io_loop: IOLoop) -> None:
    ready = threading.Event()

    def other() -> None:
        ready.wait()
        io_loop.add_callback(io_loop.stop)

    thread = threading.Thread(target=other)
    thread.start()
    io_loop.add_callback(ready.set)
    io_loop.start()
    thread.join()


def test_add_callback_with_keywords(io_loop: IOLoop) -> None:
    got: list[object] = []

    def callback(*arguments: object, **keywords: object) -> None:
        got.append((arguments, keywords))

    io_loop.add_callback(callback, 1, key=2)
    io_loop.add_callback(io_loop.stop)
    io_loop.start()
    assert got == [((1,), {"key": 2})]


def test_a_callback_that_raises_is_logged_and_the_next_one_runs(
    io_loop: IOLoop, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("oops")

    io_loop.add_callback(fail)
    io_loop.add_callback(io_loop.stop)
    io_loop.start()
    assert "oops" in caplog.text


def test_async_callbacks(io_loop: IOLoop, caplog: pytest.LogCaptureFixture) -> None:
    log: list[str] = []

    async def callback(word: str) -> None:
        await asyncio.sleep(0)
        log.append(word)

    async def fail() -> None:
        await asyncio.sleep(0)
        log.append("failed")
        io_loop.call_later(0, last)
        raise RuntimeError("oops")

    async def last() -> None:
        io_loop.stop()

    io_loop.add_callback(callback, "one")
    io_loop.call_later(0, fail)
    io_loop.start()
    assert log == ["one", "failed"]
    assert "oops" in caplog.text


def test_a_callback_that_adds_itself_lets_the_loop_go_round(io_loop: IOLoop) -> None:
    def again() -> None:
        if not stopped:
            io_loop.add_callback(again)

    def stop() -> None:
        stopped.append(True)
        io_loop.stop()

    stopped: list[bool] = []
    io_loop.add_callback(again)
    io_loop.call_later(0, stop)
    io_loop.start()


def test_call_later(io_loop: IOLoop) -> None:
    log: list[str] = []
    io_loop.call_later(60, log.append, "cancelled").cancel()
    io_loop.call_later(0, log.append, "called")
    io_loop.call_later(0, io_loop.stop)
    io_loop.start()
    assert log == ["called"]


SERVER = """
    import asyncio, signal
    from netsock import IOLoop
    release = asyncio.Event()

    async def drain():
        print("draining")
        await release.wait()
        print("drained")

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            print("cancelled")

    async def fail():
        raise RuntimeError("bad drain")

    loop = IOLoop.current()
    loop.add_drain(drain)
    loop.add_drain(fail)
    loop.add_drain(drain)()
    loop.add_callback(lambda: globals().update(task=asyncio.ensure_future(forever())))
    signal.signal(signal.SIGUSR1, lambda *_: loop.add_callback(release.set))
    loop.add_callback(print, "ready")
    loop.start()
    print("returned", loop.is_closed(), signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_returns(number: signal.Signals, script: Callable[..., Script]) -> None:
    process = script(SERVER)
    process.line("ready")
    process.send(number)
    process.line("draining")
    process.send(signal.SIGTERM)  # again: changes nothing
    process.send(signal.SIGUSR1)
    rest = process.rest()
    assert [line for line in rest if not line.startswith(" ")] == [
        "drained",
        "drain failed",
        "Traceback (most recent call last):",
        "RuntimeError: bad drain",
        "cancelled",
        "returned True True",
    ]
    assert process.wait() == 0


def test_the_second_sigint_does_not_wait(script: Callable[..., Script]) -> None:
    process = script(SERVER)
    process.line("ready")
    process.send(signal.SIGTERM)
    process.line("draining")
    process.send(signal.SIGINT)
    assert process.rest()[-1] == "returned True True"
    assert process.wait() == 0


def test_handlers_of_the_program_are_left_alone(script: Callable[..., Script]) -> None:
    process = script("""
        import signal
        from netsock import IOLoop
        loop = IOLoop.current()
        def handler(*_):
            print("mine")
            loop.add_callback(loop.stop)
        signal.signal(signal.SIGTERM, handler)
        loop.add_callback(print, "ready")
        loop.start()
        print("returned", signal.getsignal(signal.SIGTERM) is handler)
        loop.asyncio_loop.close()
    """)
    process.line("ready")
    process.send(signal.SIGTERM)
    assert process.rest() == ["mine", "returned True"]


def test_uvloop_is_as_good(script: Callable[..., Script]) -> None:
    process = script("import uvloop; uvloop.install()\n" + SERVER.replace("\n    ", "\n"))
    process.line("ready")
    process.send(signal.SIGTERM)
    process.line("draining")
    process.send(signal.SIGUSR1)
    assert process.rest()[-1] == "returned True True"
    assert process.wait() == 0
