import logging
import time

import pytest

from tcpserver._flood_log import FloodLog


def test_ten_lines_a_second_then_a_number(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    log = FloodLog(logging.getLogger("test"))
    for number in range(30):
        log.warning("bad %d", number)
    assert [record.getMessage() for record in caplog.records] == [f"bad {n}" for n in range(10)]
    caplog.clear()
    now += 1
    log.warning("bad %s", "again")
    log.warning("bad %s", "still")
    assert [record.getMessage() for record in caplog.records] == [
        "bad again (20 more in the meantime)",
        "bad still",
    ]
