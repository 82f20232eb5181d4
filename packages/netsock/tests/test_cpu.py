import os
from pathlib import Path

import pytest

from netsock import _cpu
from netsock import cpu_count


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_at_least_one() -> None:
    assert 1 <= cpu_count() <= (os.cpu_count() or 1)


def test_affinity() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert cpu_count() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_no_affinity_on_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cpu_count() == 1


@pytest.mark.parametrize(
    ("quota", "expected"), [(None, 64), (0.1, 1), (1.5, 2), (2.0, 2), (1000.0, 64)]
)
def test_quota_bounds_affinity(quota: float | None, expected: int) -> None:
    assert _cpu._usable(64, quota) == expected


V2 = "sys/fs/cgroup"
V1 = "sys/fs/cgroup/cpu"


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        pytest.param({}, None, id="no cgroups"),
        pytest.param({"proc/self/cgroup": "0::/"}, None, id="v2, no limit file"),
        pytest.param(
            {"proc/self/cgroup": "0::/a/b", f"{V2}/a/b/cpu.max": "max 100000"}, None, id="v2, max"
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/a/b", f"{V2}/a/b/cpu.max": "150000 100000"}, 1.5, id="v2"
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/a/b",
                f"{V2}/a/b/cpu.max": "400000 100000",
                f"{V2}/a/cpu.max": "200000 100000",
            },
            2.0,
            id="v2, the group above is tighter",
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/host/only", f"{V2}/cpu.max": "50000 100000"},
            0.5,
            id="v2, the path is the host's",
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/../..", f"{V2}/cpu.max": "50000 100000"},
            0.5,
            id="v2, the path is above the namespace",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/a\n1:name=systemd:/x\n0::/",
                f"{V1}/a/cpu.cfs_quota_us": "300000",
                f"{V1}/a/cpu.cfs_period_us": "100000",
            },
            3.0,
            id="v1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu:/a",
                f"{V1}/a/cpu.cfs_quota_us": "-1",
                f"{V1}/a/cpu.cfs_period_us": "100000",
            },
            None,
            id="v1, no limit",
        ),
        pytest.param({"proc/self/cgroup": "0::/", f"{V2}/cpu.max": "many 0"}, None, id="nonsense"),
        pytest.param(
            {"proc/self/cgroup": "0::/", f"{V2}/cpu.max": "100000 0"}, None, id="no period"
        ),
    ],
)
def test_cgroup_quota(files: dict[str, str], quota: float | None, tmp_path: Path) -> None:
    assert _cpu._cgroup_quota(str(tree(tmp_path, files))) == quota
