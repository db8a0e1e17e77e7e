"""Kamailio's websocket module as a peer, over ws and wss."""

import os
import unittest

import peers
from harness import Case, config_of, trunk, wait_for
from websocket_peer import WebSocketKamailio

MODULE = "websocket.so"
PLACES = ("/usr/lib/x86_64-linux-gnu/kamailio/modules",
          "/usr/lib/aarch64-linux-gnu/kamailio/modules", "/usr/lib/kamailio/modules")


@unittest.skipIf(peers.missing("kamailio"), "kamailio is not installed")
@unittest.skipUnless(any(os.path.exists(f"{p}/{MODULE}") for p in PLACES),
                     "kamailio-websocket-modules is not installed")
class KamailioWebSocket(Case):
    def setUp(self):
        super().setUp()
        cert, key = peers.certificate()
        self.kamailio = self.use(WebSocketKamailio(self.folder, cert, key))
        self.tls = {"ca_file": peers.authority()[0]}
        self.ask = {"origin": "https://phones.example"}
        self.ws = f"ws://127.0.0.1:{self.kamailio.ws}/ws"
        self.wss = f"wss://127.0.0.1:{self.kamailio.wss}/ws"

    def test_options(self):
        e = self.start(config_of(
            trunk("ws", self.ws, websocket=self.ask),
            trunk("wss", self.wss, websocket=self.ask, tls=self.tls),
            trunk("uri", f"sip:127.0.0.1:{self.kamailio.ws};transport=ws",
                  websocket={"path": "/ws", **self.ask}),
            trunk("kept", self.wss, websocket=self.ask, tls=self.tls, connection="reuse"),
            trunk("path", f"ws://127.0.0.1:{self.kamailio.ws}/", websocket=self.ask),
            trunk("origin", self.ws)))
        for name in ("ws", "wss", "uri", "kept"):
            with self.subTest(name):
                m = e.settled(name, 2)
                self.assertEqual((m.failures(name), list(m.codes(name))), ({}, [200]))
                self.assertEqual(m.state(name), "up")
        for name, detail in (("path", "HTTP 404"), ("origin", "HTTP 403")):
            with self.subTest(name):
                e.wait_metric(1, "siptrunk_state", trunk=name, state="down")
                line = e.log(msg="trunk changed state", trunk=name, to="down")[0]
                self.assertEqual((line["reason"], line["detail"]), ("websocket", detail))

    def test_register(self):
        """Digest and a binding, kept through Kamailio's own pings."""
        settings = {
            "method": "REGISTER", "interval": "2s", "timeout": "1500ms",
            "register": {"bind": True, "expires": "10m", "aor": "sip:u@example.com"},
            "auth": {"username": "u", "password": "secret"},
        }
        e = self.start(config_of(
            trunk("ws", self.ws, websocket=self.ask, **settings),
            trunk("wss", self.wss, websocket=self.ask, tls=self.tls, **settings)))
        for name in ("ws", "wss"):
            with self.subTest(name):
                m = e.settled(name, 3)
                self.assertEqual((m.failures(name), list(m.codes(name))), ({}, [200]))
                self.assertGreater(m.get(
                    "siptrunk_registration_expires_timestamp_seconds", trunk=name), 0)
        e.stop()
        wait_for("no error of Kamailio's", lambda: "ERROR" not in self.kamailio.log_text())
