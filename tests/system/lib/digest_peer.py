"""
The other side of Digest: challenges, and verdicts on what answers them, by the formulas of
RFC 7616 with Python's hashes. Behaviours for SipPeer.
"""

import hashlib
import itertools
import re
import threading

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
FIELDS = {401: ("WWW-Authenticate", "Authorization"),
          407: ("Proxy-Authenticate", "Proxy-Authorization")}


def parse(value):
    """The parameters of a Digest header field."""
    scheme, _, rest = value.partition(" ")
    if scheme != "Digest":
        raise AssertionError(f"not Digest: {value}")
    found = re.findall(r'([a-z]+)=("(?:[^"\\]|\\.)*"|[^",\s]+)', rest)
    return {k: v[1:-1] if v.startswith('"') else v for k, v in found}


def expected(a, method, password, username=None):
    """The response that these parameters should have."""
    name, sess, _ = a.get("algorithm", "MD5").partition("-sess")

    def h(*parts):
        return hashlib.new(HASHES[name], ":".join(parts).encode()).hexdigest()

    a1 = h(username or a["username"], a["realm"], password)
    if sess:
        a1 = h(a1, a["nonce"], a["cnonce"])
    a2 = h(method, a["uri"])
    if a.get("qop") == "auth":
        return h(a1, a["nonce"], a["nc"], a["cnonce"], "auth", a2)
    return h(a1, a["nonce"], a2)


class Digest:
    """
    A peer or proxy that asks for one password. Counts what it sees; `offers` are the
    (algorithm or None, qop or None) of the challenges of each of its responses, in order.
    Where `refusal` or `replay` is a code, a wrong answer, or one to a nonce that is used
    up, gets that and no challenge.
    """

    def __init__(self, password="secret", username="u", code=401, realm="sip.example",
                 offers=(("MD5", "auth"),), uses=None, extra="", then=None,
                 refusal=None, replay=None):
        self.password, self.username, self.code = password, username, code
        self.realm, self.offers, self.extra = realm, offers, extra
        self.refusal, self.replay = refusal, replay
        self.uses = uses          # how often a nonce is good; None: for ever
        self.then = then or (lambda rq: rq.reply(200))
        self.challenges = 0
        self.stales = 0
        self.nonces = {}          # nonce: the counts seen
        self.accepted = []        # parameters
        self.refused = []         # (reason, parameters)
        self.lock = threading.Lock()
        self.serial = itertools.count(1)

    def answer_of(self, rq):
        for name, value in rq.headers:
            if name.lower() == FIELDS[self.code][1].lower():
                a = parse(value)
                if a["realm"] == self.realm:
                    return a
        return None

    def fault(self, rq, a):
        """What is wrong with an answer: None, "stale", or words."""
        if a["nonce"] not in self.nonces:
            return "stale"
        if (a.get("algorithm"), a.get("qop")) not in self.offers:
            return "not offered"
        if a["uri"] != rq.start.split(" ")[1]:
            return "another URI"
        if a.get("opaque") != "o/" + a["nonce"]:
            return "opaque"
        if a["response"] != expected(a, rq.method, self.password, self.username):
            return "password"
        seen = self.nonces[a["nonce"]]
        if a.get("qop") and int(a["nc"], 16) != len(seen) + 1:
            return f"count {a['nc']} after {len(seen)}"
        if self.uses is not None and len(seen) >= self.uses:
            return "stale"
        seen.append(a.get("nc"))
        return None

    def challenge(self, rq, stale):
        nonce = f"n{next(self.serial)}"
        self.nonces[nonce] = []
        self.challenges += 1
        self.stales += stale
        text = ""
        for algorithm, qop in self.offers:
            text += (f'{FIELDS[self.code][0]}: Digest realm="{self.realm}", '
                     f'nonce="{nonce}", opaque="o/{nonce}"')
            text += f", algorithm={algorithm}" if algorithm else ""
            text += f', qop="{qop}"' if qop else ""
            text += ", stale=true" if stale else ""
            text += self.extra + "\r\n"
        rq.send(rq.response(self.code, "Unauthorized", text))

    def __call__(self, rq):
        if rq.copy:
            return
        with self.lock:
            a = self.answer_of(rq)
            fault = self.fault(rq, a) if a else "none"
            if fault is None:
                self.accepted.append(a)
            else:
                if a and fault != "stale":
                    self.refused.append((fault, a))
                code = a and (self.replay if fault == "stale" else self.refusal)
                if code:
                    rq.reply(code)
                else:
                    self.challenge(rq, fault == "stale")
                return
        self.then(rq)
