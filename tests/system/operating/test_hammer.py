"""
Everything at once: scrapes in every format, the page, its API, probes on demand, wrong
passwords, clients that hang up, and reloads that change trunks, settings and certificates
under way. Nothing may be answered wrongly, and a build with a sanitizer may not complain.
"""

import base64
import http.client
import os
import shutil
import threading
import time

from digest_peer import Digest
from harness import PATIENCE, Case, config_of, trunk
from passwords import bcrypt
from peers import authority, certificate
from sip_peer import SipPeer, answer, mute, server_tls

SECONDS = 4.0
USER, PASSWORD = "prometheus", "s3cret"
FAST = {"interval": "200ms", "down_interval": "200ms", "timeout": "150ms", "t1": "50ms",
        "fall": 1, "rise": 1}
PROTOBUF = ("application/vnd.google.protobuf;"
            "proto=io.prometheus.client.MetricFamily;encoding=delimited")


class Client(threading.Thread):
    """Asks again and again; every status that was not wanted is kept."""

    def __init__(self, address, path, want, headers=None, method="GET", password=PASSWORD,
                 hang_up=False, pause=0.0):
        super().__init__(daemon=True)
        self.address, self.path, self.method = address, path, method
        self.want, self.hang_up, self.pause = want, hang_up, pause
        token = base64.b64encode(f"{USER}:{password}".encode()).decode()
        self.headers = {"Authorization": "Basic " + token, **(headers or {})}
        self.done, self.wrong = 0, []
        self.stop = threading.Event()

    def ask(self, connection):
        path = self.path(self.done) if callable(self.path) else self.path
        connection.request(self.method, path, headers=self.headers)
        if self.hang_up:
            return
        reply = connection.getresponse()
        body = reply.read()
        if reply.status not in self.want or not (body or reply.status in (204, 304)):
            self.wrong.append((path, reply.status, body[:80]))

    def run(self):
        while not self.stop.is_set():
            connection = http.client.HTTPConnection(*self.address, timeout=20 * PATIENCE)
            try:
                for _ in range(1 if self.hang_up else 8):
                    self.ask(connection)
                    self.done += 1
            except OSError as e:
                self.wrong.append((self.path, repr(e)))
            finally:
                connection.close()
            self.stop.wait(self.pause)


class Everything(Case):
    alone = "takes all there is of the processor"

    def peers(self):
        self.shown = certificate()
        self.registrar = Digest()
        self.alive = self.use(SipPeer(answer()))
        self.tcp = self.use(SipPeer(answer(), "tcp"))
        self.tls = self.use(SipPeer(answer(), "tls", tls=server_tls(*self.shown)))
        self.expired = self.use(SipPeer(answer(), "tls",
                                        tls=server_tls(*certificate(days=-1))))
        self.silent = self.use(SipPeer(mute))
        self.registers = self.use(SipPeer(self.registrar))

    def config(self, turn):
        """A configuration of each kind of trunk; some come, go and change by turn."""
        shutil.copy(authority()[0], self.path("ca.pem.new"))
        os.replace(self.path("ca.pem.new"), self.path("ca.pem"))
        tls = {"ca_file": "ca.pem"}
        some = [trunk(f"some-{turn}-{i}", self.alive.uri) for i in range(5)]
        c = config_of(
            trunk("alive", self.alive.uri, labels={"turn": str(turn % 2)}),
            trunk("tcp", self.tcp.uri, connection="reuse" if turn % 2 else "fresh"),
            trunk("tls", self.tls.uri, tls=tls), trunk("tls-2", self.tls.uri, tls=tls),
            trunk("expired", self.expired.uri, tls=tls),
            trunk("silent", self.silent.uri, fall=1 + turn % 3),
            trunk("nowhere", "sip:nowhere.invalid"),
            trunk("registers", self.registers.uri, method=["OPTIONS", "REGISTER"],
                  auth={"username": "u", "password": "secret"},
                  register={"bind": bool(turn % 2)}),
            *some, listen=["udp:127.0.0.1:0"],
            probe={"allow": ["127.0.0.0/8"], "max_concurrent": 64}, watch=False)
        c["defaults"] = dict(FAST)
        return c

    def clients(self, address):
        names = ("alive", "tcp", "tls", "expired", "silent", "nowhere", "registers")

        def at(prefix):
            return lambda n: prefix + names[n % len(names)]
        gzip = {"Accept-Encoding": "gzip"}
        openmetrics = {"Accept": "application/openmetrics-text;version=1.0.0"}
        return [
            Client(address, "/metrics", {200}),
            Client(address, "/metrics", {200}, {**openmetrics, **gzip}),
            Client(address, "/metrics", {200}, {"Accept": PROTOBUF, **gzip}),
            Client(address, "/", {200}, gzip),
            Client(address, at("/trunks/"), {200}),
            Client(address, "/api/v1/trunks", {200}, gzip),
            Client(address, at("/api/v1/trunks/"), {200}),
            Client(address, at("/probe?debug=true&target="), {200, 503}),
            Client(address, at("/probe?target="), {200, 503}),
            Client(address, "/probe?target=127.0.0.1:" + str(self.alive.port),
                   {200, 503}),
            Client(address, "/probe?target=sip:203.0.113.1", {403}),
            Client(address, "/metrics", {401, 429, 503}, password="wrong", pause=0.05),
            Client(address, "/", {200}, hang_up=True, pause=0.02),
            Client(address, at("/probe?target="), {200}, hang_up=True, pause=0.02),
        ]

    def turn_over(self, e, address, clients):
        """Reloads, by signal and by HTTP in turns, until the time is up."""
        end = time.monotonic() + SECONDS * PATIENCE
        turn = 0
        reload = Client(address, "/-/reload", {200}, method="POST")
        while time.monotonic() < end and all(c.is_alive() for c in clients):
            turn += 1
            e.write_config(self.config(turn))
            if turn % 2:
                connection = http.client.HTTPConnection(*address, timeout=20 * PATIENCE)
                reload.ask(connection)
                connection.close()
            else:
                e.send(1)
            time.sleep(0.1)
        return turn, reload.wrong

    def test_at_once(self):
        self.peers()
        hashed = bcrypt(PASSWORD)
        web = self.write("web.yml", f"basic_auth_users:\n  {USER}: '{hashed}'\n")
        e = self.start(self.config(0), ready=False, log_level="info", args=(
            "--web.enable-lifecycle", f"--web.config.file={web}"))
        host, port = e.wait_log(msg="started", seconds=20)[0]["http"].rsplit(":", 1)
        address = host, int(port)
        clients = self.clients(address)
        for c in clients:
            c.start()
        turns, wrong = self.turn_over(e, address, clients)
        for c in clients:
            c.stop.set()
        for c in clients:
            c.join(60 * PATIENCE)
            self.assertFalse(c.is_alive(), c.path)
            wrong += c.wrong[:3]
            self.assertGreater(c.done, 3, c.headers)
        self.assertEqual(wrong, [])
        self.assertGreater(turns, 3)
        e.stop()
