#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages: build, lintian, installation in a throw-away root, knotd with the installed module.

test_package.py SOURCE; exits with 77 (skipped) and the reason if it cannot run.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = sys.argv[1]
#: Seconds for the longest step, the build, on a machine with nothing else to do.
BOUND = 600 * float(os.environ.get("KSKROLL_PATIENCE", "1"))

#: In namespaces of its own: a copy of the root that is gone afterwards, with the packages installed.
THROW_AWAY = r"""
set -eu
folder=$1; debs=$2
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
mount --rbind /dev "$folder/root/dev"
mount -t proc proc "$folder/root/proc"
mount -t tmpfs tmpfs "$folder/root/tmp"
mount -t tmpfs tmpfs "$folder/root/run"
mkdir "$folder/root/tmp/debs"
cp "$debs"/*.deb "$folder/root/tmp/debs/"
ip link set lo up
exec chroot "$folder/root" sh -euc '
exec 2>&1
step() { echo "== $1"; }
step install
dpkg -i /tmp/debs/kskroll_*.deb /tmp/debs/knot-module-kskroll_*.deb
step installed
dpkg -V kskroll knot-module-kskroll
kskroll --version
zcat /usr/share/man/man1/kskroll.1.gz | head -n 1
cp /usr/share/doc/kskroll/examples/single-zone.conf /etc/knot/knot.conf
step conf-check
knotc conf-check
step start
cat >/var/lib/knot/example.com.zone <<END
@ 3600 SOA ns hostmaster 1 3600 600 864000 300
@ 3600 NS ns
ns 3600 A 192.0.2.1
END
install -d -o knot -g knot /run/knot
chown -R knot:knot /var/lib/knot
setpriv --reuid knot --regid knot --init-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service \
	knotd >/tmp/knotd.log &
pid=$!
n=0
until knotc -b stats mod-kskroll 2>/dev/null | grep -q "kskroll-zones = 1" && kskroll status example.com >/dev/null 2>&1; do
	n=$((n + 1))
	if [ $n -ge 200 ] || ! kill -0 $pid; then
		cat /tmp/knotd.log
		exit 1
	fi
	sleep 0.1
done
step loaded
grep -o "/usr/lib.*/kskroll.so" /proc/$pid/maps | sort -u
for stat in /proc/[0-9]*/stat; do
	read -r child name state parent rest <$stat || continue
	[ "$parent" != $pid ] || readlink /proc/$child/exe
done
stat -c "%U:%G %a %n" /var/lib/knot/kskroll /var/lib/knot/kskroll/kskroll.db
kskroll status
kill $pid
wait $pid || true
step removed
dpkg --purge kskroll knot-module-kskroll
knotc conf-check && exit 1
ls /var/lib/knot/kskroll/kskroll.db
step end
'
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def run(argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=BOUND, **more)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="kskroll-package-")
        cls.source = os.path.join(cls.folder.name, "kskroll")
        shutil.copytree(SOURCE, cls.source, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build*", "__pycache__", "*.pyc"))
        environment = {**os.environ, "DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}", "LC_ALL": "C.UTF-8"}
        # -d: build-essential is not needed here; test_build_dependencies has the rest.
        cls.build = run(["dpkg-buildpackage", "-us", "-uc", "-b", "-d"], cwd=cls.source, env=environment)
        if cls.build.returncode != 0:
            raise AssertionError("dpkg-buildpackage:\n" + "\n".join(cls.build.stdout.splitlines()[-30:]))
        cls.debs = {re.match(r"[a-z-]+", name).group(): os.path.join(cls.folder.name, name)
                    for name in os.listdir(cls.folder.name) if name.endswith(".deb") and "-dbgsym_" not in name}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def field(self, package, name):
        return run(["dpkg-deb", "-f", self.debs[package], name]).stdout.strip()

    def files(self, package):
        return re.findall(r" \.(/\S*[^/\s])(?: ->.*)?$", run(["dpkg-deb", "-c", self.debs[package]]).stdout, re.M)

    def test_two_packages(self):
        self.assertEqual(sorted(self.debs), ["knot-module-kskroll", "kskroll"])

    def test_build_dependencies_are_those_of_the_environment(self):
        done = run(["dpkg-checkbuilddeps"], cwd=self.source)
        missing = done.stdout.partition("Unmet build dependencies: ")[2].split()
        self.assertLessEqual(set(missing), {"build-essential:native"}, done.stdout)

    def test_lintian(self):
        changes = next(name for name in os.listdir(self.folder.name) if name.endswith(".changes"))
        done = run(["lintian", "--allow-root", "--fail-on", "error,warning", changes], cwd=self.folder.name)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_module_is_where_knotd_checks_and_needs_the_libknot_of_that_knotd(self):
        folder = run(["pkg-config", "--variable=module_instdir", "knotd"]).stdout.strip()
        self.assertIn(f"{folder}/kskroll.so", self.files("knot-module-kskroll"))
        for wanted in ("/usr/libexec/kskroll/kskrolld", "/usr/share/man/man7/mod-kskroll.7.gz", "/usr/share/man/man8/kskrolld.8.gz"):
            self.assertIn(wanted, self.files("knot-module-kskroll"))
        knotd = run(["dpkg-query", "-W", "-f", "${Depends}", "knot"]).stdout
        libknot = re.search(r"\blibknot\d+\w*", knotd).group()
        depends = self.field("knot-module-kskroll", "Depends")
        self.assertRegex(depends, rf"\b{libknot}\b")
        version = run(["pkg-config", "--modversion", "knotd"]).stdout.split(".")
        self.assertIn(f"knot (>= {version[0]}.{version[1]}), knot (<< {version[0]}.{int(version[1]) + 1}~)", depends)

    def test_the_tool_comes_with_its_documentation(self):
        files = self.files("kskroll")
        for wanted in ("/usr/bin/kskroll", "/usr/share/man/man1/kskroll.1.gz",
                       "/usr/share/bash-completion/completions/kskroll", "/usr/share/zsh/vendor-completions/_kskroll",
                       "/usr/share/doc/kskroll/examples/monitoring/kskroll.rules.yml",
                       "/usr/share/doc/kskroll/examples/single-zone.conf", "/usr/share/doc/kskroll/plan-ksk.svg"):
            self.assertIn(wanted, files)
        for page in ("quick-start", "stuck", "reference"):
            self.assertTrue(any(name.startswith(f"/usr/share/doc/kskroll/{page}.rst") for name in files), page)

    def test_installed_knotd_loads_it_and_a_purge_keeps_the_store(self):
        with tempfile.TemporaryDirectory(prefix="kskroll-root-") as folder:
            done = run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "unchanged",
                        "sh", "-c", THROW_AWAY, "sh", folder, self.folder.name])
        out = done.stdout
        self.assertEqual(done.returncode, 0, out)
        self.assertIn("== end", out)
        folder = run(["pkg-config", "--variable=module_instdir", "knotd"]).stdout.strip()
        self.assertIn(f"== loaded\n{folder}/kskroll.so\n/usr/libexec/kskroll/kskrolld\n", out)
        self.assertIn("knot:knot 750 /var/lib/knot/kskroll\nknot:knot 640 /var/lib/knot/kskroll/kskroll.db\n", out)
        self.assertRegex(out, r"example\.com\. +idle ")


if __name__ == "__main__":
    for tool in ("dh", "lintian", "unshare", "setpriv"):
        if shutil.which(tool) is None:
            skip(f"no {tool}")
    if os.geteuid() != 0:
        skip("no root, which a throw-away root needs")
    if os.environ.get("KSKROLL_KNOT") == "3.2":
        skip("the packages are for Debian 13 and later: with Knot DNS 3.2 nothing is driven")
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
