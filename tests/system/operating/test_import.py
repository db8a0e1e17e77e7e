"""
Imports: real-looking files of other servers against the output expected of them, which the
validator then takes; and a real Kamailio's reading of the same list.
"""

import json
import os
import re
import socket
import subprocess
import unittest

from harness import ROOT, Case, free_port, run, wait_for
from peers import Program, missing

DATA = os.path.join(ROOT, "tests", "data", "import")
SOURCES = ("kamailio", "asterisk", "freeswitch")

# A trunk or more of each form: what is printed of it must be taken again.
FORMS = {
    "dispatcher.list": ("kamailio", 2, """
1 sip:u:pw@a.example 0x8 0 duid=a;ping_socket=udp:192.0.2.1:5060;x=y
2 sips:[2001:db8::1]:5061 4 -1 ping_from=sip:p@b.example;obproxy=<sip:c.example;lr>
"""),
    "kamcmd": ("kamailio", 2, """
{
\tRECORDS: {
\t\tSET: {
\t\t\tID: 1
\t\t\tTARGETS: {
\t\t\t\tDEST: {
\t\t\t\t\tURI: sip:a.example:5060;transport=tcp
\t\t\t\t\tFLAGS: AP
\t\t\t\t\tATTRS: {
\t\t\t\t\t\tBODY: duid="a b"
\t\t\t\t\t}
\t\t\t\t}
\t\t\t\tDEST: {
\t\t\t\t\tURI: sip:b.example
\t\t\t\t\tFLAGS: IX
"""),
    "ds_list.json": ("opensips", 1, json.dumps({"PARTITIONS": [{"name": "default", "SETS": [
        {"id": 3, "Destinations": [{"URI": "sip:a.example", "state": "Inactive"}]}]}]})),
    "dispatcher": ("opensips", 1, "id(int,auto) setid(int) destination(string) "
                   "socket(string,null) state(int) probe_mode(int) description(string)\n"
                   "1:1:sip\\:a.example:udp\\:192.0.2.9:1:0:d\n"),
    "dump.sql": ("opensips", 7, """
CREATE TABLE t (setid int, destination text);
INSERT INTO t VALUES (1, 'sip:a.example'), (2, 'sip:a.example');
INSERT INTO dr_gateways (gwid, address) VALUES ('g', 'b.example:5070');
INSERT INTO load_balancer VALUES (1, 4, 'sip:c.example', 'x=1', 1, NULL, NULL);
INSERT INTO registrant (registrar, aor, username, password) VALUES
 ('sip:r.example', 'sip:me@r.example', 'me', 'pw');
INSERT INTO uacreg (l_uuid, r_domain, r_username, auth_password) VALUES
 ('u', 'r.example', 'me', 'pw');
INSERT INTO lcr_gw (lcr_id, gw_name, ip_addr, transport) VALUES (1, 'l', '192.0.2.1', 3);
"""),
    "table.txt": ("kamailio", 1, "setid\tdestination\n1\tsip:a.example\n"),
    "pjsip.conf": ("asterisk", 4, """
[t]
type=transport
protocol=tls
[a]
type=endpoint
transport=t
aors=a
outbound_auth=a
from_user=u
from_domain=a.example
[a]
type=aor
contact=sip:u:pw@a.example:5061,sip:b.example
[a](+type=aor)
qualify_frequency=1
qualify_timeout=9
[a]
type=auth
username=u
password=pw
[w]
type=wizard
sends_auth=yes
sends_registrations=yes
remote_hosts=w.example:5070
outbound_auth/username=u
outbound_auth/password=pw
"""),
    "sip.conf": ("asterisk", 3, """
[general]
register => tls://u:pw:v@r.example:5061/1
register => u@d.example:pw@a
[a]
type=friend
host=a.example
qualify=500
secret=pw
defaultuser=u
callbackextension=1
outboundproxy=p.example:5061,force
"""),
    "rows.sql": ("asterisk", 2, """
INSERT INTO ps_aors (id, contact, qualify_frequency) VALUES ('a', 'sip:a.example', 60);
INSERT INTO sippeers (name, type, host, secret) VALUES ('p', 'peer', '192.0.2.1', 'pw');
"""),
    "gateways.xml": ("freeswitch", 2, """
<include/><X-PRE-PROCESS cmd="set" data="host=a.example"/>
<gateway name="a"><param name="proxy" value="$${host}:5080"/>
<param name="username" value="u"/><param name="password" value="a&b"/></gateway>
<gateway name="b.example"><param name="register" value="false"/></gateway></include>
"""),
}


def data(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return f.read()


class Files(Case):
    def check(self, text):
        """The validator's word, after the passwords were put where the notes say."""
        path = self.write("config.json", text)
        for t in json.loads(text)["trunks"]:
            if "auth" in t:
                self.write(t["auth"]["password_file"], "secret\n")
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, f"{path}: ok ({len(json.loads(text)['trunks'])} trunks)\n")

    def test_samples(self):
        for source in SOURCES:
            with self.subTest(source):
                code, out, err = run("import", source, f"{source}.in", cwd=DATA)
                self.assertEqual(code, 0, err)
                self.assertEqual(err, data(f"{source}.notes"))
                self.assertEqual(out, data(f"{source}.json"))
                self.check(out)

    def test_every_form_is_taken_again(self):
        for name, (source, count, text) in FORMS.items():
            with self.subTest(name):
                code, out, err = run("import", source, self.write(name, text))
                self.assertEqual(code, 0, err)
                self.assertEqual(len(json.loads(out)["trunks"]), count, out + err)
                self.check(out)

    def test_no_password_is_shown(self):
        for source in ("asterisk", "freeswitch"):
            _, out, err = run("import", source, f"{source}.in", cwd=DATA)
            self.assertIn("do-not-print-me", data(f"{source}.in"))
            self.assertNotIn("do-not-print-me", out + err)

    def test_notes_name_lines(self):
        for source in SOURCES:
            lines = data(f"{source}.in").splitlines()
            *notes, last = data(f"{source}.notes").splitlines()
            self.assertRegex(last, r"^\d+ trunks$")
            for note in notes:
                m = re.fullmatch(rf"{source}\.in:(\d+): "
                                 r"(left out|changed|paused|to do): .+", note)
                self.assertTrue(m, note)
                self.assertLessEqual(int(m[1]), len(lines))
                self.assertTrue(lines[int(m[1]) - 1].strip(), note)

    def one(self, source, text, *more):
        path = self.write("in", text)
        code, out, err = run("import", source, path, *more)
        return code, json.loads(out)["trunks"] if out else [], err.replace(path, "in")

    def test_two_files_are_one(self):
        first = self.write("a.conf", "[tpl](!)\ntype=aor\nqualify_frequency=20\n")
        second = self.write("b.conf", "[x](tpl)\ncontact=sip:x.example\n")
        code, out, err = run("import", "asterisk", first, second)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["trunks"], [
            {"name": "x", "uri": "sip:x.example", "interval": "20s"}])

    def test_one_bad_file_of_forty(self):
        names = []
        for i in range(40):
            text = f'<gateway name="g{i}.example"/>'
            names.append(self.write(f"g{i}.xml", text))
        self.write("g7.xml", "<!DOCTYPE x [<!ENTITY e 'f'>]><gateway name='&e;'/>")
        self.write("g8.xml", "<!-- nothing -->")
        self.write("g9.xml", "")
        names.insert(3, self.path("none.xml"))
        code, out, err = run("import", "freeswitch", *names)
        self.assertEqual(code, 1)
        self.assertEqual([t["name"] for t in json.loads(out)["trunks"]],
                         [f"g{i}.example" for i in range(40) if not 7 <= i <= 9])
        self.assertIn(f"{self.path('g7.xml')}:1: a document type", err)
        self.assertIn(f"{self.path('none.xml')}: No such file", err)
        for good in ("g8.xml", "g9.xml", "g10.xml"):
            self.assertNotRegex(err, rf"/{good}[: ].*(left out|: a document)")

    def test_files_at_hand_are_not_asked_for(self):
        os.makedirs(self.path("pjsip.d"))
        main = self.write("pjsip.conf", "#include tpl.conf\n#include pjsip.d/*.conf\n"
                          "#include other.conf\n")
        tpl = self.write("tpl.conf", "[tpl](!)\ntype=aor\nqualify_frequency=20\n")
        more = self.write("pjsip.d/a.conf", "[x](tpl)\ncontact=sip:x.example\n")
        code, out, err = run("import", "asterisk", more, main, tpl)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["trunks"], [
            {"name": "x", "uri": "sip:x.example", "interval": "20s"}])
        self.assertEqual(err.replace(main, "main"),
                         "main:3: left out: #include other.conf is not followed; name "
                         "that file too\n1 trunk\n")

    def test_names_are_unique(self):
        text = "".join(f"{i} sip:a.example:5060\n" for i in range(3)) + \
            "4 sip:b.example 0 0 duid=a.example:5060-2\n"
        code, trunks, _ = self.one("kamailio", text)
        self.assertEqual(code, 0)
        self.assertEqual([t["name"] for t in trunks], [
            "a.example:5060", "a.example:5060-2", "a.example:5060-3",
            "a.example:5060-2-2"])

    def test_asterisk_details(self):
        code, trunks, err = self.one("asterisk", (
            "[a]\r\ntype => aor\r\ncontact => sip:u@a.example ; c\r\n"
            "[a](+)\nqualify_frequency=15 ;-- not\n qualify_frequency=99 --;\n"
            "qualify_timeout = 2.5\n"
            "[b](nobody)\ntype=aor\ncontact=mailto:x\n"))
        self.assertEqual(code, 0, err)
        self.assertEqual(trunks, [{"name": "a", "uri": "sip:u@a.example",
                                   "interval": "15s", "timeout": "2s500ms"}])
        self.assertIn('in:8: left out: there is no template "nobody"', err)
        self.assertIn('in:10: left out: contact "mailto:x"', err)

    def test_odd_but_right(self):
        """What files of the field have, and the programs themselves take."""
        odd = {
            "kamailio": ("\ufeff# Windows\r\n1\tsip:10.0.0.1\t0\t0\tduid=gw1\r\n"
                         "2   10.0.0.2:5070\r\n\r\n# no line end after the last one\r\n"
                         "3 SIP:[2001:DB8::1]:5060;transport=TCP",
                         ["sip:10.0.0.1", "sip:10.0.0.2:5070",
                          "SIP:[2001:DB8::1]:5060;transport=TCP"]),
            "asterisk": ("\ufeff[a]\r\nType = AOR\r\nCONTACT=sip:10.0.0.1:5060, "
                         "sip:10.0.0.2,,\r\n;comment\r\n#exec /bin/true\r\n"
                         "[b]\ntype=aor\ncontact=<sip:10.0.0.3\\;transport=tcp>",
                         ["sip:10.0.0.1:5060", "sip:10.0.0.2",
                          "sip:10.0.0.3;transport=tcp"]),
            "freeswitch": ("\ufeff<?xml version='1.0'?>\r\n<configuration><profiles>"
                           "<profile name='external'><gateways>\r\n"
                           "<gateway name='a'><param value='10.0.0.1' name='proxy'/>"
                           "<param name='register' value='false'/></gateway>\r\n"
                           "<gateway name=\"b\">\n<!-- <param name='proxy' value='x'/> -->"
                           "<param\n name=\"proxy\"\n value=\"[2001:db8::9]:5060\"/>"
                           "<param name='register' value='false'/>"
                           "</gateway></gateways></profile></profiles></configuration>",
                           ["sip:10.0.0.1", "sip:[2001:db8::9]:5060"]),
        }
        for source, (text, want) in odd.items():
            with self.subTest(source):
                path = self.path("odd")
                with open(path, "w", newline="", encoding="utf-8") as f:
                    f.write(text)
                code, out, err = run("import", source, path)
                self.assertEqual(code, 0, err)
                self.assertEqual([t["uri"] for t in json.loads(out)["trunks"]], want, err)
                self.check(out)

    def test_what_is_no_such_file(self):
        entity = ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                  '<gateway name="a"><param name="proxy" value="&e;"/></gateway>')
        for source, text, want in (
                ("freeswitch", "<include>\n<gateway>", "in:2: left out: a gateway without a name"),
                ("freeswitch", entity,
                 "in:1: a document type, and so entities, are refused"),
                ("freeswitch", "<include/>", "no trunk found"),
                ("kamailio", "# nothing\n\n", "no trunk found"),
                ("kamailio", "x sip:a.example\n",
                 "in:1: left out: not of the form SET DESTINATION"),
                ("kamailio", "1 http://a/\n", 'in:1: left out: destination "http://a/"'),
                ("kamailio", "1 sip:a.example zero\n",
                 "in:1: left out: flags and priority are not numbers"),
                ("asterisk", "contact=sip:a.example\n",
                 "in:1: left out: a setting outside of a section"),
                ("asterisk", "[a\n", "in:1: left out: a section without ']'")):
            with self.subTest(text):
                code, trunks, err = self.one(source, text)
                self.assertEqual((code, trunks), (1, []))
                self.assertIn(want, err)

    def test_bounds(self):
        path = self.write("big", "1 sip:a.example\n" + "#" * (16 * 1024 * 1024))
        code, out, err = run("import", "kamailio", path)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("it is larger than an import may be", err)
        # Many trunks in a time that grows with their number.
        begun = sum(os.times()[2:4])
        path = self.write("many", "".join(
            f"1 sip:10.{i >> 8 & 255}.{i & 255}.1\n" for i in range(30000)) +
            "2 sip:same.example\n" * 30000)
        code, out, err = run("import", "kamailio", path)
        self.assertEqual(code, 0)
        self.assertEqual(len(json.loads(out)["trunks"]), 30001)
        self.assertEqual(err.count('"same.example" is the same as in'), 29999)
        self.assertLess(sum(os.times()[2:4]) - begun, 10)


class Usage(Case):
    def test_help(self):
        for args in (["--help"], ["kamailio", "-h"]):
            code, out, err = run("import", *args)
            self.assertEqual((code, err), (0, ""))
            for source in (*SOURCES, "opensips"):
                self.assertIn(f"\n  {source} ", out)
            self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_in_the_manual(self):
        with open(os.path.join(ROOT, "man", "siptrunk_exporter.1")) as f:
            text = f.read()
        for source in (*SOURCES, "opensips"):
            self.assertIn(f".It Cm {source} ", text)

    def test_wrong_lines(self):
        for args, want in (
                ([], "it needs a source"),
                (["yate", "x"], "none of kamailio, opensips, asterisk, freeswitch: yate"),
                (["kamailio"], "it needs a file after kamailio"),
                (["kamailio", "--loud", "x"], "unknown flag --loud"),
                (["--hlep"], "unknown flag --hlep, did you mean --help?")):
            with self.subTest(args):
                code, out, err = run("import", *args)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(want, err)
                self.assertIn("siptrunk_exporter import --help", err)

    def test_file_that_is_not_there(self):
        code, out, err = run("import", "kamailio", self.path("none"))
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err, f"siptrunk_exporter: import: {self.path('none')}: "
                              "No such file or directory\n")

    def test_standard_input(self):
        out = subprocess.run(
            [os.environ["SIPTRUNK_EXPORTER"], "import", "kamailio", "-"],
            input="1 sip:a.example 0 3\n", capture_output=True, text=True)
        self.assertEqual(out.returncode, 0)
        self.assertIn("standard input:1: left out: priority 3", out.stderr)


KAMAILIO = """
debug=1
log_stderror=yes
children=1
auto_aliases=no
listen=udp:127.0.0.1:{port}
enable_tls=no
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "jsonrpcs.so"
loadmodule "ctl.so"
loadmodule "db_text.so"
loadmodule "dispatcher.so"
modparam("ctl", "binrpc", "unix:{folder}/ctl.sock")
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{folder}/rpc.sock")
modparam("dispatcher", "{key}", "{value}")
modparam("dispatcher", "ds_ping_interval", 0)
request_route {{ exit; }}
"""


@unittest.skipIf(missing("kamailio"), "needs Kamailio")
class Real(Case):
    """What a real Kamailio makes of a list, entry by entry."""

    def rpc(self, method):
        client = self.path("client.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(client)
            try:
                s.settimeout(5)
                s.connect(self.path("rpc.sock"))
                s.send(json.dumps(
                    {"jsonrpc": "2.0", "method": method, "id": 1}).encode())
                return json.loads(s.recv(1 << 20))["result"]
            finally:
                os.unlink(client)

    def start(self, key, value):
        config = self.write("kamailio.cfg", KAMAILIO.format(
            port=free_port(socket.SOCK_DGRAM), folder=self.folder, key=key, value=value))
        os.mkdir(self.path("run"))
        program = Program(self.folder, "kamailio", [
            "kamailio", "-f", config, "-DD", "-E", "-w", self.folder,
            "-Y", self.path("run"), "-P", self.path("run/pid"), "-m", "32", "-M", "8"])
        self.use(program)
        wait_for("Kamailio", lambda: program.check() or self.rpc("core.version"), 20)

    def destinations(self, text):
        """[(set, uri, flags, priority, attributes)] as Kamailio has them."""
        self.start("list_file", self.write("dispatcher.list", text))
        return self.known()

    def known(self):
        found = []
        for record in self.rpc("dispatcher.list")["RECORDS"]:
            number = record["SET"]["ID"]
            for target in record["SET"]["TARGETS"]:
                d = target["DEST"]
                attributes = (d.get("ATTRS") or {}).get("BODY") or ""
                found.append((number, d["URI"], d["FLAGS"], d["PRIORITY"], attributes))
        return found

    def test_it_reads_the_list_as_we_do(self):
        # Names that nobody resolves would keep Kamailio from starting.
        text = re.sub(r"[\w.-]+\.example(\.com)?(?=[:;\s\n])", "203.0.113.99",
                      data("kamailio.in"))
        # Without an IPv6 socket of its own it takes no such destination.
        text = text.replace("[2001:db8::5]", "203.0.113.98")
        # Sockets have to be Kamailio's own.
        text = re.sub(r"socket=[^;\s]+;?", "", text)
        theirs = self.destinations(text)
        code, out, err = run("import", "kamailio", self.path("dispatcher.list"))
        self.assertEqual(code, 0, err)
        ours = json.loads(out)["trunks"]
        self.assertEqual(
            sorted((int(t["labels"]["dispatcher_set"]), t["uri"]) for t in ours),
            sorted((number, uri) for number, uri, *_ in theirs))
        # The letter after the state: D disabled, I inactive; P when it is probed.
        paused = {(int(t["labels"]["dispatcher_set"]), t["uri"])
                  for t in ours if t.get("paused")}
        for number, uri, flags, priority, attributes in theirs:
            with self.subTest(uri):
                if (number, uri) in paused:
                    self.assertRegex(flags, "^[ADTI][XNP]$")
                else:
                    self.assertNotRegex(flags, "^D")
                duid = re.search(r"duid=([^;]+)", attributes)
                if duid:
                    self.assertIn((number, uri, duid[1]), {
                        (int(t["labels"]["dispatcher_set"]), t["uri"], t["name"])
                        for t in ours})
        disabled = {(n, u) for n, u, flags, *_ in theirs if flags.startswith("D")}
        self.assertTrue(disabled)
        self.assertLessEqual(disabled, paused)

    def trunks(self, name):
        """{(set, uri): paused} of what is made of a file."""
        code, out, err = run("import", "kamailio", self.path(name))
        self.assertEqual(code, 0, err)
        return {(int(t["labels"]["dispatcher_set"]), t["uri"]): t.get("paused", False)
                for t in json.loads(out)["trunks"]}

    def test_its_table_and_what_its_rpc_prints(self):
        """A table of db_text that Kamailio reads, and its own word of it, in two forms."""
        os.mkdir(self.path("db"))
        self.write("db/version", "table_name(string) table_version(int)\ndispatcher:4\n")
        self.write("db/dispatcher", (
            "id(int,auto) setid(int) destination(string) flags(int) priority(int) "
            "attrs(string,null) description(string,null)\n"
            "1:1:sip\\:203.0.113.1\\:5070:0:0:duid=a;weight=50:one\n"
            "2:1:sip\\:203.0.113.2:4:0::two\n"
            "3:7:sip\\:203.0.113.3\\:5060;transport=tcp:8:0::\n"))
        self.start("db_url", f"text://{self.path('db')}")
        known = {(number, uri): flags.startswith("D")
                 for number, uri, flags, *_ in self.known()}
        self.assertEqual(len(known), 3)
        self.assertEqual(self.trunks("db/dispatcher"), known)
        self.write("rpc.json", json.dumps(
            {"jsonrpc": "2.0", "result": self.rpc("dispatcher.list"), "id": 1}))
        self.assertEqual(self.trunks("rpc.json"), known)
        printed = subprocess.run(
            ["kamcmd", "-s", f"unix:{self.path('ctl.sock')}", "dispatcher.list"],
            capture_output=True, text=True, timeout=20, check=True)
        self.write("kamcmd.txt", printed.stdout)
        self.assertEqual(self.trunks("kamcmd.txt"), known)
