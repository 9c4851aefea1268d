# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks: what the module costs, as ratios within one run (docs/performance.rst)."""
