"""The package as a whole: what it offers, and what it does not drag in."""

import importlib.util
import platform
import subprocess
import sys

import pytest

import httpserver

OURS = ("netsock", "iostream", "tcpserver", "http1", "httpserver")


def modules_after(program: str) -> set[str]:
    """The names of all modules that there are in a process of its own after `program`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """What `import httpserver` adds to `import asyncio`."""
    return modules_after("import httpserver") - modules_after("import asyncio")


def test_everything_that_is_offered_is_there() -> None:
    assert sorted(httpserver.__all__) == httpserver.__all__
    for name in httpserver.__all__:
        assert getattr(httpserver, name).__module__.startswith("httpserver.") or name.endswith(
            ("Callback", "Application")
        )


def test_it_is_all_found_by_those_who_look_for_names() -> None:
    assert set(httpserver.__all__) <= set(dir(httpserver))
    namespace: dict[str, object] = {}
    exec("from httpserver import *", namespace)
    assert set(httpserver.__all__) <= set(namespace)


def test_what_is_not_offered_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'httpserver' has no attribute 'HTTPClient'"):
        httpserver.HTTPClient  # type: ignore[attr-defined]  # that is the point  # noqa: B018


def test_importing_it_imports_no_more_of_the_standard_library_than_asyncio(
    imported: set[str],
) -> None:
    strangers = {
        name
        for name in imported
        # The second is the library that mypyc makes of a package.
        if name.partition(".")[0] not in OURS and not name.endswith("__mypyc")
    }
    assert strangers <= {"__future__"}


def test_what_few_servers_need_is_not_imported(imported: set[str]) -> None:
    assert not imported & {
        "http1._client",
        "http1._codings",
        "http1._decompress",
        "http1._request_head",
        "http1._response_parser",
        "httpserver._access_log",
        "httpserver._asgi",
        "httpserver._asgi_http",
        "httpserver._cookies",
        "httpserver._multipart",
        "httpserver._proxies",
        "httpserver._thread_pool",
        "httpserver._tornado",
        "httpserver._websocket",
        "httpserver._wsgi",
        "netsock._supervisor",
        "tcpserver._proxy_gate",
        "tcpserver._proxy_header",
    }


def test_version_says_what_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "httpserver", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    *packages, python = done.stdout.splitlines()
    assert packages[0].startswith(f"httpserver {httpserver.__version__} (")
    assert [line.split()[0] for line in packages] == [
        "httpserver",
        "http1",
        "tcpserver",
        "iostream",
        "netsock",
    ]
    for line, module in (
        (packages[0], "httpserver._collectors"),
        (packages[1], "http1._connection"),
    ):
        spec = importlib.util.find_spec(module)
        assert spec is not None
        compiled = not str(spec.origin).endswith(".py")
        assert line.endswith("(compiled)" if compiled else "(pure Python)")
    assert python == f"{platform.python_implementation()} {platform.python_version()}"
