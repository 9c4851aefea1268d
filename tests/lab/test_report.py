# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of kskroll report in a browser. What it says is tested by tests/unit/test_cli_report.py."""

import os

from . import chromium
from .chromium import Chromium
from .daemons import run
from .marks import bound, long_test, needs
from .wait import LabError

NOW = "1800000000"
WIDTHS = 390, 1280
#: Least contrast of a text with what is behind it (WCAG 2, 1.4.3).
CONTRAST = """
(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = c => { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = c => { const l = rgb(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                                                           if (c != 'rgba(0, 0, 0, 0)') return c; } return 'white'; };
    let least = 99;
    for (const e of document.querySelectorAll('p, a, h1, h2, h3, td, th, small, code, strong, caption, summary, li')) {
        const pair = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
        least = Math.min(least, (pair[0] + .05) / (pair[1] + .05));
    }
    return least;
})()
"""


def made(directory, name, *what):
    """A page of a store with known zones."""
    build = os.environ["KSKROLL_BUILD"]
    db, path = os.path.join(directory, name, "kskroll.db"), os.path.join(directory, f"{name}.html")
    environment = {**os.environ, "KSKROLL_NOW": NOW, "KSKROLL_DB": db}
    for command in ([os.path.join(build, "tests/unit/cli_store"), db, NOW, *what],
                    [os.path.join(build, "tools/kskroll"), "report", "--output", path]):
        done = run(command, env=environment)
        if done.returncode != 0:
            raise LabError(f"{command}: {done.stderr}")
    return path


def fits(browser, width):
    """The page is not wider than the window: what is wide scrolls by itself; and nothing was fetched."""
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(f"[...document.querySelectorAll('main *')].every(e => e.closest('.wide *') || e.getBoundingClientRect().right <= {width} + 1)")
    assert browser.value("performance.getEntriesByType('resource').length") == 0
    assert browser.value("document.scripts.length") == 0


@long_test
@needs(chromium.missing)
@bound(300)
def test_the_page_fits_a_phone_and_a_desk(directory):
    paths = [made(directory, name, *what) for name, *what in (("status",), ("audit", "audit"), ("delegations", "delegations"), ("portfolio", "portfolio", "300"))]
    with Chromium(directory) as browser:
        for path in paths:
            for width in WIDTHS:
                for dark in False, True:
                    browser.open(path, width, dark)
                    fits(browser, width)
                    assert browser.value("getComputedStyle(document.body).backgroundColor") == ("rgb(20, 25, 31)" if dark else "rgb(255, 255, 255)")
                    assert browser.value(CONTRAST) >= 4.5
            # What needs a human is in the first screen of a phone.
            browser.open(path, WIDTHS[0])
            assert browser.value("document.getElementById('blocked').getBoundingClientRect().top") < 500
        # Bars are where the axis says: the line of now is within each.
        browser.open(paths[0], WIDTHS[1])
        assert browser.value("document.querySelectorAll('#rolling svg').length") > 3
        assert browser.value("""[...document.querySelectorAll('#rolling svg')].every(s => [...s.querySelectorAll('rect')].every(r =>
            r.getBoundingClientRect().left >= s.getBoundingClientRect().left - 1 && r.getBoundingClientRect().width > 0))""")


@long_test
@needs(chromium.missing)
@bound(120)
def test_the_page_is_used_by_keyboard(directory):
    path = made(directory, "portfolio", "portfolio", "300")
    with Chromium(directory) as browser:
        browser.open(path, WIDTHS[1])
        browser.press("Tab", 9)
        assert browser.value("document.activeElement.textContent") == "To the content"
        assert browser.value("document.activeElement.getBoundingClientRect().left") >= 0
        seen = []
        while browser.value("document.activeElement.closest('#zones') === null") and len(seen) < 100:
            browser.press("Tab", 9)
            seen.append(browser.value("document.activeElement.tagName"))
            assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert {"A", "SUMMARY", "DIV"} <= set(seen), seen
        assert browser.value("document.activeElement.tagName") == "SUMMARY"
        assert browser.value("document.querySelector('#zones table').checkVisibility()") is False
        browser.press("Enter", 13)
        assert browser.value("document.querySelector('#zones table').checkVisibility()") is True


@long_test
@needs(chromium.missing)
@bound(600)
def test_ten_thousand_zones_are_a_page_that_can_be_used(directory):
    for name, *what in ("many",), ("blocked", "blocked"), ("rolling", "rolling"):
        path = made(directory, name, "portfolio", "10000", *what)
        assert os.path.getsize(path) <= 5000000
        with Chromium(os.path.join(directory, name)) as browser:
            for width in WIDTHS:
                browser.open(path, width)
                fits(browser, width)
                assert browser.value("document.querySelectorAll('#zones tbody tr').length") == 10000
                # Folded: a few screens, whatever the number of zones.
                assert browser.value("document.documentElement.scrollHeight") < 12000
                # To unfold all of them is a matter of seconds at most.
                took = browser.value("""(() => { const at = performance.now(); document.querySelector('#zones details').open = true;
                                                 document.documentElement.scrollHeight; return performance.now() - at; })()""")
                assert took < 10000, took
                fits(browser, width)
