from tools.bench import machine
from tools.bench.machine import Cores
from tools.bench.machine import CoreTime


def test_what_is_neither_the_servers_nor_the_generators_is_foreign() -> None:
    before = CoreTime(busy=100.0, clock=10.0)
    after = CoreTime(busy=103.0, clock=12.0)
    # Two cores had 4 s together, 3 s were used, 2 s of them by ourselves.
    assert machine.foreign_share(before, after, 2.0, Cores(0, 1)) == 0.25


def test_the_foreign_share_is_never_negative() -> None:
    before = CoreTime(busy=100.0, clock=10.0)
    after = CoreTime(busy=101.0, clock=12.0)
    assert machine.foreign_share(before, after, 1.1, Cores(0, 1)) == 0.0


def test_no_time_is_no_share() -> None:
    now = CoreTime(busy=100.0, clock=10.0)
    assert machine.foreign_share(now, now, 0.0, Cores(0, 0)) == 0.0


def test_core_time_goes_on() -> None:
    cores = machine.choose_cores()
    before = machine.core_time(cores)
    after = machine.core_time(cores)
    assert after.busy >= before.busy > 0
    assert after.clock >= before.clock


def test_the_machine_is_described() -> None:
    assert machine.describe().keys() == {"python", "kernel", "processor", "cores"}
