"""The package as a whole: what it offers, and what it does not drag in."""

import subprocess
import sys

import httpserver


def test_everything_that_is_offered_is_there() -> None:
    assert sorted(httpserver.__all__) == httpserver.__all__
    for name in httpserver.__all__:
        assert getattr(httpserver, name).__module__.startswith("httpserver.") or name.endswith(
            ("Callback", "Application")
        )


def test_what_few_servers_need_is_not_imported() -> None:
    program = "import httpserver, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {
        "email.utils",
        "http.cookies",
        "ipaddress",
        "multipart",
        "tornado",
        "urllib.parse",
        "uvloop",
        "wsproto",
    }
