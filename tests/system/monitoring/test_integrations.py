"""
docs/integrations.md, run: each configuration in it is taken out as it stands, with nothing
changed but names and addresses, and given to the program that it is for.
"""

import json
import os
import pwd
import re
import shutil
import subprocess
import unittest

import yaml

from harness import EXE, PATIENCE, ROOT, Case, config_of, free_port, trunk, wait_for
from peers import Program, find, missing
from sip_peer import SipPeer, answer, mute

PROGRAM = "/usr/bin/siptrunk_exporter"
ON_DEMAND = "sip:sbc.carrier.example;transport=tcp"
ISP_A = "sip:sbc.isp-a.example;transport=tcp"


def sections():
    """{title: [code of each block]}"""
    found, title, block = {}, None, None
    with open(os.path.join(ROOT, "docs", "integrations.md")) as f:
        for line in f:
            if line.startswith("```"):
                if block is None:
                    block = []
                else:
                    found[title].append("".join(block))
                    block = None
            elif block is not None:
                block.append(line)
            elif line.startswith("## "):
                title = line[3:].strip()
                found[title] = []
    return found


DOCS = sections()


def execute(*argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60 * PATIENCE, **more)


class Integrations(Case):
    def peer(self, behaviour=None, transport="tcp"):
        return self.use(SipPeer(behaviour or answer(200), transport))

    def changed(self, text, **more):
        """The program under test instead of the installed one, and real addresses."""
        for old, new in {PROGRAM: EXE, **more}.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text

    def need(self, *programs):
        if missing(*programs):
            self.skipTest(f"{missing(*programs)} is not installed")


class TimeSeries(Integrations):
    def test_prometheus(self):
        self.need("prometheus", "promtool")
        peer = self.peer()
        e = self.start(config_of(trunk("isp-a", peer.uri), probe={"allow": ["127.0.0.0/8"]}))
        scheduled, on_demand = DOCS["Prometheus"]
        text = scheduled + on_demand.replace(ON_DEMAND, peer.uri)
        text = text.replace("exporter.example:10060", e.base.split("/")[2])
        path = self.write("prometheus.yml",
                          "global: {scrape_interval: 1s, scrape_timeout: 1s}\n" + text)
        r = execute(find("promtool"), "check", "config", path)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        port = free_port()
        p = self.use(Program(self.folder, "prometheus", [
            "prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}"]))

        def ask(expression):
            r = execute(find("promtool"), "query", "instant",
                        f"http://127.0.0.1:{port}", expression)
            p.check()
            return r.stdout
        wait_for("the scheduled trunk", lambda: 'trunk="isp-a"' in ask(
            'siptrunk_up{job="siptrunk"} == 1'), 40)
        for target in ("isp-a", peer.uri):
            wait_for(target, lambda t=target: f'instance="{t}"' in ask(
                'probe_success{job="sip"} == 1'), 40)

    def test_alertmanager(self):
        self.need("promtool")
        rule, = yaml.safe_load(DOCS["Alertmanager"][0])
        self.write("rules.yml", json.dumps({"groups": [{"name": "docs", "rules": [rule]}]}))
        path = self.write("test.yml", json.dumps({
            "rule_files": ["rules.yml"], "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": [
                {"series": 'probe_success{instance="isp-a"}', "values": "1 0x9"},
                {"series": 'probe_success{instance="isp-b"}', "values": "1x9"}],
                "alert_rule_test": [
                    {"eval_time": "3m", "alertname": rule["alert"], "exp_alerts": []},
                    {"eval_time": "5m", "alertname": rule["alert"], "exp_alerts": [{
                        "exp_labels": {"instance": "isp-a", **rule["labels"]},
                        "exp_annotations": {
                            "summary": rule["annotations"]["summary"],
                            "description": "isp-a has been down for three minutes."},
                    }]}]}]}))
        r = execute(find("promtool"), "test", "rules", path)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)


class Plugins(Integrations):
    NAGIOS = """
log_file={folder}/nagios.log
cfg_file={folder}/objects.cfg
object_cache_file={folder}/objects.cache
status_file={folder}/status.dat
temp_file={folder}/nagios.tmp
temp_path={folder}
check_result_path={folder}/results
lock_file={folder}/nagios.lock
command_file={folder}/nagios.cmd
state_retention_file={folder}/retention.dat
query_socket={folder}/nagios.qh
check_external_commands=0
status_update_interval=1
interval_length=1
illegal_macro_output_chars=`~$&|'"<>
nagios_user={user}
nagios_group={user}
"""
    OBJECTS = """
define timeperiod {
    timeperiod_name  always
    alias            always
    sunday           00:00-24:00
    monday           00:00-24:00
    tuesday          00:00-24:00
    wednesday        00:00-24:00
    thursday         00:00-24:00
    friday           00:00-24:00
    saturday         00:00-24:00
}
define command {
    command_name  tell-nobody
    command_line  /bin/true
}
define contact {
    contact_name                   nobody
    host_notification_period       always
    service_notification_period    always
    host_notification_commands     tell-nobody
    service_notification_commands  tell-nobody
}
define host {
    host_name           isp-a
    address             127.0.0.1
    max_check_attempts  1
    check_interval      0
    check_command       tell-nobody
    check_period        always
    contacts            nobody
    notification_period always
}
define service {
    name                generic-service
    max_check_attempts  1
    check_interval      1
    retry_interval      1
    check_period        always
    contacts            nobody
    notification_period always
    register            0
}
"""

    def test_nagios(self):
        self.need("nagios4")
        if os.geteuid():
            self.skipTest("Nagios changes its user, which needs root")
        good, bad = self.peer(), self.peer(mute)
        command, service = DOCS["Nagios"][0].split("define service", 1)
        command = self.changed(command)
        service = "define service" + service
        escaped = ISP_A.replace(";", "\\;")
        objects = self.OBJECTS + command + service.replace(
            escaped, good.uri.replace(";", "\\;"))
        objects += service.replace(escaped, bad.uri.replace(";", "\\;")).replace(
            "SIP trunk", "mute").replace("siptrunk!", "siptrunk!", 1)
        self.write("objects.cfg", objects)
        user = pwd.getpwnam("nagios").pw_name
        path = self.write("nagios.cfg", self.NAGIOS.format(folder=self.folder, user=user))
        os.mkdir(self.path("results"))
        for folder, _, files in os.walk(self.folder):
            shutil.chown(folder, user)
            os.chmod(folder, 0o755)
        r = execute(find("nagios4"), "-v", path)
        self.assertEqual(r.returncode, 0, r.stdout)
        self.assertIn("Total Warnings: 0", r.stdout)
        p = self.use(Program(self.folder, "nagios", ["nagios4", path]))

        def services():
            p.check()
            with open(self.path("status.dat")) as f:
                blocks = re.findall(r"servicestatus \{(.*?)\n\t\}", f.read(), re.S)
            found = [dict(l.strip().split("=", 1) for l in b.strip().splitlines())
                     for b in blocks]
            return {s["service_description"]: s for s in found
                    if s["has_been_checked"] == "1"}
        found = wait_for("both checks", lambda: len(services()) == 2 and services(), 40)
        self.assertEqual(found["SIP trunk"]["current_state"], "0")
        self.assertTrue(found["SIP trunk"]["plugin_output"].startswith("SIP OK: "))
        self.assertRegex(found["SIP trunk"]["performance_data"],
                         r"^time=[\d.]+s;0.5;2;0;5 ")
        self.assertEqual(found["mute"]["current_state"], "2")

    def test_icinga(self):
        self.need("icinga2")
        good, bad = self.peer(), self.peer(mute)
        text = self.changed(DOCS["Icinga 2"][0], **{ISP_A: good.uri})
        command, apply = text.split("apply Service", 1)
        apply = "apply Service" + apply
        for folder in ("run", "data", "log", "cache", "spool", "data/api"):
            os.makedirs(self.path(folder), exist_ok=True)
        path = self.write("icinga2.conf", f"""
const PluginDir = "/usr/lib/nagios/plugins"
object CheckerComponent "checker" {{ }}
object CheckCommand "dummy" {{ command = [ "/bin/true" ] }}
template Service "often" default {{ check_interval = 2s; retry_interval = 2s }}
object Host "isp-a" {{ check_command = "dummy" }}
object FileLogger "log" {{ severity = "debug"; path = "{self.folder}/icinga.log" }}
{command}
{apply}
{apply.replace(good.uri, bad.uri).replace('"sip-trunk"', '"mute"')}
""")
        user = pwd.getpwuid(os.geteuid()).pw_name
        flags = [f"-D{n}={v}" for n, v in {
            "RunAsUser": user, "RunAsGroup": user, "DataDir": self.path("data"),
            "LogDir": self.path("log"), "CacheDir": self.path("cache"),
            "SpoolDir": self.path("spool"), "InitRunDir": self.path("run"),
            "PidPath": self.path("run/pid"), "StatePath": self.path("data/state"),
            "ObjectsPath": self.path("data/objects"),
            "VarsPath": self.path("data/vars")}.items()]
        r = execute(find("icinga2"), "daemon", "-C", "-c", path, *flags)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn("Instantiated 2 Services", r.stdout)
        self.use(Program(self.folder, "icinga", ["icinga2", "daemon", "-c", path, *flags]))

        def ended(uri):
            """The exit code of a check, as the debug log has it."""
            if not os.path.exists(self.path("icinga.log")):
                return None
            with open(self.path("icinga.log")) as f:
                text = f.read()
            pids = re.findall(r"Running command [^\n]*" + re.escape(uri)
                              + r"[^\n]*PID (\d+)", text)
            codes = [re.search(rf"PID {p} [^\n]*terminated with exit code (\d)", text)
                     for p in pids]
            return next((c[1] for c in codes if c), None)
        self.assertEqual(wait_for("the check", lambda: ended(good.uri), 100), "0")
        self.assertEqual(wait_for("the other", lambda: ended(bad.uri), 100), "2")

    def test_zabbix(self):
        self.need("zabbix_agentd")
        peer = self.peer()
        trunks = self.write("trunks.json", json.dumps(config_of(trunk("isp-a", peer.uri))))
        line = self.changed(DOCS["Zabbix"][0],
                            **{"/etc/siptrunk_exporter/trunks.json": trunks})
        path = self.write("agent.conf", f"LogFile={self.folder}/agent.log\n"
                                        f"Hostname=a\nServer=127.0.0.1\n{line}")
        r = execute(find("zabbix_agentd"), "-c", path, "-t", "siptrunk.probe[isp-a]")
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        told = json.loads(re.search(r"\[t\|(.*)\]", r.stdout, re.S)[1])
        # The paths that the page names, in the part of JSONPath that they use.
        with open(os.path.join(ROOT, "docs", "integrations.md")) as f:
            paths = re.findall(r"`(\$\.[^`]*)`", f.read())
        self.assertEqual(len(paths), 3)
        for path in paths:
            value = told
            for key in re.findall(r"[A-Za-z_]+|\d+", path):
                if key == "certificate":
                    self.assertIn(key, value)
                    value = None
                    break
                value = value[int(key)] if key.isdigit() else value[key]
            if "certificate" not in path:
                self.assertIsInstance(value, (int, float), path)


class Boxes(Integrations):
    def shell(self, line, **more):
        """A command of the page, with our program and addresses, run by a shell."""
        return execute("sh", "-c", self.changed(line, **more))

    def test_solarwinds(self):
        line = DOCS["SolarWinds Orion"][0].replace("siptrunk_exporter", PROGRAM, 1)
        with open(os.path.join(ROOT, "docs", "integrations.md")) as f:
            page = f.read()
        names = re.findall(r"`([A-Z][A-Za-z]+)`", re.search(
            r"Eight pairs come.*?Statistics are", page, re.S)[0])
        names = [n for n in names if n != "State"]
        for behaviour, code, state in ((answer(200), 0, "2"), (answer(503), 2, "1"),
                                       (mute, 1, "0")):
            r = self.shell(line, **{ISP_A: self.peer(behaviour).uri})
            self.assertEqual(r.returncode, code, r.stdout + r.stderr)
            pairs = re.findall(r"^Statistic\.(\w+): (-?\d+)\nMessage\.(\w+): ", r.stdout,
                               re.M)
            self.assertEqual([p[0] for p in pairs], ["State", *names])
            self.assertEqual(pairs[0][1], state)
            self.assertTrue(all(p[0] == p[2] for p in pairs))

    def test_api_poller(self):
        peer = self.peer()
        e = self.start(config_of(trunk("isp-a", peer.uri)))
        e.settled("isp-a", 1)
        self.assertEqual(json.loads(e.get("/api/v1/trunks/isp-a"))["state"], "up")

    def test_scom(self):
        self.need("xmllint")
        text = open(os.path.join(ROOT, "docs", "integrations.md")).read()
        bad, warn, good = re.search(
            r"Error expression: `(.*?)`; warning: `(.*?)`; healthy: `(.*?)`", text).groups()
        left = bad.split(" > ")[0]
        rules = {"error": bad, "warning": left + " " + warn, "healthy": left + " " + good}
        for behaviour, want in ((answer(200), "healthy"), (answer(503), "warning"),
                                (mute, "error")):
            r = self.shell(DOCS["SCOM"][0], **{ISP_A: self.peer(behaviour).uri})
            data = self.write("data.xml", f"""<DataItem type="Microsoft.Unix" xmlns="urn:x">
<StdOut><![CDATA[{r.stdout}]]></StdOut><ReturnCode>{r.returncode}</ReturnCode></DataItem>""")
            held = [name for name, rule in rules.items() if execute(
                "xmllint", "--xpath", rule, data).stdout.strip() == "true"]
            self.assertEqual(held, [want])


class Whole(unittest.TestCase):
    def test_every_block_is_run(self):
        """A part that is added to the page needs its test here."""
        self.assertEqual({t: len(b) for t, b in DOCS.items()}, {
            "Prometheus": 2, "Alertmanager": 1, "Grafana": 0, "Nagios": 1, "Icinga 2": 1,
            "Zabbix": 1, "SolarWinds Orion": 1, "SCOM": 1})
