# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS world of real daemons on loopback, and the tests and the demo that use it."""
