"""Answers of known systems, kept as they came, for SipPeer to give."""

import os

from harness import ROOT

THREAD = os.path.join(ROOT, "tests", "data", "thread")


def thread_message(name):
    with open(os.path.join(THREAD, name), "rb") as f:
        return f.read()


def reply_like(name):
    """
    Answers as the system did whose answer is kept: its names of header fields, their
    case and order, its To tag; but to the request that came.
    """
    lines = thread_message(name).decode().split("\r\n")

    def behaviour(rq):
        out = []
        for line in lines:
            field, _, value = line.partition(":")
            key = field.strip().lower()
            if key in ("via", "from", "call-id", "cseq"):
                line = f"{field}: {rq.header(key)}"
            elif key == "to":
                line = f"{field}: {rq.header('To')};{value.rpartition(';')[2]}"
            out.append(line)
        rq.send("\r\n".join(out).encode())
    return behaviour
