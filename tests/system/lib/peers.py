"""Other people's programs that the tests talk to: Kamailio, SIPp, Prometheus, OpenSSL."""

import atexit
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
import uuid

from harness import free_port, wait_for


def missing(*programs):
    """The first of these programs that is not installed, or None."""
    return next((p for p in programs if not find(p)), None)


def find(program):
    # Debian keeps servers out of a user's PATH.
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Program:
    """Something that runs beside the exporter; its output goes into a file."""

    def __init__(self, folder, name, argv, env=None):
        self.log_path = os.path.join(folder, f"{name}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [find(argv[0]), *argv[1:]], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=folder, start_new_session=True,
                env={**os.environ, **(env or {})})

    def log_text(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def check(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.process.args[0]} ended:\n{self.log_text()}")

    def close(self):
        """Ends the program and the processes it made; they are a session of their own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


KAMAILIO_QUIET = """
debug=1
log_stderror=yes
memdbg=5
memlog=5
children=1
tcp_children=1
socket_workers=1
auto_aliases=no
dns=no
rev_dns=no
"""


def kamailio(folder, config, memory_mib=32):
    """How Kamailio is run in a folder of the test's, with KAMAILIO_QUIET and `config`."""
    path = os.path.join(folder, "kamailio.cfg")
    with open(path, "w") as f:
        f.write(KAMAILIO_QUIET + config)
    run = os.path.join(folder, "kamailio-run")
    os.mkdir(run)
    return ["kamailio", "-f", path, "-DD", "-E", "-w", folder, "-Y", run,
            "-P", os.path.join(run, "pid"), "-m", str(memory_mib), "-M", "8"]


KAMAILIO = """
server_header="Server: kamailio under test"
{listen}
enable_tls={tls}
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
{modules}
request_route {{
    if (is_method("OPTIONS")) {{
        sl_send_reply("{code}", "{phrase}");
        exit;
    }}
    sl_send_reply("405", "Method Not Allowed");
}}
"""

KAMAILIO_TLS = """
[server:default]
method = TLSv1.2+
private_key = {key}
certificate = {cert}
"""

# It wants to see its clients' certificates, by an authority of ours.
KAMAILIO_ASKS = """
verify_certificate = yes
require_certificate = yes
ca_list = {ask}
"""


class Kamailio(Program):
    """Answers OPTIONS on loopback over UDP, TCP and, with a certificate, TLS."""

    def __init__(self, folder, code=200, phrase="OK", cert=None, key=None, ask=None):
        self.udp = free_port(socket.SOCK_DGRAM)
        self.tcp = free_port()
        self.tls = free_port() if cert else None
        listen = [f"listen=udp:127.0.0.1:{self.udp}", f"listen=tcp:127.0.0.1:{self.tcp}"]
        modules = ""
        if cert:
            listen.append(f"listen=tls:127.0.0.1:{self.tls}")
            with open(os.path.join(folder, "tls.cfg"), "w") as f:
                f.write(KAMAILIO_TLS.format(cert=cert, key=key))
                f.write(KAMAILIO_ASKS.format(ask=ask) if ask else "")
            modules = f'loadmodule "tls.so"\nmodparam("tls", "config", "{folder}/tls.cfg")'
        super().__init__(folder, "kamailio", kamailio(folder, KAMAILIO.format(
            listen="\n".join(listen), tls="yes" if cert else "no",
            modules=modules, code=code, phrase=phrase)))
        self.wait()

    def wait(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            s.settimeout(0.1)
            wait_for("Kamailio", lambda: self.check() or self.ping(s), 20)

    def ping(self, s):
        host, port = s.getsockname()
        s.sendto((
            f"OPTIONS sip:127.0.0.1:{self.udp} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
            f"From: <sip:ping@{host}>;tag=1\r\nTo: <sip:127.0.0.1>\r\n"
            f"Call-ID: {uuid.uuid4().hex}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n").encode(), ("127.0.0.1", self.udp))
        return s.recv(65535).startswith(b"SIP/2.0 ")


SIPP_UAS = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="answer OPTIONS">
  <recv request="OPTIONS"/>
  <send><![CDATA[
SIP/2.0 {code} {phrase}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

  ]]></send>
</scenario>
"""

SIPP_UAC = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="ping">
  <send retrans="500"><![CDATA[
OPTIONS sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:ping@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  <recv response="200" timeout="3000"/>
</scenario>
"""


class SippServer(Program):
    """SIPp that answers every OPTIONS with one code, or as another scenario says."""

    def __init__(self, folder, transport="udp", code=200, phrase="OK", scenario=None):
        self.port = free_port(
            socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        path = os.path.join(folder, f"uas-{transport}.xml")
        with open(path, "w") as f:
            f.write(scenario or SIPP_UAS.format(code=code, phrase=phrase))
        super().__init__(folder, f"sipp-{transport}", [
            "sipp", "-sf", path, "-i", "127.0.0.1", "-p", str(self.port),
            "-t", "u1" if transport == "udp" else "t1", "-nostdin"],
            env={"TERM": "dumb"})
        wait_for("SIPp", lambda: self.check() or bound(transport, self.port))


def sipp_ping(folder, port, transport="udp", count=3):
    """SIPp as client: so many OPTIONS, each must get a 200. Its exit code and output."""
    path = os.path.join(folder, "uac.xml")
    with open(path, "w") as f:
        f.write(SIPP_UAC)
    r = subprocess.run(
        [find("sipp"), f"127.0.0.1:{port}", "-sf", path, "-i", "127.0.0.1",
         "-t", "u1" if transport == "udp" else "t1", "-m", str(count), "-r", "10",
         "-nostdin", "-timeout", "10s", "-timeout_error"],
        cwd=folder, env={**os.environ, "TERM": "dumb"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=30)
    return r.returncode, r.stdout + r.stderr


def bound(transport, port):
    """Whether a socket of this machine is bound to the port on loopback."""
    want = f"0100007F:{port:04X}"
    with open(f"/proc/net/{transport}") as f:
        return any(line.split()[1] == want for line in f)


def listens(transport, port):
    """Whether anybody is bound to the port, at whatever address, of this namespace."""
    for family in ("", "6"):
        with open(f"/proc/thread-self/net/{transport}{family}") as f:
            if any(line.split()[1].endswith(f":{port:04X}") for line in f):
                return True
    return False


class Prometheus(Program):
    """
    Scrapes `targets`, all in the job "siptrunk", or as {job: targets}. `features` are
    names for --enable-feature.
    """

    def __init__(self, folder, targets, interval="1s", features=(), rules=()):
        jobs = targets if isinstance(targets, dict) else {"siptrunk": targets}
        self.port = free_port()
        path = os.path.join(folder, "prometheus.yml")
        # A JSON text is a YAML text too.
        with open(path, "w") as f:
            json.dump({
                "global": {"scrape_interval": interval, "scrape_timeout": interval,
                           "evaluation_interval": interval},
                "rule_files": list(rules),
                "scrape_configs": [{
                    "job_name": job,
                    "static_configs": [{"targets": list(several)}],
                } for job, several in jobs.items()]}, f)
        super().__init__(folder, "prometheus", [
            "prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.port}",
            *(f"--enable-feature={f}" for f in features)])
        wait_for("Prometheus", lambda: self.check() or self.get("/-/ready"), 30)

    def get(self, path):
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=10) as r:
            return r.read().decode()

    def query(self, expression):
        """[(labels, value)]"""
        answer = json.loads(self.get(
            "/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        return [(r["metric"], float(r["value"][1])) for r in answer["data"]["result"]]

    def exemplars(self, selector):
        """[(labels of the series, exemplar)] of the last hour."""
        now = time.time()
        answer = json.loads(self.get(
            "/api/v1/query_exemplars?" + urllib.parse.urlencode(
                {"query": selector, "start": now - 3600, "end": now + 60})))
        return [(s["seriesLabels"], e)
                for s in answer["data"] for e in s["exemplars"]]


def openssl(*args):
    r = subprocess.run(["openssl", *args], capture_output=True, text=True)
    if r.returncode:
        raise AssertionError(f"openssl {args}: {r.stderr}")


@functools.lru_cache(maxsize=None)
def shared_folder():
    folder = tempfile.mkdtemp(prefix="siptrunk-certs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.lru_cache(maxsize=None)
def _authority(name):
    cert, key = (os.path.join(shared_folder(), f"{name}.{e}") for e in ("pem", "key"))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", key, "-out", cert, "-days", "3650",
            "-subj", f"/CN=siptrunk test {name}",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return cert, key


def authority(name="ca"):
    """(certificate, key) of a private CA, made once a run."""
    return _authority(name)


def validity(days):
    """OpenSSL 3.4 and later refuse an end that is past, unless told the beginning too."""
    version = re.search(r"(\d+)\.(\d+)", ssl.OPENSSL_VERSION).groups()
    if days >= 0 or tuple(map(int, version)) < (3, 4):
        return ["-days", str(days)]
    begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + d * 86400))
                  for d in (days - 30, days))
    return ["-not_before", begin, "-not_after", end]


@functools.lru_cache(maxsize=None)
def certificate(san="IP:127.0.0.1,DNS:localhost", days=30, ca="ca"):
    """(certificate, key) for a server, signed by that CA. Negative days: expired."""
    ca_cert, ca_key = authority(ca)
    stem = os.path.join(shared_folder(), uuid.uuid4().hex)
    cert, key, csr = (f"{stem}.{e}" for e in ("pem", "key", "csr"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", csr, "-subj", "/CN=siptrunk test peer",
            "-addext", f"subjectAltName={san}")
    openssl("x509", "-req", "-in", csr, "-CA", ca_cert, "-CAkey", ca_key,
            "-CAcreateserial", "-copy_extensions", "copy", *validity(days),
            "-out", cert)
    return cert, key


def not_after(cert):
    """A certificate's end, in seconds since the epoch."""
    r = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-enddate"],
                       capture_output=True, text=True, check=True)
    return ssl.cert_time_to_seconds(r.stdout.strip().split("=", 1)[1])
