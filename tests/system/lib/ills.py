"""
An exporter that is not there: what it would say of trunks with every kind of trouble, and
of troubles of its own, as a scrape. Its times are as the shipped waits divided by a factor.
"""

import contextlib
import http.server
import json
import threading
import time

DAY_S = 86400
HEAD = {"build": 'siptrunk_exporter_build_info{version="0"} 1'}
STATES = ("unknown", "up", "degraded", "down")
LINK = 'method="OPTIONS",address="192.0.2.1:5060",transport="udp"'
REGISTER = 'method="REGISTER",address="192.0.2.1:5060",transport="udp"'


class Target:
    """Serves what @lines, a function of the seconds since the start, says at a scrape."""

    def __init__(self, case, lines, port=0):
        self.lines, began = lines, time.time()
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = "".join(f"{x}\n" for x in target.lines(time.time() - began)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # Prometheus waits no longer, or restarts
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)


class Watcher:
    """Waits for the pings of a dead man's switch, and keeps what each says."""

    def __init__(self, case):
        self.pings = pings = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                pings.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)


class Trunk:
    """A trunk that is well, but for what a kind of trouble changes."""

    def __init__(self, name, **change):
        self.name = name
        self.at = f'trunk="{name}",carrier="Carrier {name}",site="oslo"'
        self.state, self.changed = "up", None
        self.fine = {"success": 1, "answers": 1, "code": "200", "reason": "timeout", "fails": 0,
                     "mean_s": 0.02, "lost": 0, "flaps": 0, "addresses": 1, "up": 1,
                     "paused": False, "extra": lambda now: []}
        self.set(**change)

    def set(self, **change):
        self.now = {**self.fine, **change}
        state = self.now.pop("state", "up")
        if state != self.state or self.changed is None:
            self.state, self.changed = state, time.time()

    def lines(self, age_s):
        n, at = self.now, self.at
        uri = n.get("uri", f"sip:{self.name}.example")
        yield f'siptrunk_info{{{at},uri="{uri}"}} 1'
        if n["paused"]:
            yield f"siptrunk_paused{{{at}}} 1"
            return
        for state in STATES:
            yield f'siptrunk_state{{{at},state="{state}"}} {int(state == self.state)}'
        if self.state != "unknown":
            yield f"siptrunk_up{{{at}}} {int(self.state != 'down')}"
            yield f"siptrunk_state_changed_timestamp_seconds{{{at}}} {self.changed:.3f}"
        yield f"siptrunk_state_changes_total{{{at}}} {1 + int(n['flaps'] * age_s)}"
        yield f"siptrunk_addresses{{{at}}} {n['addresses']}"
        yield f"siptrunk_addresses_up{{{at}}} {n['up'] if self.state != 'down' else 0}"
        yield from self.probes(age_s)
        yield from n["extra"](time.time())

    def probes(self, age_s):
        n, link = self.now, f"{self.at},{n_link(self.now)}"
        count = int(age_s * 4)
        yield f"siptrunk_probe_success{{{link}}} {n['success']}"
        yield f"siptrunk_probes_total{{{link}}} {count}"
        yield (f'siptrunk_probe_failures_total{{{link},reason="{n["reason"]}"}} '
               f"{int(count * n['fails'])}")
        yield (f'siptrunk_probe_responses_total{{{link},code="{n["code"]}"}} '
               f"{int(count * n['answers'])}")
        if n["success"]:
            yield f"siptrunk_probe_last_success_timestamp_seconds{{{link}}} {time.time():.3f}"
        yield f"siptrunk_probe_udp_requests_total{{{link}}} {count}"
        yield f'siptrunk_probe_udp_lost_total{{{link},direction="either"}} {int(count * n["lost"])}'
        yield f"siptrunk_probe_duration_seconds_sum{{{link}}} {count * n['mean_s']:.3f}"
        yield f"siptrunk_probe_duration_seconds_count{{{link}}} {count}"
        for edge in (0.05, 0.25, 0.5, 1):
            yield (f'siptrunk_probe_duration_seconds_bucket{{{link},le="{edge}"}} '
                   f"{count if n['mean_s'] <= edge else 0}")
        yield f'siptrunk_probe_duration_seconds_bucket{{{link},le="+Inf"}} {count}'


def n_link(now):
    return now.get("link", LINK)
