import logging
import time

import pytest

from http1 import HTTPInputError
from http1 import _log
from http1._log import log_refused


class Context:
    remote_ip = "192.0.2.1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(_log, "_rate", _log._Rate())
    return now


def test_one_line(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "http1")
    log_refused(Context(), HTTPInputError("no Host field"))
    log_refused(None, HTTPInputError("too long", 413))
    assert caplog.messages == [
        "Refused 400 from 192.0.2.1: no Host field",
        "Refused 413 from a peer: too long",
    ]


def test_a_flood_is_not_one_of_lines(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "http1")
    for _ in range(1000):
        log_refused(Context(), HTTPInputError("no Host field"))
    assert len(caplog.messages) == 5
    clock[0] += 1
    log_refused(Context(), HTTPInputError("no Host field"))
    assert caplog.messages[-1].endswith("(995 like this not logged)")
    log_refused(Context(), HTTPInputError("no Host field"))
    assert caplog.messages[-1].endswith("no Host field")


def test_nothing_is_counted_that_nobody_wants(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "http1")
    log_refused(Context(), HTTPInputError("no Host field"))
    assert caplog.messages == []
