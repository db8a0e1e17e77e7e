"""baresip and Asterisk as peers."""

import os
import socket
import subprocess
import tempfile
import unittest

from harness import free_port, wait_for
from peers import Program, bound, find


def port_pair():
    """A port free for UDP and TCP whose neighbour is free for TCP."""
    while True:
        port = free_port(socket.SOCK_DGRAM)
        with socket.socket() as a, socket.socket() as b:
            try:
                a.bind(("127.0.0.1", port))
                b.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


class Baresip(Program):
    """Over UDP, TCP and, on the next port, TLS. It wants a machine with an address."""

    def __init__(self, folder, cert, key):
        self.port = port_pair()
        home = os.path.join(folder, "baresip")
        os.mkdir(home)
        with open(os.path.join(home, "both.pem"), "wb") as out:
            for part in (key, cert):
                with open(part, "rb") as f:
                    out.write(f.read())
        modules = next(p for p in ("/usr/lib/baresip/modules",
                                   "/usr/lib/x86_64-linux-gnu/baresip/modules")
                       if os.path.isdir(p))
        with open(os.path.join(home, "config"), "w") as f:
            f.write(f"poll_method epoll\nsip_listen 127.0.0.1:{self.port}\n"
                    f"sip_certificate {home}/both.pem\nmodule_path {modules}\n"
                    "module_tmp account.so\n")
        with open(os.path.join(home, "accounts"), "w") as f:
            f.write("<sip:test@127.0.0.1>;regint=0\n")
        super().__init__(folder, "baresip-out", ["baresip", "-f", home])
        wait_for("baresip", self.is_ready)

    def is_ready(self):
        text = self.log_text()
        if "could not get network address" in text or "network init failed" in text:
            raise unittest.SkipTest("baresip wants a network address on this machine")
        self.check()
        return "baresip is ready" in text and bound("udp", self.port)

    @staticmethod
    def missing():
        return not find("baresip")


ASTERISK = {
    "asterisk.conf": """
[directories]
astetcdir => {folder}
astmoddir => {modules}
astvarlibdir => /var/lib/asterisk
astdatadir => /usr/share/asterisk
astdbdir => {folder}
astkeydir => {folder}
astspooldir => {folder}
astrundir => {folder}
astlogdir => {folder}
[options]
verbose = 1
nocolor = yes
""",
    "modules.conf": "[modules]\nautoload=no\n" + "".join(
        f"load = {m}.so\n" for m in (
            "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb",
            "res_pjproject", "res_statsd", "res_pjsip", "res_pjsip_session",
            "res_pjsip_endpoint_identifier_ip", "res_pjsip_authenticator_digest",
            "res_http_websocket", "app_echo", "pbx_config")),
    "pjsip.conf": """
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
[tcp]
type=transport
protocol=tcp
bind=127.0.0.1:{port}
[peer]
type=endpoint
context=default
disallow=all
aors=ours
allow=ulaw
[known]
type=identify
endpoint=peer
match=127.0.0.1
[ours]
type=aor
contact=sip:127.0.0.1:{back}
qualify_frequency=1
""",
    "extensions.conf": "[default]\nexten => s,1,Echo()\n",
    "logger.conf": "[logfiles]\nconsole => notice,warning,error\n",
}


class Asterisk(Program):
    """From a folder that holds a Debian with it; see scripts/asterisk-test."""

    root = os.environ.get("SIPTRUNK_ASTERISK_ROOT")

    def __init__(self, folder, back):
        self.port = port_pair()
        self.inside = tempfile.mkdtemp(prefix="siptrunk-", dir=self.root + "/tmp")
        seen = self.inside[len(self.root):]
        modules = next(p for p in ("/usr/lib/x86_64-linux-gnu/asterisk/modules",
                                   "/usr/lib/asterisk/modules")
                       if os.path.isdir(self.root + p))
        for name, text in ASTERISK.items():
            with open(os.path.join(self.inside, name), "w") as f:
                f.write(text.format(folder=seen, modules=modules, port=self.port,
                                    back=back))
        super().__init__(folder, "asterisk", [
            "chroot", self.root, "/usr/sbin/asterisk", "-f", "-C",
            seen + "/asterisk.conf"])
        wait_for("Asterisk", lambda: self.check() or bound("udp", self.port), 30)

    def close(self):
        super().close()
        subprocess.run(["rm", "-rf", self.inside], check=False)
