# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark has measured: a table for people, a JSON file for later."""

import json
import math
import os
import statistics
import time

from tests.lab.daemons import run
from tests.lab.wait import LabError


class Result:
    """Numbers of one benchmark; the last line of the table is its ratio."""

    def __init__(self, name, smoke):
        self.name = name
        self.smoke = smoke
        self.began = time.time()
        self.load = os.getloadavg()[0]
        self.columns = []
        self.rows = []
        self.notes = []
        self.numbers = {}
        self.ratio = None

    def table(self, *columns):
        """The heads of the columns."""
        self.columns = list(columns)

    def row(self, *cells):
        """A line of the table; numbers are shown with three digits."""
        self.rows.append([_text(cell) for cell in cells])
        print("  ".join(self.rows[-1]), flush=True)

    def note(self, text):
        """A line below the table."""
        self.notes.append(text)

    def write(self, directory):
        """Saves the numbers as NAME.json; LabError if a number is none."""
        if self.ratio is None or not math.isfinite(self.ratio) or self.ratio <= 0:
            raise LabError(f"{self.name}: no ratio was measured ({self.ratio})")
        if not self.numbers:
            raise LabError(f"{self.name}: no numbers")
        version = run(["knotd", "-V"]).stdout.strip()
        data = {"name": self.name, "ratio": self.ratio, "smoke": self.smoke, "knot": version,
                "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
                "seconds": round(time.time() - self.began, 1), "cpus": os.cpu_count(),
                "load": [self.load, os.getloadavg()[0]], **self.numbers}
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, self.name + ".json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
        return path

    def show(self):
        """The table."""
        rows = [self.columns, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        print()
        for row in rows:
            print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                            for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
        for note in self.notes:
            print(note)
        print(f"{self.name} ratio={self.ratio:.3f}", flush=True)


def _text(cell):
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return str(cell)


def exponent(points):
    """The b of cost = a * zones ** b, fitted by least squares over logarithms; None without two."""
    points = [(math.log(zones), math.log(cost)) for zones, cost in points if cost > 0]
    if len({zones for zones, _ in points}) < 2:
        return None
    return statistics.linear_regression(*zip(*points)).slope


def slope(points):
    """The cost of one more zone, and what it costs without any: least squares. With one point all is the zones'."""
    if len(points) == 1:
        return points[0][1] / points[0][0], 0
    fit = statistics.linear_regression(*zip(*points))
    return fit.slope, fit.intercept
