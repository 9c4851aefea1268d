# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages over the system of a test, in its mount namespace: nothing of it is left when the test ends."""

import glob
import os
import shlex
import shutil
import subprocess

from .wait import LabError

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: A package is installed into these.
SYSTEM = ("/usr", "/etc", "/var/lib", "/var/log", "/var/cache/apt")
PACKAGES = ("knot-module-kskroll", "kskroll")
INSTALL = "apt install ./kskroll_*.deb ./knot-module-kskroll_*.deb"


def done(argv, **more):
    """Runs a command that must succeed; returns its output."""
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if result.returncode != 0:
        raise LabError(f"{shlex.join(argv)}: {result.stdout[-2000:]}")
    return result.stdout


def build(source):
    """The folder with the packages, built in this copy of the source."""
    options = f"nocheck parallel={os.cpu_count()}"
    done(["dpkg-buildpackage", "-us", "-uc", "-b", "-d"], cwd=source, env={**os.environ, "DEB_BUILD_OPTIONS": options, "LC_ALL": "C.UTF-8"})
    return os.path.dirname(source)


def of_today(directory):
    """A folder with the packages: KSKROLL_PACKAGES, or they are built."""
    if os.environ.get("KSKROLL_PACKAGES"):
        return os.environ["KSKROLL_PACKAGES"]
    source = os.path.join(directory, "package", "kskroll")
    shutil.copytree(TOP, source, symlinks=True, ignore=shutil.ignore_patterns(".git", "build*", "__pycache__", "*.pyc"))
    return build(source)


def own_system(directory):
    """From here on this process, and those that it starts, change a system of their own."""
    layers = os.path.join(directory, "layers")
    os.makedirs(layers)
    os.unshare(os.CLONE_NEWNS)
    done(["mount", "--make-rprivate", "/"])
    done(["mount", "-t", "tmpfs", "tmpfs", layers])
    for number, path in enumerate(SYSTEM):
        upper, work = (os.path.join(layers, f"{number}-{name}") for name in ("upper", "work"))
        os.mkdir(upper)
        os.mkdir(work)
        done(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path])


def apt(*arguments, cwd="/"):
    """Runs apt as an operator who confirms nothing: what it would ask is a failure."""
    return done(["apt", *arguments], cwd=cwd, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})


def install(folder, read):
    """Installs the packages of the folder with the command of the documentation \\a read; returns the path of the module."""
    assert INSTALL in read, INSTALL
    apt("install", *(f"./{os.path.basename(path)}" for word in INSTALL.split()[2:] for path in glob.glob(os.path.join(folder, word))), cwd=folder)
    return os.path.join(done(["pkg-config", "--variable=module_instdir", "knotd"]).strip(), "kskroll.so")


def files():
    """The files of the packages that are installed."""
    listed = done(["dpkg", "-L", *PACKAGES]).splitlines()
    return sorted({path for path in listed if os.path.isfile(path)})


def version(package):
    """The installed version; "" if there is none, nor anything left of it."""
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", package], capture_output=True, text=True, check=False).stdout
    assert shown[:2] in ("", "ii", "un"), f"{package}: {shown}"
    return shown.split()[1] if shown.startswith("ii") else ""
