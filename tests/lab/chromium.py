# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a window, by its DevTools protocol over pipes: no network, no driver."""

import base64
import json
import os
import shutil
import subprocess

from .wait import LabError


def missing():
    """Why there can be no browser here; None if there can."""
    return None if shutil.which("chromium") else "Chromium is not installed (apt-get install chromium)"


class Chromium:
    """One page in one browser."""

    def __init__(self, directory):
        to_read, to = os.pipe()
        back, back_write = os.pipe()

        def place():
            # It reads at 3 and writes at 4.
            high = os.dup(back_write)
            os.dup2(to_read, 3)
            os.dup2(high, 4)
        self._process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn,consider-using-with
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={directory}/profile", "about:blank"],
            preexec_fn=place, pass_fds=(3, 4, to_read, back_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(back_write)
        self._to, self._from = os.fdopen(to, "wb", buffering=0), os.fdopen(back, "rb")
        self._number, self._session = 0, None
        target = next(t for t in self._call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self._call("Page.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._to.close()
        self._process.terminate()
        self._process.wait(20)
        self._from.close()

    def _message(self):
        text = bytearray()
        while (byte := self._from.read(1)) not in (b"\0", b""):
            text += byte
        if byte == b"":
            raise LabError("Chromium has ended")
        return json.loads(text)

    def _call(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._number:
            pass
        if "error" in answer:
            raise LabError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, path, width, dark=False):
        """Loads a file; returns when it is there as a whole."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        scheme = "dark" if dark else "light"
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("Page.navigate", url=f"file://{path}")
        self.value("new Promise(done => document.readyState == 'complete' ? done(1) : addEventListener('load', () => done(1)))")

    def value(self, expression):
        """Of JavaScript, which the page itself does not have."""
        result = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise LabError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def picture(self, path, height):
        """Writes the top of the page as a PNG."""
        width = self.value("document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def press(self, key, code):
        """A key, as a person presses it."""
        for kind in "keyDown", "keyUp":
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                       **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))
