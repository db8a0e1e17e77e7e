"""A case whose exporter answers probes on demand, asked for as Prometheus asks."""

import urllib.error
import urllib.parse
import urllib.request

from harness import PATIENCE, Case, Metrics
from sip_peer import SipPeer

LOOPBACK = ["127.0.0.0/8"]
HEADER = "X-Prometheus-Scrape-Timeout-Seconds"


class Probed(Case):
    def ask(self, e, target=None, timeout=None, wait=30, **params):
        """(status, body, headers) of one request."""
        if target is not None:
            params["target"] = target
        rq = urllib.request.Request(
            f"{e.base}/probe?" + urllib.parse.urlencode(params),
            headers={} if timeout is None else {HEADER: str(timeout)})
        try:
            with urllib.request.urlopen(rq, timeout=wait * PATIENCE) as r:
                return r.status, r.read().decode(), r.headers
        except urllib.error.HTTPError as r:
            return r.code, r.read().decode(), r.headers

    def metrics(self, e, target, **more):
        status, body, headers = self.ask(e, target, **more)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        return Metrics(body)

    def serve(self, *trunks, allow=LOOPBACK, more=None, **probe):
        return self.start({
            "defaults": {"timeout": "2s", "t1": "200ms"},
            "trunks": list(trunks), "probe": {"allow": allow, **probe}, **(more or {})})

    def peer(self, *args, **more):
        return self.use(SipPeer(*args, **more))
