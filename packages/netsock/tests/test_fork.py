import asyncio
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable

import pytest

from netsock import IOLoop
from netsock import _worker
from netsock import fork_processes
from netsock import task_id

from .conftest import Script

# Each connection is told who answers: task id and pid.
SERVER = """
import logging, os, signal, sys, time
from netsock import *
logging.basicConfig(level=logging.INFO, format="%(message)s")
sockets = bind_sockets(0, "127.0.0.1")
say("port", sockets[0].getsockname()[1])
task = fork_processes(int(os.environ["WORKERS"]))


def answer(connection, address):
    connection.send(b"%d %d" % (task_id(), os.getpid()))
    connection.close()

for sock in sockets:
    add_accept_handler(sock, answer)
IOLoop.current().add_callback(say, "serving")
IOLoop.current().start()
for sock in sockets:
    sock.close()
say(f"left {task}")
"""


def ask(port: int) -> tuple[int, int]:
    with socket.create_connection(("127.0.0.1", port)) as client:
        task, pid = client.makefile("rb").read().split()
    return int(task), int(pid)


def started(line: str) -> tuple[int, int]:
    match = re.fullmatch(r"worker (\d+) \(pid (\d+)\) started", line)
    assert match
    return int(match[1]), int(match[2])


def serve(script: Callable[..., Script], count: int = 2) -> tuple[Script, int, dict[int, int]]:
    process = script(SERVER, environ={"WORKERS": str(count)})
    port = int(process.line("port").split()[1])
    workers: dict[int, int] = {}
    serving = 0
    while len(workers) < count or serving < count:
        line = process.line()
        if "started" in line:
            task, pid = started(line)
            workers[task] = pid
        serving += line == "serving"
    return process, port, workers


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_and_stop(number: signal.Signals, script: Callable[..., Script]) -> None:
    process, port, workers = serve(script)
    assert set(workers) == {0, 1}
    assert ask(port) in workers.items()
    process.send(number)
    rest = process.rest()
    assert process.wait() == 0
    assert f"{number.name}: stopping" in rest
    for task, pid in workers.items():
        assert f"left {task}" in rest
        assert f"worker {task} (pid {pid}) ended with status 0" in rest
    assert "all workers are gone, leaving with status 0" in rest
    # The script of the parent never comes to closing its socket; the workers' do.
    assert len([line for line in rest if "Warning" in line]) == 1


def test_interrupt_of_the_whole_terminal(script: Callable[..., Script]) -> None:
    process, _, _ = serve(script)
    # The workers hear it from the terminal, and then from the parent again.
    os.killpg(process.process.pid, signal.SIGINT)
    rest = process.rest()
    assert {"left 0", "left 1"} < set(rest)
    assert process.wait() == 0


def test_killed_worker_is_replaced_with_the_same_task_id(script: Callable[..., Script]) -> None:
    process, port, workers = serve(script)
    os.kill(workers[1], signal.SIGKILL)
    process.line(f"worker 1 (pid {workers[1]}) ended with signal 9 (SIGKILL)")
    process.line("worker 1 restarts in 0.0 s")
    task, pid = started(process.line("started"))
    assert task == 1
    assert pid != workers[1]
    assert not os.path.exists(f"/proc/{workers[1]}")  # no zombie
    os.kill(workers[0], signal.SIGSTOP)  # so that the new one answers
    while (answer := ask(port)) != (1, pid):
        assert answer == (0, workers[0])
    os.kill(workers[0], signal.SIGCONT)
    process.send(signal.SIGTERM)
    process.rest()
    assert process.wait() == 0


def test_worker_told_to_stop_by_an_operator_is_not_replaced(script: Callable[..., Script]) -> None:
    process, port, workers = serve(script)
    os.kill(workers[0], signal.SIGTERM)
    process.line(f"worker 0 (pid {workers[0]}) ended with status 0")
    assert ask(port) == (1, workers[1])
    os.kill(workers[1], signal.SIGTERM)
    rest = process.rest()
    assert not [line for line in rest if "started" in line]
    assert process.wait() == 0


def test_rolling_replacement(script: Callable[..., Script]) -> None:
    process, port, workers = serve(script)
    process.send(signal.SIGHUP)
    process.line("SIGHUP: replacing")
    for task in (0, 1):
        new_task, new_pid = started(process.line("started"))
        assert new_task == task
        process.line(f"worker {task} (pid {workers[task]}) ended with status 0")
        workers[task] = new_pid
    assert ask(port) in workers.items()
    process.send(signal.SIGTERM)
    process.rest()
    assert process.wait() == 0


def test_two_hangups_are_two_replacements(script: Callable[..., Script]) -> None:
    process, _, _ = serve(script, count=1)
    process.send(signal.SIGHUP)
    process.line("SIGHUP: replacing")
    process.send(signal.SIGHUP)
    process.line("SIGHUP: replacing")
    process.send(signal.SIGTERM)
    process.rest()
    assert process.wait() == 0


def test_successor_that_dies_leaves_the_old_one_in_place(script: Callable[..., Script]) -> None:
    process = script("""
        import logging, os, signal, sys
        from netsock import *
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        first = os.getpid()
        flag = os.path.join(os.path.dirname(__file__), "second")
        sockets = bind_sockets(0, "127.0.0.1")
        fork_processes(1)
        if os.path.exists(flag):
            sys.exit(3)
        open(flag, "w").close()
        for sock in sockets:
            add_accept_handler(sock, lambda connection, address: connection.close())
        IOLoop.current().add_callback(say, "serving")
        IOLoop.current().start()
        for sock in sockets:
            sock.close()
        say("the old one")
    """)
    process.line("serving")
    process.send(signal.SIGHUP)
    process.line("ended with status 3")
    process.line("worker 0 was not replaced: its successor died")
    process.send(signal.SIGTERM)
    assert "the old one" in process.rest()
    assert process.wait() == 0


def test_gives_up_after_max_restarts(script: Callable[..., Script]) -> None:
    process = script("""
        import logging, os, signal
        from netsock import fork_processes
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        if fork_processes(2, max_restarts=2) == 0:
            os._exit(7)
        signal.pause()
    """)
    rest = process.rest()
    assert process.wait() == 1
    assert [line for line in rest if "status 7" in line or "restarts in" in line] == [
        line for line in rest if "worker 0" in line and "started" not in line
    ]
    assert [line for line in rest if "restarts in" in line] == [
        "worker 0 restarts in 0.0 s",
        "worker 0 restarts in 0.1 s",
    ]
    assert "too many restarts, giving up" in rest
    # The healthy one is not left behind.
    assert any(line.startswith("worker 1") and "ended with signal 15" in line for line in rest)


def test_workers_that_finish_by_themselves(script: Callable[..., Script]) -> None:
    process = script("""
        from netsock import fork_processes, task_id
        say("task", fork_processes(3), task_id())
    """)
    assert sorted(process.rest()) == ["task 0 0", "task 1 1", "task 2 2"]
    assert process.wait() == 0


def test_worker_that_does_not_stop_is_killed(script: Callable[..., Script]) -> None:
    process = script("""
        import logging, signal
        from netsock import fork_processes
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        fork_processes(1, grace=0.05)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("stubborn")
        while True:
            signal.pause()
    """)
    process.line("stubborn")
    process.send(signal.SIGTERM)
    rest = process.rest()
    assert process.wait() == 1
    assert any("does not stop, killing it" in line for line in rest)
    assert any("ended with signal 9" in line for line in rest)


def test_the_second_interrupt_kills(script: Callable[..., Script]) -> None:
    process = script("""
        import signal
        from netsock import fork_processes
        fork_processes(1)
        signal.signal(signal.SIGTERM, lambda *_: say("no"))
        say("stubborn")
        while True:
            signal.pause()
    """)
    process.line("stubborn")
    process.send(signal.SIGINT)
    process.line("no")
    process.send(signal.SIGINT)
    process.rest()
    assert process.wait() == 1


def test_workers_stop_when_the_parent_is_gone(script: Callable[..., Script]) -> None:
    process, _, workers = serve(script)
    process.send(signal.SIGKILL)
    rest = process.rest()  # ends when the last one is gone
    assert {"left 0", "left 1"} < set(rest)
    assert not any(alive(pid) for pid in workers.values())


def test_stubborn_worker_of_a_parent_that_is_gone(script: Callable[..., Script]) -> None:
    process = script("""
        import signal
        from netsock import fork_processes
        fork_processes(1, grace=0.05)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("stubborn")
        while True:
            signal.pause()
    """)
    process.line("stubborn")
    process.send(signal.SIGKILL)
    process.rest()  # hangs when the worker does not go


def test_what_a_worker_inherits(script: Callable[..., Script]) -> None:
    """The script's own descriptors, its line to the parent, and nothing else."""
    process = script("""
        import os, signal, sys
        before = len(os.listdir("/proc/self/fd"))
        from netsock import fork_processes
        task = fork_processes(3)
        handlers = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)]
        say(len(os.listdir("/proc/self/fd")) - before, signal.set_wakeup_fd(-1),
              handlers == [signal.SIG_DFL] * 3, signal.pthread_sigmask(signal.SIG_BLOCK, []))
    """)
    assert process.rest() == ["1 -1 True set()"] * 3


def test_random_generators_are_seeded_anew(script: Callable[..., Script]) -> None:
    process = script("""
        import random
        from netsock import fork_processes
        random.seed(1)
        fork_processes(4)
        say(random.random())
    """)
    assert len(set(process.rest())) == 4


def test_output_that_was_buffered_is_written_once(script: Callable[..., Script]) -> None:
    process = script(
        """
        import sys
        from netsock import fork_processes
        sys.stdout.write("once ")
        fork_processes(2)
        """,
        environ={"PYTHONUNBUFFERED": ""},
    )
    assert "".join(process.rest()).count("once") == 1


def test_one_for_each_cpu(script: Callable[..., Script]) -> None:
    process = script("""
        from netsock import cpu_count, fork_processes
        fork_processes(0)
        say(cpu_count())
    """)
    rest = process.rest()
    assert rest == [rest[0]] * int(rest[0])


def test_a_worker_cannot_fork_again(script: Callable[..., Script]) -> None:
    process = script("""
        from netsock import fork_processes
        fork_processes(1)
        try:
            fork_processes(1)
        except RuntimeError as error:
            say(error)
    """)
    assert process.rest() == ["fork_processes: this process is a worker already"]


def test_what_was_set_up_before_is_served_by_every_worker(script: Callable[..., Script]) -> None:
    """Accept handlers that wait for a loop wait in each worker."""
    process = script("""
        import os
        from netsock import *
        (sock,) = bind_sockets(0, "127.0.0.1")
        say("port", sock.getsockname()[1])
        def answer(connection, address):
            connection.send(b"%d %d" % (task_id(), os.getpid()))
            connection.close()
        add_accept_handler(sock, answer)
        fork_processes(2)
        IOLoop.current().start()
        sock.close()
    """)
    port = int(process.line("port").split()[1])
    assert ask(port)[0] in {0, 1}
    process.send(signal.SIGTERM)
    process.rest()
    assert process.wait() == 0


# Refusals


def test_task_id_outside_of_workers() -> None:
    assert task_id() is None
    _worker.announce_ready()  # nothing to tell, nobody to tell it to


def test_refuses_while_a_loop_runs() -> None:
    async def main() -> None:
        fork_processes(2)

    with pytest.raises(RuntimeError, match="an event loop runs already"):
        asyncio.run(main())


def test_refuses_when_the_loop_was_made() -> None:
    io_loop = IOLoop.current()
    io_loop.asyncio_loop  # noqa: B018  # makes it
    with pytest.raises(RuntimeError, match="made already"):
        fork_processes(2)
    io_loop.asyncio_loop.close()


def test_refuses_in_another_thread() -> None:
    errors: list[str] = []

    def fork() -> None:
        try:
            fork_processes(2)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    assert errors == ["fork_processes: only the main thread can fork and get signals"]


@pytest.mark.parametrize("platform", ["win32", "emscripten"])
def test_refuses_where_there_is_no_fork(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delattr(os, "fork")
    with pytest.raises(RuntimeError, match=f"{platform} cannot fork"):
        fork_processes(2)


def test_fork_that_fails_is_tried_again(script: Callable[..., Script]) -> None:
    process = script("""
        import logging, os
        from netsock import fork_processes
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        fork = os.fork
        def failing():
            os.fork = fork
            raise BlockingIOError(11, "Resource temporarily unavailable")
        os.fork = failing
        fork_processes(1)
        say("forked")
    """)
    rest = process.rest()
    assert "worker 0 cannot be forked: [Errno 11] Resource temporarily unavailable" in rest
    assert "forked" in rest
    assert process.wait() == 0
