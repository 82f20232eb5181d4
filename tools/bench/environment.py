"""The Python environment that the servers run in: the peers from the index, ours from this checkout.

It is made once per list of peers and interpreter, under the user's cache folder, and kept.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = ("netsock", "iostream", "tcpserver", "http1", "httpserver")

PEERS = (
    "aiohttp",
    "granian",
    "gunicorn",
    "h11",
    "httptools",
    "hypercorn",
    "socketify",
    "tornado",
    "uvicorn",
    "uvloop",
)


def cache() -> Path:
    """The folder for what is expensive to make."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "http-stack-bench"


def install(python: Path, *arguments: str) -> None:
    """Run pip (uv's where there is one) for this interpreter."""
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", str(python), *arguments]
    else:
        command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, check=True)


def peers(refresh: bool) -> Path:
    """The interpreter of the environment; it is made anew when there is none or ``refresh``."""
    name = hashlib.sha256(" ".join((sys.version, *PEERS)).encode()).hexdigest()[:12]
    folder = cache() / f"peers-{name}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if refresh or not complete.exists():
        venv.create(folder, clear=True, with_pip=shutil.which("uv") is None)
        install(python, *PEERS)
        complete.touch()
    return python


def compiled(python: Path, wheels: Path) -> Path:
    """Unpack the compiled wheels of ours into a folder that goes on the path of a server."""
    stamps = sorted(f"{wheel.name}{wheel.stat().st_mtime_ns}" for wheel in wheels.glob("*.whl"))
    name = hashlib.sha256(" ".join(stamps).encode()).hexdigest()[:12]
    folder = cache() / f"compiled-{name}"
    if not folder.exists():
        found = [str(wheel) for wheel in sorted(wheels.glob("*.whl"))]
        install(python, "--no-deps", "--target", str(folder), *found)
    return folder


def sources() -> list[Path]:
    """The folders that hold our packages as they are in this checkout."""
    return [ROOT / "packages" / package / "src" for package in PACKAGES]


def versions(python: Path) -> dict[str, str]:
    """The version of each peer that is installed, by name."""
    program = "import importlib.metadata as m\nfor d in m.distributions(): print(d.name.lower(), d.version)"
    run = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True)
    installed = dict(line.split(maxsplit=1) for line in run.stdout.splitlines())
    return {name: installed[name] for name in PEERS if name in installed}


def commit() -> str:
    """The commit that is checked out, with a ``+`` when the packages differ from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--", "packages"], capture_output=True, text=True
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
