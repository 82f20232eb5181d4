"""What every test of the workspace is held to, whichever package it belongs to."""

import logging
import signal
from collections.abc import Iterator

import pytest

try:
    from hypothesis import settings
except ImportError:  # the tools' tests do without it
    pass
else:
    # A test that takes longer when the machine is busy is not a test that fails.
    settings.register_profile("workspace", deadline=None)
    settings.load_profile("workspace")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs a warning or worse, unless it asks for `caplog` to look at what is logged."""
    collector = _Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    yield
    root.removeHandler(collector)
    if collector.lines and "caplog" not in request.fixturenames:
        pytest.fail("unexpected log output:\n" + "\n".join(collector.lines), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """Take signals as a shell's foreground does: in the background, or under nohup, they are ignored.

    Every process that a test starts would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
