"""Jitter as RFC 3550 reckons it: tshark from 4.4 on leaves out what came out of order."""


def jitters(packets):
    """A.8, in ms after each of [(time in s, RTP timestamp)], in order of arrival; 8 kHz."""
    before, jitter = None, 0.0
    for at_s, timestamp in packets:
        transit = at_s * 1000 - timestamp / 8
        jitter += (abs(transit - (transit if before is None else before)) - jitter) / 16
        before = transit
        yield jitter
