# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Prometheus that asks `kskroll status --prometheus` of several servers, and the queries of the dashboard there."""

import contextlib
import http.server
import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request

from . import netns
from .daemons import Daemon

DASHBOARD = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "monitoring", "kskroll-dashboard.json")
ADDRESS, PORT = "127.0.40.1", 9090
#: Of the first exporter; each has its own.
EXPORTER, EXPORTER_PORT = "127.0.41.{}", 9100


class Exporter(contextlib.AbstractContextManager):
    """Serves the text that a function returns at each question."""

    def __init__(self, address, text):
        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers every path."""

            def do_GET(self):  # pylint: disable=invalid-name
                """The name is http.server's."""
                body = text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nothing."""
        netns.add_address(address)
        self._server = http.server.ThreadingHTTPServer((address, EXPORTER_PORT), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="exporter", daemon=True)
        self._thread.start()

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class Prometheus(Daemon):
    """Asks each server once a second. \\a texts: name of the server, its `instance` -> function that returns what it exports."""

    def __init__(self, directory, texts):
        super().__init__("prometheus", directory, [])
        self.texts = texts
        self._exporters = contextlib.ExitStack()

    def command(self):
        return ["prometheus", f"--config.file={self.path('prometheus.yml')}", f"--storage.tsdb.path={self.path('data')}",
                f"--web.listen-address={ADDRESS}:{PORT}"]

    def configure(self):
        groups = [{"targets": [f"{EXPORTER.format(number)}:{EXPORTER_PORT}"], "labels": {"instance": name}}
                  for number, name in enumerate(self.texts, 1)]
        # JSON is YAML.
        self.write("prometheus.yml", json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                                                 "scrape_configs": [{"job_name": "kskroll", "static_configs": groups}]}))

    def ready(self):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{ADDRESS}:{PORT}/-/ready", timeout=5) as answer:
                return answer.status == 200
        return False

    def __enter__(self):
        netns.add_address(ADDRESS)
        for number, text in enumerate(self.texts.values(), 1):
            self._exporters.enter_context(Exporter(EXPORTER.format(number), text))
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._exporters.close()

    def query(self, expression):
        """[(labels, value)]; AssertionError with its words if Prometheus refuses the query."""
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:{PORT}/api/v1/query?" + urllib.parse.urlencode({"query": expression}), timeout=10) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from None
        return [(one["metric"], float(one["value"][1])) for one in found["data"]["result"]]

    def panels(self, instance=".*", zone=".*"):
        """(title, type) of each panel of the dashboard -> what its queries bring, for these servers and zones."""
        with open(DASHBOARD, encoding="utf-8") as file:
            panels = json.load(file)["panels"]
        return {(panel["title"], panel["type"]): [one for target in panel["targets"]
                                                  for one in self.query(target["expr"].replace("$instance", instance).replace("$zone", zone))]
                for panel in panels}
