"""What a machine or a cgroup has, and memory that goes back when captures and models are pushed out."""

from __future__ import annotations

import gc

import psutil
import pytest
import torch

from inspector.captures import AttentionCall, Capture
from inspector.component import Captures
from inspector.errors import CaptureError, TooLarge
from inspector.exports import Exports
from inspector.kept import Kept, share_of_memory
from inspector.memory import available, give_back, total
from inspector.scores import Scores

MB = 2**20


def test_without_a_cgroup_the_machine_counts(tmp_path):
    assert total(tmp_path) == psutil.virtual_memory().total
    assert available(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def group(root, base, names, values, cgroup):
    folder = root / base
    folder.mkdir(parents=True)
    for name, value in zip(names, values, strict=True):
        (folder / name).write_text(f"{value}\n")
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text(cgroup)


V2 = ("memory.max", "memory.current", "memory.stat")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat")


@pytest.mark.parametrize(
    ("base", "names", "cache", "cgroup"),
    [
        ("sys/fs/cgroup", V2, "inactive_file", "0::/\n"),  # inside a container
        ("sys/fs/cgroup/app.slice", V2, "inactive_file", "0::/app.slice/one.service\n"),  # the limit stands above
        ("sys/fs/cgroup/memory/docker/abc", V1, "total_inactive_file", "9:cpu:/\n5:memory:/docker/abc\n"),
        ("sys/fs/cgroup/memory", V1, "total_inactive_file", "5:memory:/docker/abc\n"),  # a path only the host sees
    ],
)
def test_a_cgroup_counts_and_what_it_only_caches_is_free(tmp_path, base, names, cache, cgroup):
    group(tmp_path, base, names, (500 * MB, 300 * MB, f"anon 5\n{cache} {100 * MB}"), cgroup)
    assert total(tmp_path) == 500 * MB
    assert available(tmp_path) == 300 * MB


@pytest.mark.parametrize(("names", "value"), [(V2, "max"), (V1, 2**63 - 4096)])
def test_no_limit_is_no_limit(tmp_path, names, value):
    group(tmp_path, "sys/fs/cgroup/memory" if names == V1 else "sys/fs/cgroup", names, (value, 5, ""), "0::/\n")
    assert total(tmp_path) == psutil.virtual_memory().total


def large(megabytes: float) -> Capture:
    table = torch.ones(1, 1, int(megabytes * MB) // 8 // 64, 64)
    return Capture(calls=[AttentionCall("layer.0", Scores(table, table + 1, 1.0))])


def test_memory_goes_back_when_captures_are_pushed_out():
    """In many small pieces, which glibc would keep: twice as many as may be kept, then all but what may be."""
    captures = Captures(kept_bytes=40 * MB)
    give_back()
    before = psutil.Process().memory_info().rss
    names = [captures.add(large(0.0625)) for _ in range(1280)]
    assert captures._kept.nbytes <= 40 * MB
    while captures._kept.sweep():
        give_back()
    assert psutil.Process().memory_info().rss - before < 60 * MB
    assert captures.get(names[-1])
    del captures
    gc.collect()


def test_what_nobody_looks_at_goes_by_itself():
    now = [0.0]
    kept: Kept[torch.Tensor] = Kept(100 * MB, lambda value: value.nbytes, 10.0, timer=lambda: now[0])
    kept.put("a", torch.ones(MB))
    assert not kept.sweep()
    now[0] = 11.0
    assert kept.sweep()
    assert kept.nbytes == 0


def test_a_share_of_memory_is_bounded():
    assert share_of_memory(0.5, memory=1000) == 500
    assert share_of_memory(0.5, most=100, memory=1000) == 100
    assert share_of_memory(0.5) <= psutil.virtual_memory().total / 2


def exports(tmp_path, **options):
    now = [0.0]
    return Exports(lambda: tmp_path / "out", most=3 * MB, clock=lambda: now[0], **options), now


def test_the_same_file_is_written_once_and_the_oldest_go(tmp_path):
    found, now = exports(tmp_path)
    write = lambda path: path.write_bytes(b"x" * MB)  # noqa: E731
    paths = []
    for step in range(8):
        now[0] = 200.0 * step
        paths.append(found.file(step, "a.bin", write))
        assert found.file(step, "a.bin", lambda path: pytest.fail("written again")) == paths[-1]
        assert found.nbytes <= 3 * MB
    assert [path.exists() for path in paths] == [False] * 5 + [True] * 3
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_file_somebody_was_just_told_of_is_never_taken_away(tmp_path):
    found, now = exports(tmp_path)
    paths = [found.file(n, "a.bin", lambda path: path.write_bytes(b"x" * MB)) for n in range(3)]
    with pytest.raises(TooLarge, match="all of them in use"):
        found.file("one more", "a.bin", lambda path: path.write_bytes(b"x" * MB))
    assert all(path.exists() for path in paths)
    assert len(list((tmp_path / "out").iterdir())) == 3
    now[0] = 121.0
    assert found.file("one more", "a.bin", lambda path: path.write_bytes(b"x" * MB)).exists()


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="could not be written: Not a directory"):
        Exports(lambda: tmp_path / "file" / "below").file("a", "a.bin", lambda path: None)
    found, _ = exports(tmp_path)

    def full(path):
        with open("/dev/full", "wb", 0) as device:
            device.write(b"x")

    with pytest.raises(CaptureError, match="No space left on device"):
        found.file("a", "a.bin", full)
    assert not list((tmp_path / "out").iterdir())
