# SPDX-License-Identifier: GPL-3.0-or-later
"""A PKCS #11 token of SoftHSM, for keys of Knot. `./run test --long` installs SoftHSM."""

import glob
import os

from .daemons import run
from .wait import LabError

_LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so")
_PIN = "1234"


def missing():
    """Why there can be no token here; None if there can."""
    return None if _library() else "SoftHSM is not installed (apt-get install softhsm2)"


class Token:
    """A fresh token in a folder of its own."""

    def __init__(self, directory):
        folder = os.path.join(directory, "token")
        os.makedirs(folder)
        path = os.path.join(directory, "softhsm2.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": path}
        done = run(["softhsm2-util", "--init-token", "--free", "--label", "lab", "--pin", _PIN, "--so-pin", _PIN],
                   env={**os.environ, **self.environment})
        if done.returncode != 0:
            raise LabError(f"softhsm2-util: {done.stderr.strip()}")
        #: As `config` of a keystore wants it.
        self.uri = f"pkcs11:token=lab;pin-value={_PIN} {_library()}"


def _library():
    return next((path for pattern in _LIBRARIES for path in glob.glob(pattern)), None)
