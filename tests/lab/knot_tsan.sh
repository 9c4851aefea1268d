#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the Knot DNS of this Debian with TSan, from its source package, into a folder. What that needs is
# installed into a copy of the root that is gone afterwards. knotd and its libraries stay those of this version, so
# the module fits them.
#
# usage: knot_tsan.sh FOLDER
set -eu

if [ "${1:-}" != --inside ]; then
	exec unshare --mount --pid --fork --kill-child --propagation private "$0" --inside "$1"
fi

folder=$2
rm -rf "$folder.new"
mkdir -p "$folder.new"
place=$(mktemp -d)
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
mount --rbind /dev "$place/root/dev"
mount -t proc proc "$place/root/proc"
mount -t tmpfs tmpfs "$place/root/tmp"
cp -L /etc/resolv.conf "$place/root/etc/resolv.conf.new"
mv "$place/root/etc/resolv.conf.new" "$place/root/etc/resolv.conf"
mkdir -p "$place/root$folder"
mount --bind "$folder.new" "$place/root$folder"

exec chroot "$place/root" sh -euc '
	export DEBIAN_FRONTEND=noninteractive
	sed -n "s/^deb /deb-src /p" /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
	apt-get update
	apt-get build-dep -y --no-install-recommends knot
	cd /tmp
	apt-get source knot
	cd knot-*/
	# The quick zone parser takes minutes to compile and is not what is tested.
	CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=thread" LDFLAGS=-fsanitize=thread ./configure \
		--prefix="$1" --disable-static --disable-documentation --disable-fastparser --disable-systemd \
		--disable-xdp --disable-quic --disable-maxminddb --disable-dnstap --disable-redis
	make -j"$(nproc)"
	make install
' sh "$folder"
