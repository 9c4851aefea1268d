# SPDX-License-Identifier: GPL-3.0-or-later
"""Small mistakes put into the C code: does any test notice?"""
