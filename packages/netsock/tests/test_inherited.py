from collections.abc import Callable

import pytest

from netsock import bind_sockets
from netsock import inherited_sockets

from .conftest import Script

# A service manager in three lines: descriptors from 3 on, and its own pid, which exec keeps.
MANAGER = """
import os, sys
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[1], LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.executable, [sys.executable, "-X", "dev", "-c", sys.argv[3]])
"""


def manage(script: Callable[..., Script], count: str, names: str, program: str) -> Script:
    sockets = bind_sockets(0, "127.0.0.1") + bind_sockets(0, "127.0.0.1")
    dup = f"""
    import os, sys
    for target, source in enumerate({[sock.fileno() for sock in sockets]}, 50):
        os.dup2(source, target)
    for target in (3, 4):
        os.dup2(target + 47, target)
    sys.argv[1:] = [{count!r}, {names!r}, {program!r}]
    exec({MANAGER!r})
    """
    started = script(dup, pass_fds=tuple(sock.fileno() for sock in sockets))
    for sock in sockets:
        sock.close()
    return started


def test_all_of_them(script: Callable[..., Script]) -> None:
    program = """
import os, socket
from netsock import inherited_sockets
sockets = inherited_sockets()
print([sock.fileno() for sock in sockets])
print([sock.family == socket.AF_INET and sock.getsockname()[0] for sock in sockets])
print([sock.getblocking() for sock in sockets], [sock.get_inheritable() for sock in sockets])
print([name for name in os.environ if name.startswith("LISTEN_")])
print(inherited_sockets())
for sock in sockets: sock.close()
"""
    assert manage(script, "2", "", program).rest() == [
        "[3, 4]",
        "['127.0.0.1', '127.0.0.1']",
        "[False, False] [False, False]",
        "[]",
        "[]",
    ]


def test_by_name(script: Callable[..., Script]) -> None:
    program = """
from netsock import inherited_sockets
admin = inherited_sockets("admin")
rest = inherited_sockets()
print([sock.fileno() for sock in admin], [sock.fileno() for sock in rest])
print(inherited_sockets("admin"), inherited_sockets())
for sock in admin + rest: sock.close()
"""
    assert manage(script, "2", "web:admin", program).rest() == ["[4] [3]", "[] []"]


@pytest.mark.parametrize(
    ("count", "names", "error"),
    [
        ("two", "", "ValueError: LISTEN_FDS is not a number: 'two'"),
        ("-1", "", "ValueError: LISTEN_FDS is not a number: '-1'"),
        ("2", "one", "ValueError: LISTEN_FDNAMES has 1 names for 2 sockets"),
    ],
)
def test_nonsense(count: str, names: str, error: str, script: Callable[..., Script]) -> None:
    program = "from netsock import inherited_sockets; inherited_sockets()"
    assert manage(script, count, names, program).rest()[-1] == error


def test_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    assert inherited_sockets() == []


def test_for_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert inherited_sockets() == []


def test_announced_but_not_open(script: Callable[..., Script]) -> None:
    lines = script("""
        import os
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1000")
        from netsock import inherited_sockets
        inherited_sockets()
    """).rest()
    assert lines[-1].startswith("OSError: [Errno 9]")
