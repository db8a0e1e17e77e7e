"""
Series straight into a Prometheus: its remote-write message (protobuf in a snappy block),
so that a test need not wait for an hour of scrapes. Knows native histograms too.
"""

import struct
import urllib.request


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def number(field, n):
    return varint(field << 3) + varint(n)


def double(field, x):
    return varint(field << 3 | 1) + struct.pack("<d", x)


def block(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def spans(indices):
    """(offset from the end of the span before, length) of runs of rising indices."""
    found = []
    end = 0
    for i in indices:
        if found and i == end:
            found[-1][1] += 1
        else:
            found.append([i - end, 1])
        end = i + 1
    return found


def native(time_ms, buckets, total, schema):
    """A native histogram; buckets is {index: count}."""
    indices = sorted(buckets)
    counts = [buckets[i] for i in indices]
    deltas = [b - a for a, b in zip([0, *counts], counts)]
    return (number(1, sum(counts)) + double(3, total) + number(4, schema << 1)
            + double(5, 1e-9) + number(6, 0)
            + b"".join(block(11, number(1, 2 * o if o >= 0 else -2 * o - 1)
                             + number(2, n)) for o, n in spans(indices))
            + block(12, b"".join(map(zigzag, deltas))) + number(15, time_ms))


def sample(time_ms, value):
    return double(1, value) + number(2, time_ms)


def series(labels, samples=(), histograms=()):
    """labels with __name__; samples [(ms, value)]; histograms as native() takes them."""
    parts = [block(1, block(1, k.encode()) + block(2, v.encode()))
             for k, v in sorted(labels.items())]
    parts += [block(2, sample(*s)) for s in samples]
    parts += [block(4, native(*h)) for h in histograms]
    return block(1, b"".join(parts))


def snappy(data):
    """A snappy block of literals only: valid, merely not smaller."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return bytes(out)


def write(base, every, batch=100):
    """Sends encoded series to the Prometheus at base."""
    for at in range(0, len(every), batch):
        body = snappy(b"".join(every[at:at + batch]))
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                   "X-Prometheus-Remote-Write-Version": "0.1.0"}
        rq = urllib.request.Request(base + "/api/v1/write", body, headers, method="POST")
        urllib.request.urlopen(rq, timeout=60).close()
