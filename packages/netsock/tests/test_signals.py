import os
import signal
import socket

from netsock._signals import SignalQueue


def test_signals_and_sockets_and_putting_back() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    queue = SignalQueue([signal.SIGUSR1, signal.SIGUSR2])
    assert queue.wait(0, []) == ([], [])
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
    numbers, _ = queue.wait(60, [])
    assert set(numbers) == {signal.SIGUSR1, signal.SIGUSR2}
    one, other = socket.socketpair()
    with one, other:
        assert queue.wait(0, [one]) == ([], [])
        other.send(b"x")
        assert queue.wait(60, [one]) == ([], [one])
    queue.close()
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_signals_of_others_are_passed_over() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    queue = SignalQueue([signal.SIGUSR1])
    try:
        os.kill(os.getpid(), signal.SIGUSR2)
        assert queue.wait(60, []) == ([], [])
        assert heard == [signal.SIGUSR2]
    finally:
        queue.close()
        signal.signal(signal.SIGUSR2, before)
