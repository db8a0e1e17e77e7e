"""Peers that are called: SIPp by scenarios made of steps, and Kamailio before it."""

import os
import socket
import subprocess
import time

from harness import free_port, wait_for
from peers import KAMAILIO_TLS, Program, bound, find, kamailio, listens

HEAD = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="called">\n'

SDP = """v=0
o=u 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def recv(method, **more):
    """A request that must come; `optional` ones may."""
    extra = "".join(f' {k}="{v}"' for k, v in more.items())
    return f'<recv request="{method}"{extra}/>\n'


def say(status, cseq="[last_CSeq:]", fields="", sdp=False, tag="[pid]S[call_number]",
        again=False, via="[last_Via:]"):
    """A response to the last request; `again`: until its ACK, as 2xx are repeated."""
    to = f"[last_To:];tag={tag}" if tag else "[last_To:]"
    body = "Content-Type: application/sdp\nContent-Length: [len]\n\n" + SDP if sdp \
        else "Content-Length: 0\n\n"
    return (f'<send{" retrans=" + chr(34) + "500" + chr(34) if again else ""}>'
            f"<![CDATA[\nSIP/2.0 {status}\n{via}\n[last_From:]\n{to}\n"
            f"[last_Call-ID:]\n{cseq}\nContact: <sip:[local_ip]:[local_port]>\n"
            f"{fields}{body}]]></send>\n")


def pause(ms):
    return f'<pause milliseconds="{ms}"/>\n'


def ask(method, cseq=50, fields=""):
    """A request within the dialog."""
    return (f'<send retrans="500"><![CDATA[\n{method} [next_url] SIP/2.0\n'
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
            "From[$2];tag=[pid]S[call_number]\nTo[$1]\n"
            f"[last_Call-ID:]\nCSeq: {cseq} {method}\nMax-Forwards: 70\n"
            f"{fields}Content-Length: 0\n\n]]></send>\n")


# Who answers needs both values for requests of its own.
REMEMBER = (
    '<recv request="INVITE" rrs="true"><action>'
    '<ereg regexp=":.*" search_in="hdr" header="From" assign_to="1"/>'
    '<ereg regexp=":.*" search_in="hdr" header="To" assign_to="2"/>'
    "</action></recv>\n")

CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="n-1", algorithm=MD5, qop="auth"\n'

AUTHORIZED = (
    '<recv request="{method}"><action><ereg regexp="username=.u.," search_in="hdr" '
    'header="Authorization" check_it="true" assign_to="1"/></action></recv>\n'
    '<Reference variables="1"/>\n')

BYE = recv("BYE") + say("200 OK", tag=None)

# Copies of INVITE get the 200 again; a CANCEL that crosses it is answered, and it is said
# once more.
AGAIN = '<recv request="INVITE" optional="true" next="3"/>\n'
STURDY = (
    '<recv request="INVITE" rrs="true"/>\n' + say("180 Ringing", fields="{record}")
    + '<label id="3"/>\n' + say("200 OK", fields="{record}", sdp=True, again=True)
    + AGAIN + '<recv request="CANCEL" optional="true" next="1"/>\n'
    + recv("ACK", optional="true") + BYE.replace("<send>", '<send next="2">')
    + '<label id="1"/>\n' + say("200 OK", tag=None)
    + say("200 OK", "CSeq: 1 INVITE", fields="{record}", sdp=True, again=True)
    + AGAIN + recv("ACK", optional="true") + BYE
    + '<label id="2"/>\n<timewait milliseconds="8000"/>\n')

SCENARIOS = {
    # Rings until it is cancelled.
    "ring": recv("INVITE") + say("180 Ringing") + recv("CANCEL")
    + say("200 OK", tag=None)
    + say("487 Request Terminated", "CSeq: 1 INVITE") + recv("ACK"),
    # Says 200 to the INVITE when the CANCEL comes (RFC 3261 9.1).
    "late": recv("INVITE") + say("180 Ringing") + recv("CANCEL")
    + say("200 OK", "CSeq: 1 INVITE", sdp=True, again=True)
    + recv("ACK", timeout=5000) + BYE,
    # Behind a proxy that stays in between (RFC 3261 12.1.1).
    "routed": '<recv request="INVITE" rrs="true"/>\n'
    + say("200 OK", fields="[last_Record-Route:]\n", sdp=True, again=True)
    + recv("ACK") + BYE,
    # Knows nothing of the dialog when we hang up: which is an end, too.
    "unknown": recv("INVITE") + say("180 Ringing") + say("200 OK", sdp=True, again=True)
    + recv("ACK") + recv("BYE")
    + say("481 Call/Transaction Does Not Exist", tag=None),
    # Early media that is to be acknowledged; the 200 has no SDP then (RFC 3262 5).
    "reliable": '<recv request="INVITE"><action><ereg regexp=":.*" search_in="hdr" '
    'header="Via" assign_to="1"/></action></recv>\n'
    + say("183 Session Progress", fields="Require: 100rel\nRSeq: 7\n", sdp=True)
    + recv("PRACK") + say("200 OK", tag=None) + pause(300)
    + say("200 OK", "CSeq: 1 INVITE", again=True, via="Via[$1]") + recv("ACK") + BYE,
    # Answers its BYE only when it came for the fourth time.
    "slow": recv("INVITE") + say("200 OK", sdp=True, again=True) + recv("ACK")
    + recv("BYE") + pause(2500) + say("200 OK", tag=None),
    # Wants credentials for the INVITE, and again for the BYE (RFC 3261 22).
    "challenge": recv("INVITE") + say("401 Unauthorized", fields=CHALLENGE)
    + recv("ACK") + AUTHORIZED.format(method="INVITE")
    + say("200 OK", sdp=True, again=True) + recv("ACK") + recv("BYE")
    + say("401 Unauthorized", fields=CHALLENGE.replace("n-1", "n-2"), tag=None)
    + AUTHORIZED.format(method="BYE") + say("200 OK", tag=None),
    # The session is to last longer (RFC 4028 6).
    "longer": recv("INVITE")
    + say("422 Session Interval Too Small", fields="Min-SE: 1800\n") + recv("ACK")
    + '<recv request="INVITE"><action><ereg regexp="1800;refresher=uas" search_in="hdr" '
    'header="Session-Expires" check_it="true" assign_to="1"/></action></recv>\n'
    '<Reference variables="1"/>\n'
    + say("200 OK", sdp=True, again=True) + recv("ACK") + BYE,
    "busy": recv("INVITE") + say("486 Busy Here") + recv("ACK"),
    "elsewhere": recv("INVITE")
    + say("302 Moved Temporarily", fields="") + recv("ACK"),
    # Many, over a network that loses messages: each is answered again when it comes again.
    "sturdy": STURDY.format(record=""),
    "sturdy-routed": STURDY.format(record="[last_Record-Route:]\n"),
    # "The number you have called is not in service": a 200, and somebody else's sound.
    "announcement": recv("INVITE") + say("200 OK", sdp=True, again=True) + recv("ACK")
    + '<nop><action><exec rtp_stream="announcement.ul,5,0"/></action></nop>\n' + BYE,
    # Hangs up itself.
    "hangup": REMEMBER + say("200 OK", sdp=True, again=True) + recv("ACK") + pause(700)
    + ask("BYE")
    + '<recv response="200"/>\n',
}


class Called(Program):
    """SIPp that takes so many calls and ends: its exit code says whether each ended."""

    def __init__(self, folder, scenario, transport="udp", host="127.0.0.1", count=1,
                 seconds=60):
        self.port = free_port(socket.SOCK_DGRAM if transport == "udp"
                              else socket.SOCK_STREAM)
        self.media = free_port(socket.SOCK_DGRAM)
        path = os.path.join(folder, f"called-{scenario}-{self.port}.xml")
        with open(path, "w") as f:
            f.write(HEAD + SCENARIOS[scenario] + "</scenario>\n")
        super().__init__(folder, f"sipp-called-{scenario}-{self.port}", [
            "sipp", "-sf", path, "-i", host, "-p", str(self.port), "-mi", host, "-mp",
            str(self.media), "-m", str(count), "-nostdin", "-timeout",
            f"{seconds}s", "-timeout_error", "-trace_err", "-error_file",
            path + ".errors", "-t", "u1" if transport == "udp" else "t1"],
            env={"TERM": "dumb"})
        self.errors_path = path + ".errors"
        wait_for("SIPp", lambda: self.check() or listens(transport, self.port))

    def errors(self):
        """What did not go as the scenario says."""
        if not os.path.exists(self.errors_path):
            return ""
        with open(self.errors_path, errors="replace") as f:
            return f.read()

    def ended(self, seconds=40):
        """Its exit code: 0 when every call ended as the scenario says."""
        wait_for("SIPp to end", lambda: self.process.poll() is not None, seconds)
        return self.process.returncode


class Echo(Program):
    """SIPp's own scenario that answers any number of calls, and echoes their audio."""

    def __init__(self, folder):
        self.port = free_port(socket.SOCK_DGRAM)
        self.media = free_port(socket.SOCK_DGRAM)
        super().__init__(folder, f"sipp-echo-{self.port}", [
            "sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(self.port), "-mi",
            "127.0.0.1", "-mp", str(self.media), "-rtp_echo", "-nostdin"],
            env={"TERM": "dumb"})
        wait_for("SIPp", lambda: self.check() or bound("udp", self.port))


PROXY = """
listen=udp:127.0.0.1:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "corex.so"
loadmodule "ctl.so"
loadmodule "dialog.so"
modparam("ctl", "binrpc", "unix:{folder}/kamailio-run/ctl")
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (has_totag()) {{
        if (loose_route() || t_check_trans()) {{ t_relay(); }}
        else if (!is_method("ACK")) {{ sl_send_reply("404", "Not here"); }}
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (is_method("INVITE")) {{ record_route(); dlg_manage(); }}
    $rd = "127.0.0.1"; $rp = "{first}";
    if ($rU == "fork") {{ append_branch("sip:b@127.0.0.1:{second}"); }}
    if (!t_relay()) {{ sl_reply_error(); }}
}}
"""


class Proxy(Program):
    """Kamailio before two peers, that forks calls to `fork` and can tell what is up."""

    def __init__(self, folder, first, second, pair=None):
        self.port = free_port(socket.SOCK_DGRAM)
        self.tls = free_port()
        self.ctl = os.path.join(folder, "kamailio-run", "ctl")
        config = PROXY.format(port=self.port, first=first, second=second, folder=folder)
        if pair:
            with open(os.path.join(folder, "tls.cfg"), "w") as f:
                f.write(KAMAILIO_TLS.format(cert=pair[0], key=pair[1]))
            config = (f"enable_tls=yes\nlisten=tls:127.0.0.1:{self.tls}\n"
                      f'loadmodule "tls.so"\nmodparam("tls", "config", '
                      f'"{folder}/tls.cfg")\n' + config)
        super().__init__(folder, "kamailio", kamailio(folder, config))
        wait_for("Kamailio", lambda: self.check() or (
            bound("udp", self.port) and os.path.exists(self.ctl)), 20)

    def active(self):
        """The calls that Kamailio has."""
        out = subprocess.run([find("kamcmd"), "-s", f"unix:{self.ctl}", "dlg.stats_active"],
                             capture_output=True, text=True, timeout=10).stdout
        return sum(int(line.split(":")[1]) for line in out.splitlines()
                   if line.strip().split(":")[0] in ("starting", "connecting",
                                                     "answering", "ongoing"))


def phase(trunk, address, method="INVITE"):
    """The place of a check within its interval, as the schedule has it."""
    h = 0xcbf29ce484222325
    for text in (trunk, address, method):
        for byte in text.encode() + b"\xff":
            h = (h ^ byte) * 0x100000001b3 % 2 ** 64
    h ^= h >> 33
    h = h * 0xff51afd7ed558ccd % 2 ** 64
    return ((h ^ h >> 33) >> 32) / 2 ** 32


def soon_many(address, count, seconds=3.0, width=2.0, stem="call"):
    """Names whose first calls come within `width` seconds, in so many seconds."""
    at, found = (time.time() + seconds) % 60 / 60, []
    for n in range(100000):
        if (phase(f"{stem}-{n}", address) - at) % 1 < width / 60:
            found.append(f"{stem}-{n}")
        if len(found) == count:
            return found
    raise AssertionError("no such names")


def later(stem, uri, seconds=30.0):
    """A name whose first call by the schedule is that far away, for who is asked to call."""
    address = uri.split("@")[-1].removeprefix("sip:").partition(";")[0]
    now = time.time() % 60 / 60
    return next(name for name in (f"{stem}-{n}" for n in range(1000))
                if seconds / 60 < (phase(name, address) - now) % 1 < 58 / 60)


def soon(address, seconds=3.0):
    """A trunk's name whose first call comes in so many seconds, more or less."""
    at = (time.time() + seconds) % 60 / 60
    return min((f"call-{n}" for n in range(2000)),
               key=lambda name: abs(phase(name, address) - at))
