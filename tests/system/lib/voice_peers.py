"""
What calls with audio go to: Kamailio with rtpengine between two ends, baresip that sends
back what it hears. They live in a namespace with an address that is not loopback's.
"""

import os
import socket
import subprocess

from call_peers import Proxy
from harness import free_port, wait_for
from peers import KAMAILIO_TLS, Program, find, kamailio, listens

# Ours and everybody's, besides 127.0.0.1 and ::1.
ADDRESS = "192.0.2.1"
MODULES = ("tm", "sl", "rr", "pv", "maxfwd", "siputils", "textops", "corex", "ctl",
           "dialog", "rtpengine")


class Rtpengine(Program):
    """In user space: no module of the kernel is needed."""

    def __init__(self, folder, addresses, ports="30000-30999", control="127.0.0.1"):
        self.control = f"{control}:{free_port(socket.SOCK_DGRAM, control)}"
        first, last = ports.split("-")
        super().__init__(folder, "rtpengine", [
            "rtpengine", "--config-file=none", "--table=-1", "--foreground",
            "--log-stderr", "--log-level=4", "--delete-delay=0", "--timeout=60",
            f"--port-min={first}", f"--port-max={last}", f"--listen-ng={self.control}",
            *(f"--interface={name}/{address}" for name, address in addresses.items())])
        port = int(self.control.rsplit(":", 1)[1])
        wait_for("rtpengine", lambda: self.check() or listens("udp", port), 20)


CONFIG = """
{listen}
{loads}
modparam("ctl", "binrpc", "unix:{folder}/kamailio-run/ctl")
modparam("rtpengine", "rtpengine_sock", "udp:{media}")
modparam("dialog", "timeout_avp", "$avp(timeout)")
modparam("tm", "fr_inv_timer", 60000)
{more}
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{
            if (is_method("BYE")) {{ rtpengine_delete(); }}
            t_relay();
        }} else if (is_method("ACK") && t_check_trans()) {{ t_relay(); }}
        else if (!is_method("ACK")) {{ sl_send_reply("404", "Not here"); }}
        exit;
    }}
    if (is_method("CANCEL")) {{
        rtpengine_delete();
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
    if (!t_newtran()) {{ exit; }}
    {routes}
    if ($du == $null) {{ t_reply("404", "No such number"); exit; }}
    if ($avp(offer) != $null) {{
        rtpengine_offer("$avp(offer)");
        t_on_reply("MEDIA");
    }}
    if (!t_relay()) {{ t_reply("503", "No way"); }}
}}
onreply_route[MEDIA] {{
    if (has_body("application/sdp")) {{ rtpengine_answer("$avp(answer)"); }}
}}
"""

# Who asks for a session timer has his dialog for so long, and then BYE is sent both ways.
RECORDED = "record_route(); $avp(timeout) = " \
           "$(hdr(Session-Expires){s.select,0,;}{s.int}); dlg_manage(); " \
           "$dlg_ctx(timeout_bye) = 1; "


class Route:
    """
    Where a number, or what fits ^an expression, leads, and what becomes of its audio. With a
    user the request is for him there: baresip 3 answers 404 where it is for an address of
    another family than its account's.
    """

    def __init__(self, to, offer=None, answer=None, recorded=True, user=None):
        self.to, self.offer, self.answer, self.recorded = to, offer, answer, recorded
        self.user = user

    def text(self, number):
        media = f'$avp(offer) = "{self.offer}"; $avp(answer) = "{self.answer}"; ' \
            if self.offer else ""
        there = self.to.replace("sip:", f"sip:{self.user}@")
        user = f'$ru = "{there}"; ' if self.user else ""
        how = "=~" if number[0] == "^" else "=="
        return (f'if ($rU {how} "{number}") {{ {RECORDED if self.recorded else ""}'
                f'{user}$du = "{self.to}"; {media}}}')


def bridged(ours="v4", theirs="v4", profile="RTP/AVP", back="RTP/AVP"):
    """rtpengine between two families, plain or encrypted; `back`: as we asked for it."""
    return {"offer": f"replace-origin direction={ours} direction={theirs} {profile}",
            "answer": f"replace-origin {back}"}


class VoiceProxy(Program):
    """
    Kamailio that re-writes SDP by rtpengine and leads each number elsewhere; it counts its
    dialogs, and ends them when their session timers run out, or they ring for a minute. `hidden`: who is behind it,
    and the Call-ID, are nobody's business (topoh).
    """

    active = Proxy.active

    def __init__(self, folder, routes, media="127.0.0.1:9", addresses=("127.0.0.1",),
                 pair=None, hidden=False):
        self.port, self.tls = free_port(socket.SOCK_DGRAM), free_port()
        self.ctl = os.path.join(folder, "kamailio-run", "ctl")
        listen = [f"listen={t}:{a}:{self.port}" for a in addresses for t in ("udp", "tcp")]
        loads, more = list(MODULES), ""
        if pair:
            with open(os.path.join(folder, "tls.cfg"), "w") as f:
                f.write(KAMAILIO_TLS.format(cert=pair[0], key=pair[1]))
            listen = ["enable_tls=yes", *listen,
                      *(f"listen=tls:{a}:{self.tls}" for a in addresses)]
            loads.append("tls")
            more = f'modparam("tls", "config", "{folder}/tls.cfg")\n'
        if hidden:
            loads.append("topoh")
            more += ('modparam("topoh", "mask_key", "k")\n'
                     'modparam("topoh", "mask_callid", 1)\n')
        super().__init__(folder, "kamailio", kamailio(folder, CONFIG.format(
            listen="\n".join(listen), folder=folder, media=media, more=more,
            loads="\n".join(f'loadmodule "{m}.so"' for m in loads),
            routes="\n    ".join(r.text(n) for n, r in routes.items())), 64))
        wait_for("Kamailio", lambda: self.check() or (
            listens("udp", self.port) and os.path.exists(self.ctl)), 20)

    def dialogs(self):
        """What it says of each dialog that is up."""
        return subprocess.run([find("kamcmd"), "-s", f"unix:{self.ctl}", "dlg.list"],
                              capture_output=True, text=True, timeout=10).stdout


BARESIP = """
poll_method epoll
sip_listen {address}:{port}
sip_certificate {home}/both.pem
net_interface v0
audio_source aubridge,x
audio_player aubridge,x
audio_alert aubridge,y
rtp_ports 24000-24999
rtcp_mux no
call_max_calls 100
module_path {modules}
module g711.so
module aubridge.so
module srtp.so
module_tmp account.so
module_app menu.so
"""

# The echo answers by itself; where the account does so, all calls share one device.
ACCOUNTS = """
<sip:{user}@{address}>;regint=0;answermode=manual;audio_codecs=pcmu,pcma;rel100=yes
<sip:secure@{address}>;regint=0;answermode=manual;audio_codecs=pcmu,pcma;mediaenc=srtp-mand
"""


class Talker(Program):
    """baresip: answers and sends back what it hears, or rings for ever."""

    def __init__(self, folder, pair, echo=True):
        self.port = free_port(socket.SOCK_DGRAM, ADDRESS)
        home = os.path.join(folder, f"baresip-{self.port}")
        os.mkdir(home)
        modules = next(p for p in ("/usr/lib/baresip/modules",
                                   "/usr/lib/x86_64-linux-gnu/baresip/modules")
                       if os.path.isdir(p))
        with open(os.path.join(home, "both.pem"), "w") as out:
            for part in (pair[1], pair[0]):
                with open(part) as f:
                    out.write(f.read())
        with open(os.path.join(home, "config"), "w") as f:
            f.write(BARESIP.format(address=ADDRESS, port=self.port, home=home,
                                   modules=modules))
            f.write("module_app echo.so\n" if echo else "")
        with open(os.path.join(home, "accounts"), "w") as f:
            f.write(ACCOUNTS.format(user="echo" if echo else "ring", address=ADDRESS))
        with open(os.path.join(home, "contacts"), "w"):
            pass
        super().__init__(folder, f"baresip-{self.port}", ["baresip", "-f", home])
        wait_for("baresip", lambda: self.check() or (
            "baresip is ready" in self.log_text() and listens("udp", self.port)), 20)

    def uri(self, user="echo", transport="udp"):
        port = self.port + (transport == "tls")
        return f"sip:{user}@{ADDRESS}:{port};transport={transport}"
