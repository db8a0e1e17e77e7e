"""What people see of a call that failed: its ladder and figures, its audio, its packets."""

import contextlib
import io
import json
import math
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest
import urllib.request
import wave

from call_peers import soon
from harness import Case, config_of, trunk, wait_for
from sip_peer import SipPeer

TSHARK = shutil.which("tshark")
TONE_HZ = 400


def mu_law(sample):
    """The code of a 16-bit sample (G.711 Table 2)."""
    size = min(abs(sample) + 132, 32767)
    segment = size.bit_length() - 8
    code = segment << 4 | size >> segment + 3 & 15
    return ~(code | (0x80 if sample < 0 else 0)) & 0xff


def fetch(exporter, path):
    with urllib.request.urlopen(exporter.base + path, timeout=10) as r:
        return r.read()


class Announcer:
    """Answers every call with a tone that nobody asked for, and loses each tenth packet."""

    def __init__(self):
        self.sent = 0
        self.talking = threading.Event()
        self.audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.audio.bind(("127.0.0.1", 0))
        self.sip = SipPeer(self.serve)

    def close(self):
        self.talking.clear()
        self.sip.close()
        self.audio.close()

    def sdp(self):
        return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {self.audio.getsockname()[1]} RTP/AVP 0\r\n").encode()

    def serve(self, rq):
        if rq.method == "INVITE" and not rq.copy:
            rq.reply(180)
            rq.send(rq.response(200, body=self.sdp(), extra=(
                f"Contact: <sip:{self.sip.address}>\r\nContent-Type: application/sdp\r\n")))
            port = int(re.search(rb"m=audio (\d+)", rq.body)[1])
            self.talking.set()
            threading.Thread(target=self.talk, args=(port,), daemon=True).start()
        elif rq.method == "BYE":
            self.talking.clear()
            rq.reply(200)
        elif rq.method == "OPTIONS":
            rq.reply(200)

    def talk(self, port):
        payload = bytes(mu_law(int(8000 * math.sin(2 * math.pi * TONE_HZ * n / 8000)))
                        for n in range(160))
        begun, n = time.monotonic(), 0
        while self.talking.is_set():
            packet = struct.pack("!BBHII", 0x80, 0, 1000 + n, 160 * n, 0x5eed) + payload
            if n % 10 != 5:
                with contextlib.suppress(OSError):
                    self.audio.sendto(packet, ("127.0.0.1", port))
                    self.sent += 1
            n += 1
            time.sleep(max(0, begun + 0.02 * n - time.monotonic()))


def tshark(path, *args):
    return subprocess.run([TSHARK, "-n", "-r", path, *args], capture_output=True, text=True,
                          timeout=60, check=True).stdout


class Seen(Case):
    """One call for all that there is to see of it."""

    def config(self, keep=True):
        return config_of(
            trunk(self.name, self.peer.sip.uri, method=["OPTIONS", "INVITE"],
                  call={"mode": "echo", "to": "100200", "interval": "1m", "duration": "4s"}),
            trunk("other", self.peer.sip.uri),
            calls={"numbers": ["100200"], "keep_audio": keep, "media": {
                "ports": "34400-34799", "networks": ["127.0.0.0/8"]}})

    def fail(self, keep=True):
        """An exporter whose call has failed, and what its API says of the call."""
        self.peer = self.use(Announcer())
        self.name = soon(self.peer.sip.address)
        e = self.start(self.config(keep), args=["--web.enable-lifecycle"], log_level="info")
        e.wait_metric(1, "siptrunk_call_failures_total", seconds=80, trunk=self.name,
                      reason="nonce")
        return e, wait_for("the failure's ladder", lambda: self.failure(e))

    def failure(self, e):
        found = json.loads(e.get(f"/api/v1/trunks/{self.name}"))
        target = next(t for t in found["targets"] if t["method"] == "INVITE")
        return target["failures"] and target["failures"][0]

    def path_of(self, failed, ending):
        return f"/api/v1/trunks/{self.name}/ladders/{failed['id']}{ending}"

    def test_all_of_it(self):
        e, failed = self.fail()
        self.check_json(failed)
        self.check_text(e.get(self.path_of(failed, ".txt")))
        self.check_page(e.get(f"/trunks/{self.name}"), failed)
        self.check_wav(fetch(e, self.path_of(failed, ".wav")))
        if TSHARK:
            self.check_packets(fetch(e, self.path_of(failed, ".pcapng")), failed)
        self.check_wiped(e, failed)

    def check_json(self, failed):
        call = failed["call"]
        self.assertEqual((call["mode"], call["failure"], call["answered"], call["ended"]),
                         ("echo", "nonce", True, True))
        self.assertEqual((call["audio"]["heard"], call["audio"]["codec"]), ("sound", "PCMU"))
        self.assertTrue(failed["audio_kept"])
        self.assertAlmostEqual(call["audio"]["loss_ratio"], 0.1, delta=0.02)
        self.assertLess(call["ringing_seconds"], call["answer_seconds"])
        told = [x["text"] for x in failed["entries"] if x["kind"] == "audio"]
        for words in ("ours begins, PCMU to 127.0.0.1:", "first packet", "first sound",
                      "ours stops", "heard in all: sound; "):
            self.assertTrue([t for t in told if t.startswith(words)], (words, told))

    def check_text(self, text):
        for line in ("  mode         echo", "  failed       nonce", "  heard        sound"):
            self.assertIn(line + "\n", text)
        self.assertRegex(text, r"(?m)^  lost         1?\d\.\d %$")
        self.assertRegex(text, r"(?m)^ +m=audio \d+ RTP/AVP 0")
        self.assertRegex(text, r"(?m)^ +\+\d+\.\d+ ms ~~~ audio: first sound")

    def check_page(self, html, failed):
        self.assertIn(f"ladders/{failed['id']}.wav", html)
        self.assertIn("What was heard (.wav)", html)
        self.assertIn("Somebody speaks, but not our echo", html)
        for name in ("mode", "ringing", "answer", "talked", "audio", "lost", "heard"):
            self.assertIn(f">{name}<", html)
        # On a machine that is busy our own packets leave late: then there is no jitter, and
        # the score is the reason why there is none.
        audio = failed["call"]["audio"]
        self.assertEqual(">jitter<" in html, audio["jitter_seconds"] is not None)
        self.assertIn(">MOS<", html)
        if audio["mos"] is None:
            self.assertIn(f"none: {audio['unscored']}", html)
        else:
            self.assertRegex(html, r"\d\.\d\d \(R \d+\.\d, G\.107")

    def check_wav(self, data):
        with wave.open(io.BytesIO(data)) as w:
            self.assertEqual((w.getnchannels(), w.getsampwidth(), w.getframerate()),
                             (1, 2, 8000))
            # Packets that came, one after the other.
            self.assertAlmostEqual(w.getnframes() / 160, self.peer.sent, delta=10)
            pcm = struct.unpack(f"<{w.getnframes()}h", w.readframes(w.getnframes()))
        crossings = sum((a < 0) != (b < 0) for a, b in zip(pcm, pcm[1:]))
        self.assertAlmostEqual(crossings / (len(pcm) / 8000), 2 * TONE_HZ, delta=20)
        self.assertAlmostEqual(max(pcm), 8000, delta=400)

    def check_packets(self, data, failed):
        path = self.path("call.pcapng")
        with open(path, "wb") as f:
            f.write(data)
        protocols = tshark(path, "-T", "fields", "-e", "_ws.col.Protocol").split()
        self.assertLessEqual({"SIP/SDP", "SIP", "RTP"}, set(protocols))
        self.assertNotIn("UDP", protocols, "all of it is known for what it is")
        rows = [l.split() for l in tshark(path, "-q", "-z", "rtp,streams").splitlines()
                if "0x" in l]
        ours = failed["call"]["audio"]
        theirs = next(r for r in rows if "0x00005EED" in r)
        at = theirs.index("0x00005EED")
        packets, lost = int(theirs[at + 2]), int(theirs[at + 3])
        self.assertEqual((packets, lost), (ours["received"], ours["lost"]), rows)
        mine = next(r for r in rows if "0x00005EED" not in r)
        self.assertEqual(int(mine[mine.index("g711U") + 1]), ours["sent"], rows)

    def check_wiped(self, e, failed):
        e.write_config(self.config(keep=False))
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        self.assertEqual(e.status(self.path_of(failed, ".wav")), 404)
        self.assertEqual(e.status(self.path_of(failed, ".txt")), 404)

    def test_nothing_is_kept_unasked(self):
        e, failed = self.fail(keep=False)
        self.assertFalse(failed["audio_kept"])
        self.assertEqual(e.status(self.path_of(failed, ".wav")), 404)
        self.assertNotIn(".wav", e.get(f"/trunks/{self.name}"))
        e.write_config(config_of(trunk("other", self.peer.sip.uri)))
        e.send(signal.SIGHUP)
        e.wait_log(msg="configuration reloaded")
        self.assertEqual(e.status(self.path_of(failed, ".txt")), 404)


if __name__ == "__main__":
    unittest.main()
