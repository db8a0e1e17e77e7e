"""
The official Python client's strict parser reads what the OpenMetrics renderer makes of
random label values, and gets back every one of them: a million, or as many as
OPENMETRICS_VALUES says.
"""

import codecs
import os
import random
import string
import struct
import subprocess
import unittest

from harness import EXE, PATIENCE

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

VALUES = int(os.environ.get("OPENMETRICS_VALUES", 1000000 if PATIENCE <= 1 else 100000))
TRUNKS = 40  # a document
LABELS = 30  # of a trunk

# Each byte that belongs to no UTF-8 sequence becomes one U+FFFD, as labels.h says.
codecs.register_error("each", lambda e: ("\ufffd", e.start + 1))

# What values are put together from: all bytes, what formats use, lines as they would look,
# and characters of every length, some of which others take for line ends or spaces.
FRAGMENTS = [bytes([b]) for b in range(1, 256)] + [
    b'"', b"\\", b"\n", b"\\n", b'\\"', b"\\\\", b"{", b"}", b",", b"=", b" # ", b"#",
    b" # {", b'",x="', b'"} 1\n', b"# EOF\n", b"# TYPE x counter\n", b" ", b"\r\n",
    b'le="0.1"', b"NaN", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82",
    b"<sip:a@b>;tag=x", b"SIP/2.0 200 OK\r\n", b"%00%0a",
] * 4 + [chr(c).encode() for c in (
    0x80, 0x85, 0xa0, 0xe9, 0x7ff, 0x800, 0x2028, 0x2029, 0x202e, 0x20ac, 0xfeff, 0xfffd,
    0xffff, 0x10000, 0x1f4de, 0x10ffff)] * 4

PLAIN = (string.ascii_letters + string.digits + "-._@").encode()


def text(rng):
    return b"".join(rng.choices(FRAGMENTS, k=rng.randrange(9)))


def shown(raw):
    return raw.decode("utf-8", "each")


class Trunk:
    def __init__(self, rng, number):
        # A configuration has no two trunks of one name.
        self.name = text(rng) + b"%d" % number
        self.profile, self.transport = text(rng), text(rng)
        self.address = text(rng) + b"0"  # none has no address
        self.call_id = rng.choice((text(rng)[:35], b"aZ09-._@")) or b"x"
        self.method = text(rng)
        self.code = rng.choice((200, 404, 699, 65736, rng.randrange(1 << 31)))
        self.labels = [text(rng) for _ in range(LABELS)]

    def pack(self):
        texts = [self.name, self.profile, self.address, self.transport, self.call_id,
                 self.method]
        out = [struct.pack("!I", len(t)) + t for t in texts]
        out.append(struct.pack("!II", self.code, len(self.labels)))
        out += [struct.pack("!I", len(t)) + t for t in self.labels]
        return b"".join(out)

    def own(self):
        return {"trunk": shown(self.name),
                **{f"l{i}": shown(v) for i, v in enumerate(self.labels)}}

    def info(self):
        return {**self.own(), "uri": "sip:sbc.example", "transport": "",
                "profile": shown(self.profile)}

    def target(self):
        return {**self.own(), "method": "OPTIONS", "address": shown(self.address),
                "transport": shown(self.transport)}


class Renderer:
    def __init__(self, program, *names):
        self.process = subprocess.Popen(
            [program, "openmetrics-text", *names],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def document(self, trunks):
        self.process.stdin.write(
            struct.pack("!I", len(trunks)) + b"".join(t.pack() for t in trunks))
        self.process.stdin.flush()
        length, = struct.unpack("!I", self.process.stdout.read(4))
        return self.process.stdout.read(length).decode("utf-8")  # strictly

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


def families(document):
    return {f.name: f for f in text_string_to_metric_families(document)}


def check_labels(found, trunks):
    """Every label of two families; returns how many values of them were random."""
    info = [s.labels for s in found["siptrunk"].samples]
    target = [s.labels for s in found["siptrunk_probe_success"].samples]
    assert info == [t.info() for t in trunks]
    assert target == [t.target() for t in trunks]
    return len(trunks) * (LABELS + 4)  # name, labels, profile, address, transport


def check_exemplars(found, trunks):
    """Kept where the Call-ID is plain, left out where it is not."""
    samples = found["siptrunk_probe_duration_seconds"].samples
    buckets = [s for s in samples if s.name.endswith("_bucket")]
    assert len(buckets) == 6 * len(trunks)
    for i, t in enumerate(trunks):
        plain = all(b in PLAIN for b in t.call_id)
        want = {0: 0.0007, 2: 0.0112, 3: 0.1792} if plain else {}
        for k, s in enumerate(buckets[6 * i:6 * i + 6]):
            assert s.labels == {**t.target(), "le": s.labels["le"]}
            assert (s.exemplar and s.exemplar.value) == want.get(k), (k, s)
            assert not s.exemplar or s.exemplar.labels == {
                "call_id": t.call_id.decode()}


def check_all(found, trunks):
    """What a peer chooses, its method and its code, makes no label of its own."""
    check_labels(found, trunks)
    check_exemplars(found, trunks)
    codes = {s.labels["code"] for s in found["siptrunk_probe_responses"].samples}
    assert all(c.isdigit() and 100 <= int(c) <= 699 for c in codes), codes
    methods = {s.labels["method"] for s in found["siptrunk_inbound_requests"].samples}
    assert methods == {"other"}, methods
    assert len(found) > 20


def send_through(program, want):
    """Sends so many values through at least; how many, in how many documents."""
    rng = random.Random(4)
    few = Renderer(program, "siptrunk_info", "siptrunk_probe_success")
    every = Renderer(program)
    values = documents = 0
    while values < want:
        trunks = [Trunk(rng, i) for i in range(TRUNKS)]
        values += check_labels(families(few.document(trunks)), trunks)
        if documents % 100 == 0:
            check_all(families(every.document(trunks)), trunks)
        documents += 1
    few.close()
    every.close()
    return values, documents


@unittest.skipUnless(text_string_to_metric_families, "no python3-prometheus-client")
class Values(unittest.TestCase):
    def test_all_come_back(self):
        build = os.path.dirname(os.path.dirname(os.path.abspath(EXE)))
        values, documents = send_through(
            os.path.join(build, "tests", "support", "render_cli"), VALUES)
        print(f"    {values} values in {documents} documents")
        self.assertGreaterEqual(values, VALUES)
