# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx: sphinx-build -W -b html docs OUTPUT"""

import os
import re

_meson = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "meson.build")
with open(_meson, encoding="utf-8") as _file:
    release = version = re.search(r"version: '([^']+)'", _file.read()).group(1)

project = "kskroll"
author = "the authors of kskroll"
copyright = "GPL-3.0-or-later"  # pylint: disable=redefined-builtin
exclude_patterns = ["stuck-gates.rst", "delegation-gates.rst"]  # included by stuck.rst and delegations.rst
highlight_language = "none"
nitpicky = True
html_theme = "alabaster"
html_theme_options = {"page_width": "60em", "show_powered_by": False}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
