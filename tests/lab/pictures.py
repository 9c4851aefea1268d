# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation: `python3 -m tests.lab.pictures PAGE FOLDER`, with a page of kskroll report."""

import os
import struct
import sys
import tempfile
import zlib

from .chromium import Chromium

#: name -> width, height, dark.
PICTURES = {"report-light": (900, 1040, False), "report-dark": (900, 1040, True), "report-phone": (390, 960, False)}
PNG = b"\x89PNG\r\n\x1a\n"


def chunks(data):
    """(type, content) of each part of a PNG."""
    at = len(PNG)
    while at < len(data):
        length, = struct.unpack_from(">I", data, at)
        yield data[at + 4:at + 8], data[at + 8:at + 8 + length]
        at += length + 12


def paeth(left, above, corner):
    """The predictor of PNG (RFC 2083 6.6)."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def lines(data, width, octets):
    """Lines of pixels without the filters of PNG."""
    size, before = width * octets, bytes(width * octets)
    for at in range(0, len(data), size + 1):
        kind, line = data[at], bytearray(data[at + 1:at + 1 + size])
        for i in range(size if kind else 0):
            left, corner = (line[i - octets], before[i - octets]) if i >= octets else (0, 0)
            line[i] = line[i] + (0, left, before[i], (left + before[i]) // 2, paeth(left, before[i], corner))[kind] & 255
        before = bytes(line)
        yield before


def smaller(path):
    """Writes the picture again with a palette of colours that differ by 8: text on one ground has few of them."""
    with open(path, "rb") as file:
        parts = list(chunks(file.read()))
    width, height, _, kind = struct.unpack_from(">IIBB", parts[0][1])
    octets = {2: 3, 6: 4}[kind]
    colours, out = {}, bytearray()
    for line in lines(zlib.decompress(b"".join(content for name, content in parts if name == b"IDAT")), width, octets):
        line = bytes(min((octet + 4) // 8 * 8, 255) for octet in line)
        out += b"\0" + bytes(colours.setdefault(line[i:i + 3], len(colours)) for i in range(0, len(line), octets))
    with open(path, "wb") as file:
        file.write(PNG)
        for name, content in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", b"".join(colours)),
                              (b"IDAT", zlib.compress(bytes(out), 9)), (b"IEND", b"")):
            file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))


def main():
    """Command line."""
    page, folder = map(os.path.abspath, sys.argv[1:3])
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, Chromium(profile) as browser:
        for name, (width, height, dark) in PICTURES.items():
            path = os.path.join(folder, f"{name}.png")
            browser.open(page, width, dark)
            browser.picture(path, height)
            smaller(path)


if __name__ == "__main__":
    main()
