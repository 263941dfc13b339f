"""What is said of a worker that was lost."""

from __future__ import annotations

import pytest

from seesawnas.study.engines.traceback_summary import summarize_traceback

RAISED = """Failure # 1 (occurred at 2026-11-28_20-00-00)
The actor died because of an error raised in its creation task, \
\x1b[36mray::_Inner.__init__()\x1b[39m (pid=1, ip=127.0.0.1)
  File "/x/torch/__init__.py", line 1, in <module>
    import profile
\x1b[31mAttributeError: module 'profile' has no attribute 'run'\x1b[0m
"""
KILLED = """Failure # 1 (occurred at 2026-11-28_20-00-00)
The actor died unexpectedly before finishing this task.
\tclass_name: _Inner
The actor is dead because its worker process has died. \
Worker exit type: SYSTEM_ERROR Worker exit detail: Worker died.
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RAISED, "AttributeError: module 'profile' has no attribute 'run'"),
        (KILLED, "The actor died unexpectedly before finishing this task"),
        (
            "Traceback\n  File\nray.exceptions.RaySystemError: System error: gone\n",
            "ray.exceptions.RaySystemError: System error: gone",
        ),
        ("ValueError: a\x1b]0;title\x07b\x1b[2Jc\x9b\r", "ValueError: abc"),
        ("", "reason unknown"),
    ],
)
def test_the_reason_is_one_plain_line(text: str, said: str) -> None:
    assert summarize_traceback(text) == said
