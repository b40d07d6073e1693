import platform
import subprocess
import sys

import pytest

from genlab.parts.accelerator import freed_memory
from genlab.parts.accelerator.freed_memory import keep_freed_memory

FAULTS = """
import resource, torch
from genlab.parts.accelerator.cpu import CPU

CPU()
faults = []
for _ in range(24):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [torch.zeros(6 * 2**20) for _ in range(3)]
    del blocks
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(faults[0], sum(faults[4:]))
"""
"""Three blocks of 24 MiB, filled and freed again and again: pages faulted in at first, and in twenty rounds later on.

Where something small has come to lie in a freed block, one of the three is made anew, now and then.
"""


@pytest.fixture
def plain_environment(monkeypatch):
    for name in (*freed_memory._SETTINGS, "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
def test_with_a_cpu_accelerator_the_pages_of_freed_tensors_are_not_faulted_in_again(plain_environment):
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    first, later = map(int, done.stdout.split())
    assert later < 20 * first / 4


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
@pytest.mark.parametrize(
    ("name", "value"), [("MALLOC_TRIM_THRESHOLD_", "131072"), ("GLIBC_TUNABLES", "glibc.malloc.top_pad=0")]
)
def test_what_the_environment_sets_is_left_as_it_is(plain_environment, monkeypatch, name, value):
    assert keep_freed_memory()
    monkeypatch.setenv(name, value)
    assert not keep_freed_memory()


@pytest.mark.parametrize(("system", "library"), [("linux", ""), ("darwin", ""), ("win32", "")])
def test_another_c_library_is_left_alone(plain_environment, monkeypatch, system, library):
    monkeypatch.setattr(freed_memory.sys, "platform", system)
    monkeypatch.setattr(freed_memory.platform, "libc_ver", lambda: (library, ""))
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: pytest.fail("the C library was opened"))
    assert not keep_freed_memory()
