"""Every program in the manual and the READMEs does what the page says it does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from doctest import ELLIPSIS
from doctest import OutputChecker
from pathlib import Path

import pytest

from .snippets import Snippet
from .snippets import find

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")]
SNIPPETS = [snippet for page in sorted(PAGES) for snippet in find(page)]

# A program that neither ends nor listens by then hangs. No test waits for this long unless it fails.
PATIENCE = 30.0


def name(snippet: Snippet) -> str:
    return f"{snippet.page.relative_to(ROOT)}:{snippet.line}"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `cert.pem` and `key.pem`, which the programs find in their working directory."""
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -batch"
    )
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    files = "-keyout key.pem -out cert.pem"
    subprocess.run(
        [*command.split(), *names.split(), *files.split()],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def here(tmp_path: Path, certificate: Path) -> Path:
    for file in certificate.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("snippet", SNIPPETS, ids=name)
def test_snippet(snippet: Snippet, here: Path) -> None:
    # The line numbers of a traceback are then those of the page.
    program = here / f"{snippet.page.stem}.py"
    program.write_text("\n" * snippet.line + snippet.code)
    if snippet.fragment:
        compile(program.read_text(), program, "exec")
        return
    process = subprocess.Popen(
        [sys.executable, "-W", "error", program.name],
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        # What prints and is not talked to comes to its end, though it may listen for a moment.
        ends = snippet.output is not None and not snippet.session
        serves = not ends and wait_until_it_listens_or_ends(process)
        if serves:
            for exchange in snippet.session:
                check(exchange.printed, shell(exchange.command, here), exchange.command)
            process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=PATIENCE)
    finally:
        kill_group(process)
    # A server that installs no handler of its own is ended by the signal.
    assert process.returncode == 0 or (serves and process.returncode == -signal.SIGTERM)
    assert serves or not snippet.session, "a console session follows, but the program did not serve"
    if snippet.output is not None:
        check(snippet.output, printed, "the program")


def check(said: str, printed: str, who: str) -> None:
    """Fail unless what was printed is what the page says, `...` standing for anything."""
    printed = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    assert OutputChecker().check_output(said, printed, ELLIPSIS), (
        f"{who} printed:\n{printed}\nand the page says:\n{said}"
    )


def shell(command: str, here: Path) -> str:
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return result.stdout


def wait_until_it_listens_or_ends(process: "subprocess.Popen[str]") -> bool:
    """Return True once the process listens on a socket, False when it has ended."""
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None:
        if any(inode in listening() for inode in sockets(process.pid)):
            return True
        assert time.monotonic() < give_up, "the program neither listens nor ends"
        time.sleep(0.01)
    return False


def sockets(pid: int) -> Iterator[str]:
    """Yield the inodes of the sockets that a process has open."""
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]
    except FileNotFoundError:
        # The process has ended, or has closed the descriptor meanwhile.
        return


def listening() -> set[str]:
    """Return the inodes of all listening sockets, TCP and Unix."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                inodes.add(fields[9])
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        # The flag of a socket that accepts connections.
        if int(fields[3], 16) & 0x10000:
            inodes.add(fields[6])
    return inodes


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Leave nothing behind, whatever the test came to."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
