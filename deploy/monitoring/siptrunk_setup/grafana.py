"""Grafana, where it is installed: the data source and the dashboards."""

import re

from .system import SHARE

ETC = "/etc/grafana"
UNIT = "grafana-server.service"
SOURCE = f"{ETC}/provisioning/datasources/siptrunk.yaml"
BOARDS = f"{ETC}/provisioning/dashboards/siptrunk.yaml"
HEAD = ("# siptrunk-setup:0000000000000000 wrote this. A change made here stays:\n"
        "# siptrunk-setup then leaves the file alone.\n")
# Not the default: two defaults keep Grafana from starting.
DATA = HEAD + """\
apiVersion: 1
datasources:
  - name: SIP trunks
    uid: siptrunk-prometheus
    type: prometheus
    access: proxy
    url: {url}
    isDefault: false
    editable: false
    jsonData:
      httpMethod: POST
      timeInterval: 15s
"""
PROVIDER = HEAD + """\
apiVersion: 1
providers:
  - name: siptrunk
    folder: SIP trunks
    folderUid: siptrunk
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 60
    options:
      path: {path}
"""


def installed(system):
    return system.exists(f"{ETC}/provisioning")


def address(system):
    """Where people find it, as its own configuration says."""
    ini = system.read(f"{ETC}/grafana.ini") or ""
    def value(key):
        found = re.findall(rf"(?m)^\s*{key}\s*=\s*(\S+)", ini)
        return found[-1] if found and "%(" not in found[-1] else None
    protocol, port = value("protocol") or "http", value("http_port") or "3000"
    return value("root_url") or f"{protocol}://{value('domain') or system.host()}:{port}/"


def plan(system, files, prometheus_url):
    if installed(system):
        files.own(SOURCE, DATA.format(url=prometheus_url), unit=UNIT)
        files.own(BOARDS, PROVIDER.format(path=f"{SHARE}/grafana"), unit=UNIT)
