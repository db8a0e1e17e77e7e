"""
deploy/kubernetes: what kustomize makes of it, each field known to the Kubernetes API, and
what must agree with the program, the rules and each other.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
from unittest import mock

import yaml

import harness
from dns_server import A, Server, a
from harness import ROOT, Case, config_of, run, trunk
from peers import missing
from sip_peer import SipPeer

try:
    from kubernetes.client import models
except ImportError:
    models = None

FOLDER = os.path.join(ROOT, "deploy", "kubernetes")
NAME = "app.kubernetes.io/name"
ANNOTATIONS_BYTES = 256 * 1024  # of an object, all together; the object itself has 1 MiB
MODELS = {
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Service"): "V1Service",
    ("v1", "ServiceAccount"): "V1ServiceAccount",
    ("apps/v1", "StatefulSet"): "V1StatefulSet",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
}
OPERATOR = {("monitoring.coreos.com/v1", "PodMonitor"),
            ("monitoring.coreos.com/v1", "PrometheusRule")}


def read(*parts):
    with open(os.path.join(FOLDER, *parts), encoding="utf-8") as f:
        return f.read()


def documents(folder):
    """The resources that a folder's kustomization names, as they are written."""
    found = []
    for name in yaml.safe_load(read(folder, "kustomization.yaml"))["resources"]:
        path = os.path.normpath(os.path.join(folder, name))
        if name.endswith(".yaml"):
            found += yaml.safe_load_all(read(path))
        else:
            found += documents(path)
    return found


def kustomize(folder):
    out = subprocess.run(["kubectl", "kustomize", os.path.join(FOLDER, folder)],
                         capture_output=True, text=True, timeout=60)
    if out.returncode:
        raise AssertionError(out.stderr)
    return list(yaml.safe_load_all(out.stdout))


def unknown_fields(value, kind, where):
    """Every field that the API's own model of a kind does not have, or not so typed."""
    listed = re.fullmatch(r"list\[(.+)\]", kind)
    mapped = re.fullmatch(r"dict\((.+), (.+)\)", kind)
    if listed:
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [u for i, v in enumerate(value)
                for u in unknown_fields(v, listed[1], f"{where}[{i}]")]
    if mapped:
        if not isinstance(value, dict):
            return [f"{where} is no map"]
        return [u for k, v in value.items()
                for u in unknown_fields(v, mapped[2], f"{where}.{k}")]
    plain = {"str": str, "int": int, "bool": bool, "object": object}.get(kind)
    if plain:
        good = isinstance(value, plain) and (plain is not int or value is not True)
        return [] if good else [f"{where} is no {kind}: {value!r}"]
    model = getattr(models, kind)
    types = {json_name: model.openapi_types[name]
             for name, json_name in model.attribute_map.items()}
    if not isinstance(value, dict):
        return [f"{where} is no {kind}"]
    return [u for k, v in value.items() for u in (
        unknown_fields(v, types[k], f"{where}.{k}") if k in types
        else [f"{where}.{k} is not known"])]


def by_kind(docs):
    """{kind: document}; of the dashboards there are several."""
    return {d["kind"]: d for d in docs if not is_dashboard(d)}


def is_dashboard(d):
    return "grafana_dashboard" in d["metadata"].get("labels", {})


def no_mounts():
    r = subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/hosts"],
                       stdin=subprocess.DEVNULL, capture_output=True)
    return r.returncode and "no mount namespace can be made here"


class Files(unittest.TestCase):
    def setUp(self):
        self.kinds = by_kind(documents(""))
        self.set = self.kinds["StatefulSet"]
        self.pod = self.set["spec"]["template"]
        self.container, = self.pod["spec"]["containers"]

    def test_kinds(self):
        self.assertEqual(
            {(d["apiVersion"], d["kind"]) for d in documents("")},
            set(MODELS) | OPERATOR)
        for d in documents(""):
            self.assertRegex(d["metadata"]["name"],
                             r"^siptrunk-exporter-dashboard-[a-z]+$" if is_dashboard(d)
                             else "^siptrunk-exporter$")
            self.assertNotIn("namespace", d["metadata"])

    @unittest.skipIf(models is None, "needs python3-kubernetes")
    def test_fields_are_the_api_s(self):
        for d in documents(""):
            model = MODELS.get((d["apiVersion"], d["kind"]))
            if model:
                self.assertEqual(unknown_fields(d, model, d["kind"]), [])
        self.assertTrue(unknown_fields({"spec": {"replica": 1}}, "V1StatefulSet", ""))
        self.assertTrue(unknown_fields({"spec": {"replicas": "1"}}, "V1StatefulSet", ""))

    def test_selectors_and_names_meet(self):
        labels = self.pod["metadata"]["labels"]
        for selector in (self.set["spec"]["selector"]["matchLabels"],
                         self.kinds["Service"]["spec"]["selector"],
                         self.kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                         self.kinds["PodMonitor"]["spec"]["selector"]["matchLabels"]):
            self.assertTrue(selector)
            self.assertLessEqual(selector.items(), labels.items())
        self.assertEqual(self.set["spec"]["serviceName"],
                         self.kinds["Service"]["metadata"]["name"])
        self.assertEqual(self.kinds["Service"]["spec"]["clusterIP"], "None")
        self.assertEqual(self.pod["spec"]["serviceAccountName"],
                         self.kinds["ServiceAccount"]["metadata"]["name"])
        ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        self.assertEqual(ports, {"http": 10060})
        for probe, path in (("livenessProbe", "/-/healthy"),
                            ("readinessProbe", "/-/ready")):
            self.assertEqual(self.container[probe]["httpGet"],
                             {"path": path, "port": "http"})
        source, = self.pod["spec"]["volumes"][0]["projected"]["sources"]
        self.assertEqual(source["configMap"]["name"],
                         self.kinds["ConfigMap"]["metadata"]["name"])

    def test_no_rights(self):
        spec, box = self.pod["spec"], self.container["securityContext"]
        self.assertIs(self.kinds["ServiceAccount"]["automountServiceAccountToken"], False)
        self.assertIs(spec["automountServiceAccountToken"], False)
        self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
        self.assertEqual(spec["securityContext"]["seccompProfile"],
                         {"type": "RuntimeDefault"})
        self.assertEqual(box, {"allowPrivilegeEscalation": False,
                               "readOnlyRootFilesystem": True,
                               "capabilities": {"drop": ["ALL"]}})
        # The user that the image was made with.
        with open(os.path.join(ROOT, "Dockerfile")) as f:
            self.assertIn(f"USER {spec['securityContext']['runAsUser']}:", f.read())

    def test_shards(self):
        args = self.container["args"]
        self.assertIn("--shard=auto", args)
        self.assertIn(f"--total-shards={self.set['spec']['replicas']}", args)

    def test_dashboards(self):
        """Each is there, found by its label, and small enough for kubectl's annotation."""
        shipped = {p.name: json.loads(p.read_text()) for p in
                   pathlib.Path(ROOT, "grafana", "dashboards").glob("*.json")}
        found = {}
        for d in filter(is_dashboard, documents("")):
            self.assertEqual(d["metadata"]["labels"]["grafana_dashboard"], "1")
            self.assertNotIn("annotations", d["metadata"])
            self.assertLess(len(json.dumps(json.dumps(d))), ANNOTATIONS_BYTES)
            ((name, text),) = d["data"].items()
            found[name] = json.loads(text)
        self.assertEqual(found, shipped)

    def test_what_is_made_is_current(self):
        out = subprocess.run([sys.executable, os.path.join(FOLDER, "generate.py"),
                              "--check"], capture_output=True, text=True)
        self.assertEqual(out.returncode, 0, out.stdout)
        with open(os.path.join(ROOT, "alerts", "siptrunk.rules.yaml")) as f:
            self.assertEqual(self.kinds["PrometheusRule"]["spec"], yaml.safe_load(f))

    @unittest.skipIf(missing("kubectl"), "needs kubectl")
    def test_kustomize(self):
        self.assertEqual(
            sorted(json.dumps(d, sort_keys=True) for d in kustomize("")),
            sorted(json.dumps(d, sort_keys=True) for d in documents("")))

    @unittest.skipIf(missing("kubectl"), "needs kubectl")
    def test_two_vantages(self):
        docs = kustomize("vantages")
        sets = [d for d in docs if d["kind"] == "StatefulSet"]
        self.assertEqual(sorted(d["metadata"]["name"] for d in sets),
                         ["siptrunk-exporter-zone-a", "siptrunk-exporter-zone-b"])
        services = {d["metadata"]["name"] for d in docs if d["kind"] == "Service"}
        zones = set()
        for d in sets:
            self.assertIn(d["spec"]["serviceName"], services)
            zones |= set(d["spec"]["template"]["spec"]["nodeSelector"].values())
            # Neither takes the other's pods for its own.
            for other in sets:
                own = d["spec"]["selector"]["matchLabels"].items()
                labels = other["spec"]["template"]["metadata"]["labels"].items()
                self.assertEqual(own <= labels, d is other)
        self.assertEqual(zones, {"zone-a", "zone-b"})
        # One monitor and one set of rules see both: that is what makes them compare.
        for kind in ("PodMonitor", "PrometheusRule"):
            self.assertEqual(sum(d["kind"] == kind for d in docs), 1)
        monitor = by_kind(docs)["PodMonitor"]
        self.assertEqual(monitor["spec"]["selector"]["matchLabels"],
                         {NAME: "siptrunk-exporter"})


class Program(Case):
    def test_configuration_is_correct(self):
        config = by_kind(documents(""))["ConfigMap"]["data"]["config.json"]
        path = self.write("config.json", config)
        code, out, err = run(f"--config.file={path}", "--config.check")
        self.assertEqual((code, err), (0, ""))
        self.assertIn(": ok (", out)

    def test_flags_exist(self):
        _, text, _ = run("--help")
        args = by_kind(documents(""))["StatefulSet"]["spec"]["template"]["spec"][
            "containers"][0]["args"]
        for arg in args:
            self.assertIn("  " + arg.split("=")[0] + "=", text)

    @unittest.skipIf(no_mounts(), no_mounts())
    def test_short_names_of_services(self):
        """As a kubelet writes resolv.conf; the trunks' names are those of Services."""
        peer = self.use(SipPeer(host="127.0.0.2"))
        zone = {"sbc.voice.svc.cluster.local", "sbc.other.svc.cluster.local"}
        dns = self.use(Server(lambda name, qtype: [a("127.0.0.2")]
                              if qtype == A and name in zone else []))
        resolv = self.write("resolv.conf", f"nameserver {dns.address}\n"
                            "search voice.svc.cluster.local svc.cluster.local cluster.local\n"
                            "options ndots:5\n")
        inside = self.write("inside", "#!/bin/sh\nexec unshare -m sh -c '"
                            'mount --bind "$0" /etc/resolv.conf && exec "$@"'
                            f"' {resolv} {harness.EXE} \"$@\"\n")
        os.chmod(inside, 0o755)
        shipped = json.loads(by_kind(documents(""))["ConfigMap"]["data"]["config.json"])
        with mock.patch.object(harness, "EXE", inside):
            e = self.start(config_of(*(trunk(n, f"sip:{n}:{peer.port}", family="ipv4")
                                       for n in ("sbc", "sbc.other")), dns=shipped["dns"]))
        for name in ("sbc", "sbc.other"):
            e.wait_metric(1, "siptrunk_up", trunk=name)

    def test_an_edited_config_map_is_loaded(self):
        """A kubelet writes a new folder and turns one link over to it."""
        peer = self.use(SipPeer())

        def publish(version, *names):
            folder = self.path(f"..{version}")
            os.mkdir(folder)
            config = config_of(*(trunk(n, peer.uri) for n in names), watch=True)
            with open(os.path.join(folder, "config.json"), "w") as f:
                json.dump(config, f)
            os.symlink(f"..{version}", self.path("..tmp"))
            os.rename(self.path("..tmp"), self.path("..data"))
        publish(1, "a")
        os.symlink("..data/config.json", self.path("config.json"))
        e = self.start(args=[f"--config.file={self.path('config.json')}"])
        e.wait_metric(1, "siptrunk_exporter_trunks")
        publish(2, "a", "b")
        e.wait_metric(2, "siptrunk_exporter_trunks", seconds=30)
