#!/usr/bin/python3
"""
Takes every mail by SMTP, on port 2525, delivers none, and shows them on port 8025:

    /                    the newest first
    /mails/N.html, .txt  mail N, counted from 1
    /mails               how many there are
    /runbooks/NAME.md    the pages that alerts point to
"""

import argparse
import email
import email.policy
import html
import http.server
import pathlib
import re
import signal
import sys
import threading

from aiosmtpd.controller import Controller

RUNBOOKS = pathlib.Path("/usr/share/runbooks")
KEEP = 1000  # mails; a thousand alert mails are a few megabytes

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{count} mails</title>
<meta http-equiv="refresh" content="5">
<style>
body {{ margin: 2em auto; max-width: 60em; padding: 0 1em; font: 16px/1.5 sans-serif; color: #1b2127 }}
td {{ padding: .3em 1em .3em 0; vertical-align: top }}
.when, .to {{ color: #5a6470; white-space: nowrap }}
</style></head>
<body><h1>{count} mails</h1>{table}</body></html>
"""
ROW = """<tr><td class="when">{when}</td><td class="to">{to}</td>
<td><a href="/mails/{n}.html">{subject}</a> <a href="/mails/{n}.txt">(text)</a></td></tr>
"""


class Mails:
    """What came, as aiosmtpd delivers it and the pages read it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.mails = {}
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.lock:
            self.count += 1
            self.mails[self.count] = (mail, envelope.rcpt_tos)
            self.mails.pop(self.count - KEEP, None)
        print(f"mail to {', '.join(envelope.rcpt_tos)}: {mail['Subject']}")
        return "250 OK"

    def newest_first(self):
        with self.lock:
            return self.count, sorted(self.mails.items(), reverse=True)

    def get(self, n):
        with self.lock:
            return self.mails.get(n, (None, None))[0]


def body(mail, kind):
    found = mail.get_body((kind,))
    return found.get_content().replace("\r\n", "\n") if found else ""


def overview(mails):
    count, every = mails.newest_first()
    rows = "".join(
        ROW.format(n=n, when=html.escape(str(mail["Date"] or "")),
                   to=html.escape(", ".join(to)),
                   subject=html.escape(str(mail["Subject"] or "(no subject)")))
        for n, (mail, to) in every)
    table = f"<table>{rows}</table>" if rows else "<p>Nothing yet. Break a trunk.</p>"
    return PAGE.format(count=count, table=table)


class Pages(http.server.BaseHTTPRequestHandler):
    mails = None  # set by main

    def do_GET(self):
        kind, text = self.page(self.path.split("?")[0])
        if text is None:
            self.send_error(404)
            return
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        # What a mail brings along may be looked at, and that is all.
        self.send_header("Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(data)

    def page(self, path):
        if path == "/":
            return "html", overview(self.mails)
        if path == "/mails":
            return "plain", f"{self.mails.newest_first()[0]}\n"
        if m := re.fullmatch(r"/mails/(\d{1,9})\.(html|txt)", path):
            return self.mail(int(m[1]), "plain" if m[2] == "txt" else "html")
        if m := re.fullmatch(r"/runbooks/(\w+)\.md", path):
            runbook = RUNBOOKS / f"{m[1]}.md"
            return "plain", runbook.read_text() if runbook.is_file() else None
        return "plain", None

    def mail(self, n, kind):
        mail = self.mails.get(n)
        if mail is None:
            return kind, None
        if kind == "html":
            return kind, body(mail, "html") or f"<pre>{html.escape(body(mail, 'plain'))}</pre>"
        return kind, f"Subject: {mail['Subject']}\nTo: {mail['To']}\n\n{body(mail, 'plain')}\n"

    def log_message(self, *_):
        pass


def main():
    p = argparse.ArgumentParser(description="Takes every mail and shows it.")
    p.add_argument("--host", default="0.0.0.0")
    p.add_argument("--smtp-port", type=int, default=2525)
    p.add_argument("--web-port", type=int, default=8025)
    args = p.parse_args()
    Pages.mails = Mails()
    smtp = Controller(Pages.mails, hostname=args.host, port=args.smtp_port)
    smtp.start()
    web = http.server.ThreadingHTTPServer((args.host, args.web_port), Pages)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        web.serve_forever()
    finally:
        smtp.stop()


if __name__ == "__main__":
    main()
