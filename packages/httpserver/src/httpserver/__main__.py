"""`python -m httpserver --version`: what is installed, and how it was built."""

import argparse
import platform
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import http1
import iostream
import netsock
import tcpserver

from . import __version__


def version() -> str:
    """The packages with their versions, each compiled or not, and the interpreter."""
    versions = {__package__: __version__}
    for package in (http1, tcpserver, iostream, netsock):
        versions[package.__name__] = package.__version__
    lines = [
        f"{name} {number} ({'compiled' if is_compiled(name) else 'pure Python'})"
        for name, number in versions.items()
    ]
    lines.append(f"{platform.python_implementation()} {platform.python_version()}")
    return "\n".join(lines)


def is_compiled(package: str) -> bool:
    """Whether any of the package's modules that have been imported is an extension module."""
    return any(
        (getattr(module, "__file__", None) or "").endswith(tuple(EXTENSION_SUFFIXES))
        for name, module in sys.modules.items()
        if name.startswith(f"{package}.")
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m httpserver", formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--version", action="version", version=version())
    parser.parse_args()
    parser.print_help()


if __name__ == "__main__":
    main()
