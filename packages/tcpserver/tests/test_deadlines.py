import asyncio

from tcpserver._deadlines import Deadlines


def test_expire_in_order_and_one_timer_for_all() -> None:
    async def main() -> None:
        expired: asyncio.Queue[str] = asyncio.Queue()
        deadlines: Deadlines[str] = Deadlines(0.01, expired.put_nowait)
        for item in ("one", "two", "three"):
            deadlines.add(item)
        deadlines.discard("two")
        deadlines.discard("nobody")
        assert deadlines.items() == ["one", "three"]
        assert await expired.get() == "one"
        assert await expired.get() == "three"
        assert deadlines.items() == []

    asyncio.run(main())


def test_added_by_one_that_expires() -> None:
    async def main() -> None:
        expired: list[int] = []
        done = asyncio.Event()

        def expire(item: int) -> None:
            expired.append(item)
            if item == 3:
                done.set()
            else:
                deadlines.add(item + 1)

        deadlines: Deadlines[int] = Deadlines(0.001, expire)
        deadlines.add(1)
        await done.wait()
        assert expired == [1, 2, 3]

    asyncio.run(main())


def test_the_timer_is_armed_again_for_the_next() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        expired: asyncio.Queue[str] = asyncio.Queue()
        deadlines: Deadlines[str] = Deadlines(0.02, expired.put_nowait)
        deadlines.add("one")
        loop.call_later(0.01, deadlines.add, "two")
        assert await expired.get() == "one"
        assert deadlines.items() == ["two"]
        assert await expired.get() == "two"

    asyncio.run(main())


def test_nothing_is_left_on_the_loop() -> None:
    async def main() -> None:
        deadlines: Deadlines[int] = Deadlines(3600, lambda item: None)
        deadlines.add(1)
        assert deadlines._timer is not None
        timer = deadlines._timer
        deadlines.discard(1)
        assert timer.cancelled()

    asyncio.run(main())
