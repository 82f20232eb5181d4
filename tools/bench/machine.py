"""The machine under the measurement: which core is whose, and who else was on them.

Everything here reads ``/proc`` and pins processes: the benchmark runs on Linux.
"""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """The core of the server and the core of the generator; the same one on a one-core machine."""

    server: int
    generator: int


def choose_cores() -> Cores:
    """The first two cores that this process may use."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1] if len(usable) > 1 else usable[0])


def describe() -> dict[str, str]:
    """What a reader needs to know to judge the figures."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0))),
    }


@dataclass(frozen=True)
class CoreTime:
    """CPU seconds that anybody spent on a set of cores, since boot, and when that was read."""

    busy: float
    clock: float


def core_time(cores: Cores) -> CoreTime:
    """Read the counters; time that the hypervisor took away counts as busy."""
    wanted = {f"cpu{cores.server}", f"cpu{cores.generator}"}
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            busy += user + nice + system + irq + softirq + steal
    return CoreTime(busy / TICKS_PER_SECOND, time.monotonic())


def foreign_share(before: CoreTime, after: CoreTime, own: float, cores: Cores) -> float:
    """The share of the cores' time that went to neither the server nor the generator, 0 to 1.

    ``own`` is the CPU seconds that those two spent between the readings.
    """
    available = (after.clock - before.clock) * len({cores.server, cores.generator})
    if available <= 0:
        return 0.0
    return max(0.0, (after.busy - before.busy - own) / available)
