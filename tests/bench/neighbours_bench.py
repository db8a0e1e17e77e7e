#!/usr/bin/python3
"""
What an OPTIONS and its answer over UDP cost in programs that people use for it, at 10,000 a second
to the same responder: this one whole, with its store and its schedule, SIPp as a client, and
Kamailio's dispatcher, which pings its destinations in one go each second. CPU of all processes of
each, over ten seconds; how many went out, the kernel's count of datagrams says, half of them
answers. What goes out beyond 10,000 a second are copies of what was not answered in time.

    tests/bench/neighbours_bench.py BUILD
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet import Exporter, Peer, address, cpu_s, trunk, write_config
from monitor import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))
from peers import Program, free_port, kamailio

RATE = 10_000
WARM_S, WATCH_S = 5, 10

SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="pings">
  <send>
    <![CDATA[
OPTIONS sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
Max-Forwards: 70
From: <sip:ping@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Contact: <sip:ping@[local_ip]:[local_port]>
Accept: application/sdp
Content-Length: 0

    ]]>
  </send>
  <recv response="200" />
</scenario>
"""

DISPATCHER = """
listen=udp:127.0.0.1:{port}
enable_tls=no
disable_tcp=yes
children=1
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "{folder}/destinations")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
request_route {{
    exit;
}}
"""


def datagrams():
    """That left this machine's sockets, UDP over IPv4."""
    names, values = re.findall(r"^Udp: (.*)$", Path("/proc/net/snmp").read_text(), re.M)
    return int(dict(zip(names.split(), values.split(), strict=True))["OutDatagrams"])


def session(leader):
    """The processes that a program is."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    return found


def watch(name, pids):
    time.sleep(WARM_S)
    used, sent, begun = sum(map(cpu_s, pids())), datagrams(), time.monotonic()
    time.sleep(WATCH_S)
    used, sent = sum(map(cpu_s, pids())) - used, (datagrams() - sent) / 2
    rate = sent / (time.monotonic() - begun)
    print(f"{name:24} {used / sent * 1e6:6.1f} us an OPTIONS, {rate:6,.0f} a second", flush=True)


def ours(build, peer, folder):
    path = write_config(folder, (trunk(i, peer.ports["udp"]) for i in range(RATE)),
                        interval="1s", timeout="900ms")
    with Exporter(build, path) as exporter:
        watch("siptrunk_exporter", lambda: [exporter.process.pid])


def program(name, folder, argv):
    p = Program(folder, argv[0], argv)
    try:
        watch(name, lambda: session(p.process.pid))
        p.check()
    finally:
        p.close()


def sipp(peer, folder):
    Path(folder, "pings.xml").write_text(SCENARIO)
    program("SIPp", folder,
            ["sipp", f"{address(0)}:{peer.ports['udp']}", "-sf", "pings.xml", "-i", "127.0.0.1",
             "-r", str(RATE), "-m", str(RATE * 60), "-l", str(RATE), "-nostdin"])


def dispatcher(peer, folder):
    Path(folder, "destinations").write_text("".join(
        f"1 sip:{address(i)}:{peer.ports['udp']}\n" for i in range(RATE)))
    program("Kamailio's dispatcher", folder,
            kamailio(folder, DISPATCHER.format(port=free_port(), folder=folder), memory_mib=512))


def main():
    build = os.path.abspath(sys.argv[1])
    with Peer(build) as peer:
        for measure in (lambda folder: ours(build, peer, folder),
                        lambda folder: sipp(peer, folder),
                        lambda folder: dispatcher(peer, folder)):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    measure(folder)
                except (AssertionError, subprocess.SubprocessError) as e:
                    sys.exit(f"neighbours_bench: {e}")


if __name__ == "__main__":
    main()
