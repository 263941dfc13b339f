"""A headless Chromium, driven through its debugging pipe.

What a person would see, timed in real seconds.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


class Page:
    """One tab. Every wait ends in an AssertionError that says what the page shows instead."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = to_browser, from_browser
        self._rest = b""
        self._calls = 0
        self._session: str | None = None
        self.faults: list[str] = []
        """What the page logged as an error, and requests that failed."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def size(self, width: int, height: int) -> None:
        """Set the window's size in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **size)

    def open(self, url: str) -> None:
        """Go to ``url``; returns before it is shown."""
        self.send("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 20.0) -> float:
        """Wait until an expression is true; returns the seconds that took."""
        started = time.monotonic()
        while not self.evaluate(script):
            if time.monotonic() - started > seconds:
                raise AssertionError(
                    f"{script} is not true within {seconds} s; the page shows: {self.text()[:2000]}"
                )
            time.sleep(0.05)
        return time.monotonic() - started

    def wait_for_text(self, text: str, seconds: float = 20.0) -> float:
        """Wait until the page shows ``text``; returns the seconds that took."""
        return self.wait(
            f"document.body !== null && document.body.innerText.includes({json.dumps(text)})",
            seconds,
        )

    def text(self) -> str:
        """What stands on the page."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    def screenshot(self, path: Path) -> None:
        """Keep what the window shows as a PNG."""
        path.write_bytes(
            base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
        )

    def send(self, method: str, **params: Any) -> Any:
        """A command of the debugging protocol, and its answer."""
        self._calls += 1
        message: dict[str, Any] = {"id": self._calls, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._calls:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]
            self._note(answer)

    def _receive(self) -> Any:
        while b"\0" not in self._rest:
            chunk = os.read(self._in, 1 << 20)
            assert chunk, "the browser went away"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            self.faults.append(str(event["params"]["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.faults.append(str(event["params"]["entry"]))


@contextmanager
def browser() -> Iterator[Page]:
    """A page in a browser of its own, 1400 x 1000 pixels."""
    assert CHROMIUM is not None
    to_browser, from_browser = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = _start(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            to_browser[0],
            from_browser[1],
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        try:
            page = Page(to_browser[1], from_browser[0])
            page.size(1400, 1000)
            yield page
        finally:
            os.close(to_browser[1])
            os.close(from_browser[0])
            process.terminate()
            process.wait(10)


def _start(words: list[str], reads: int, writes: int) -> subprocess.Popen[bytes]:
    """The browser reads its file descriptor 3 and writes 4."""
    # Copies out of the way of 3 and 4, which the pipes may have themselves.
    script = 'exec "$@" 3<&"$READS" 4>&"$WRITES"'
    environment = {**os.environ, "READS": str(reads), "WRITES": str(writes)}
    return subprocess.Popen(
        ["bash", "-c", script, "bash", *words],
        pass_fds=(reads, writes),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
