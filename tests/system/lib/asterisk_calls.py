"""Asterisk that is called: what it loads, whom it knows and what its numbers do."""

import os
import shutil
import socket
import subprocess
import tempfile

from harness import free_port, wait_for
from peers import Program, listens
from user_agents import ASTERISK, Asterisk

MODULES = (
    "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_pjproject",
    "res_statsd", "res_http_websocket", "res_timing_timerfd", "res_rtp_asterisk",
    "res_srtp", "codec_ulaw", "codec_alaw", "res_pjsip", "res_pjsip_session",
    "res_pjsip_sdp_rtp", "res_pjsip_pubsub", "res_pjsip_caller_id", "res_pjsip_rfc3326",
    "res_pjsip_endpoint_identifier_ip", "res_pjsip_authenticator_digest",
    "bridge_simple", "bridge_native_rtp", "bridge_softmix", "bridge_builtin_features",
    "chan_pjsip", "app_echo", "app_dial", "app_playtones", "app_stack", "app_verbose",
    "pbx_config", "func_channel", "func_callerid")

TRANSPORT = """
[{name}]
type=transport
protocol={protocol}
bind={bind}
"""

TLS = """cert_file={folder}/cert.pem
priv_key_file={folder}/key.pem
method=tlsv1_2
"""

# By the address that we call from: plain, and what each of the others wants.
WANTS = {
    "127.0.0.1": "", "[::1]": "",
    "127.0.0.2": "timers=always\ntimers_min_se=90\ntimers_sess_expires=90",
    "127.0.0.3": "100rel=required",
    "127.0.0.4": "media_encryption=sdes\nmedia_encryption_optimistic=no",
    "127.0.0.5": "auth=caller",
}

ENDPOINT = """
[from{n}]
type=endpoint
context=default
disallow=all
allow=ulaw,alaw
direct_media=no
aors=from{n}
{wants}
[from{n}]
type=aor
contact=sip:{back}
[is{n}]
type=identify
endpoint=from{n}
match={match}
"""

BACK = """
[back{name}]
type=endpoint
context=default
disallow=all
allow=ulaw
direct_media=no
transport={transport}
aors=back{name}
{wants}
[back{name}]
type=aor
contact={contact}
"""

DIALPLAN = """
[default]
exten => echo,1,Answer()
 same => n,Echo()
exten => ring,1,Ringing()
 same => n,Wait(200)
exten => early,1,Progress()
 same => n,Playtones(!950/330,!1400/330,!0/340)
 same => n,Wait(1)
 same => n,StopPlaytones()
 same => n,Answer()
 same => n,Echo()
exten => answer,1,Answer()
 same => n,Wait(120)
exten => nis,1,Answer()
 same => n,Playtones(!950/330,!1400/330,!1800/330,!0/1000)
 same => n,Wait(60)
exten => hang,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
exten => busy,1,Busy(2)
exten => 5550001,1,Dial(PJSIP/${EXTEN}@backudp,60)
exten => 5550002,1,Dial(PJSIP/${EXTEN}@backtcp,60)
exten => 5550003,1,Dial(PJSIP/${EXTEN}@backtls,60)
exten => 5550004,1,Dial(PJSIP/${EXTEN}@backsrtp,60)
exten => 5550006,1,Dial(PJSIP/${EXTEN}@backsix,60)
"""


class CallingAsterisk(Program):
    """`homes`: {udp, tcp, tls, six: where our own exporter listens}."""

    def __init__(self, folder, homes, pair):
        self.port, self.tls = free_port(socket.SOCK_DGRAM), free_port()
        root = Asterisk.root
        self.inside = tempfile.mkdtemp(prefix="siptrunk-", dir=root + "/tmp")
        os.chmod(self.inside, 0o755)
        self.seen = self.inside[len(root):]
        modules = next(p for p in ("/usr/lib/x86_64-linux-gnu/asterisk/modules",
                                   "/usr/lib/asterisk/modules")
                       if os.path.isdir(root + p))
        for part, name in zip(pair, ("cert.pem", "key.pem")):
            shutil.copy(part, os.path.join(self.inside, name))
        texts = {
            "asterisk.conf": ASTERISK["asterisk.conf"].format(folder=self.seen,
                                                              modules=modules),
            "logger.conf": ASTERISK["logger.conf"],
            "rtp.conf": "[general]\nrtpstart=25000\nrtpend=25999\n",
            "indications.conf": "[general]\ncountry=us\n[us]\ndescription=x\n",
            "modules.conf": "[modules]\nautoload=no\n" + "".join(
                f"load = {m}.so\n" for m in MODULES),
            "pjsip.conf": self.pjsip(homes), "extensions.conf": DIALPLAN}
        for name, text in texts.items():
            with open(os.path.join(self.inside, name), "w") as f:
                f.write(text)
        super().__init__(folder, "asterisk", [
            "chroot", root, "/usr/sbin/asterisk", "-f", "-C",
            self.seen + "/asterisk.conf"])
        wait_for("Asterisk", lambda: self.check() or (
            listens("udp", self.port) and listens("tcp", self.tls)
            and "Asterisk" in self.cli("core show version")), 30)

    def pjsip(self, homes):
        text = "".join(
            TRANSPORT.format(name=f"{protocol}{family}", protocol=protocol,
                             bind=f"{host}:{port}")
            + (TLS.format(folder=self.seen) if protocol == "tls" else "")
            for protocol, port in (("udp", self.port), ("tcp", self.port),
                                   ("tls", self.tls))
            for family, host in (("", "127.0.0.1"), ("6", "[::1]")))
        text += "\n[caller]\ntype=auth\nauth_type=userpass\nusername=u\npassword=p\n"
        text += "".join(
            ENDPOINT.format(n=n, match=match, wants=wants, back="127.0.0.1")
            for n, (match, wants) in enumerate(WANTS.items()))
        return text + "".join(
            BACK.format(name=name, transport=transport, contact=homes[home],
                        wants=WANTS["127.0.0.4"] if name == "srtp" else "")
            for name, transport, home in (
                ("udp", "udp", "udp"), ("tcp", "tcp", "tcp"), ("tls", "tls", "tls"),
                ("srtp", "udp", "udp"), ("six", "udp6", "six")))

    def cli(self, command):
        return subprocess.run(
            ["chroot", Asterisk.root, "/usr/sbin/asterisk", "-C",
             self.seen + "/asterisk.conf", "-rx", command], capture_output=True,
            text=True, timeout=20).stdout

    def channels(self):
        """Those that are up, by its own count."""
        return [line for line in self.cli("core show channels concise").splitlines()
                if line.startswith("PJSIP/")]

    def close(self):
        super().close()
        shutil.rmtree(self.inside, ignore_errors=True)
