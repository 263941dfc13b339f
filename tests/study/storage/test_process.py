from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from seesawnas.study.storage.process import ProcessName, _stat


def test_a_process_that_lives_is_not_gone_and_one_that_ended_is() -> None:
    mine = ProcessName.mine()
    assert (mine.pid, mine.is_gone()) == (os.getpid(), False)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = replace(mine, pid=child.pid, born=_stat(child.pid)[1])
    assert not name.is_gone()
    child.communicate(b"\n")
    assert name.is_gone()
    assert ProcessName.from_mapping(name.to_mapping()) == name


def test_a_dead_process_that_nobody_buried_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = replace(ProcessName.mine(), pid=child.pid, born=_stat(child.pid)[1])
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    assert name.is_gone()
    child.communicate()


def test_of_a_process_of_another_machine_nothing_is_known() -> None:
    assert not replace(ProcessName.mine(), machine="another", pid=2**30).is_gone()
    assert not replace(ProcessName.mine(), machine="", pid=2**30).is_gone()


def test_the_same_number_with_another_start_is_another_process() -> None:
    assert replace(ProcessName.mine(), born="1").is_gone()
