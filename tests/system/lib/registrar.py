"""Kamailio as a registrar that asks for Digest credentials, which its database holds."""

import contextlib
import json
import os
import socket

from harness import free_port, wait_for
from peers import Program, kamailio

CONFIG = """
{listen}
listen=tcp:127.0.0.1:{tcp}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "nathelper.so"
loadmodule "registrar.so"
loadmodule "db_text.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "jsonrpcs.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", {min_expires})
modparam("registrar", "max_expires", {max_expires})
modparam("registrar", "method_filtering", 0)
modparam("auth_db", "db_url", "text://{folder}/db")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_expire", {nonce_expire})
modparam("auth", "nonce_count", {nonce_count})
modparam("auth", "qop", "{qop}")
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{folder}/rpc.sock")
request_route {{
    if (!auth_check("{realm}", "subscriber", "0")) {{
        if ({forbids} && $retcode == -2) {{
            sl_send_reply("403", "Forbidden");
            exit;
        }}
        auth_challenge("{realm}", "{flags}");
        exit;
    }}
    consume_credentials();
    if (is_method("REGISTER")) {{
        if ($hdr(Expires) =~ "^[0-9]+$" && $(hdr(Expires){{s.int}}) > 0 &&
                $(hdr(Expires){{s.int}}) < {brief}) {{
            append_to_reply("Min-Expires: {brief}\r\n");
            sl_send_reply("423", "Interval Too Brief");
            exit;
        }}
        {before_save}
        save("location");
        exit;
    }}
    sl_send_reply("200", "OK");
}}
"""


class Registrar(Program):
    def __init__(self, folder, realm="127.0.0.1", algorithm="", nonce_expire=300,
                 nonce_count=1, qop="auth", flags=1, min_expires=0, max_expires=0,
                 brief=0, forbids=False, hosts=("127.0.0.1",), before_save=""):
        """`forbids`: a wrong password is answered with 403, and not challenged anew."""
        self.folder = folder
        self.udp, self.tcp = free_port(socket.SOCK_DGRAM), free_port()
        db = os.path.join(folder, "db")
        os.mkdir(db)
        self.put(db, "version", "table_name(string) table_version(int)\nsubscriber:7\n")
        self.put(db, "subscriber", "id(int,auto) username(string) domain(string) "
                 f"password(string)\n1:u:{realm}:secret\n")
        super().__init__(folder, "registrar", kamailio(folder, CONFIG.format(
            folder=folder, udp=self.udp, before_save=before_save,
            listen="\n".join(f"listen=udp:{h}:{self.udp}" for h in hosts), tcp=self.tcp,
            realm=realm, algorithm=algorithm, nonce_expire=nonce_expire, nonce_count=nonce_count, qop=qop, flags=flags,
            min_expires=min_expires, max_expires=max_expires, brief=brief,
            forbids=int(forbids)), 64))
        wait_for("the registrar", lambda: self.check() or self.rpc("core.uptime"), 20)

    @staticmethod
    def put(folder, name, text):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)

    def rpc(self, method, *params):
        mine = os.path.join(self.folder, "client.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(mine)
            s.bind(mine)
            s.settimeout(2)
            s.sendto(json.dumps({"jsonrpc": "2.0", "method": method, "id": 1,
                                 "params": list(params)}).encode(),
                     os.path.join(self.folder, "rpc.sock"))
            answer = json.loads(s.recv(65535))
        if "error" in answer:
            raise LookupError(answer["error"])
        return answer["result"]

    def contacts(self):
        """Every binding in the location table: [{"Address": …, "Expires": …}]."""
        found = []
        for domain in self.rpc("ul.dump")["Domains"]:
            for aor in domain["Domain"]["AoRs"]:
                for c in aor["Info"]["Contacts"]:
                    found.append({"AoR": aor["Info"]["AoR"], **c["Contact"]})
        return found
