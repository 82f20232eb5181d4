"""How many CPUs this process may use."""

import math
import os


def cpu_count() -> int:
    """How many CPUs this process may use, at least 1.

    That is the smaller of its CPU affinity and its cgroup quota (version 1 or 2, the tightest of
    the groups above it; a quota of one and a half CPUs counts as 2), not the number that the
    machine has.
    """
    return _usable(_affinity(), _cgroup_quota("/"))


def _usable(affinity: int, quota: float | None) -> int:
    if quota is not None:
        affinity = min(affinity, math.ceil(quota))
    return max(affinity, 1)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_quota(root: str) -> float | None:
    """The CPU quota of this process's cgroups, in CPUs; None without one.

    Args:
        root: where ``proc`` and ``sys`` are: ``/``, or a made-up tree.
    """
    quotas: list[float] = []
    for line in _read(root, "proc/self/cgroup").splitlines():
        # One hierarchy a line, "id:controllers:path"; version 2 is the one without controllers
        # (cgroups(7)).
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            mount = os.path.join(root, "sys/fs/cgroup")
            quotas += [_quota_v2(group) for group in _group_and_parents(mount, path)]
        elif "cpu" in controllers.split(","):
            # Mounted under the controllers' names, with a symlink from each single name.
            mount = os.path.join(root, "sys/fs/cgroup/cpu")
            quotas += [_quota_v1(group) for group in _group_and_parents(mount, path)]
    return min((quota for quota in quotas if quota > 0), default=None)


def _group_and_parents(mount: str, path: str) -> list[str]:
    """The group's directory and those above it, up to the mount.

    Inside a container the path may be the host's, which is not there: then its last existing
    parent, the mount itself at worst, is what the container was given.
    """
    names = [name for name in path.split("/") if name]
    if ".." in names:  # the group is outside of the namespace
        names = []
    return [os.path.join(mount, *names[:depth]) for depth in range(len(names), -1, -1)]


def _quota_v2(group: str) -> float:
    """CPUs by ``cpu.max``, "quota period" in microseconds; 0 when there is none."""
    quota, _, period = _read(group, "cpu.max").partition(" ")
    return _ratio(quota, period)


def _quota_v1(group: str) -> float:
    """CPUs by ``cpu.cfs_quota_us`` (-1: no limit) over its period; 0 when there is none."""
    return _ratio(_read(group, "cpu.cfs_quota_us"), _read(group, "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float:
    try:
        return int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # no such file, or "max"
        return 0


def _read(*path: str) -> str:
    try:
        with open(os.path.join(*path), encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
