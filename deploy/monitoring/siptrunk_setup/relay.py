"""Asks the mail server, before anything is changed, whether it takes the mails to come."""

import ipaddress
import smtplib
import ssl

from .errors import Refused

SECONDS = 15


def loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def connect(host, port, hello):
    try:
        if port == 465:
            return smtplib.SMTP_SSL(host, port, hello, timeout=SECONDS,
                                    context=ssl.create_default_context())
        return smtplib.SMTP(host, port, hello, timeout=SECONDS)
    except ssl.SSLError as e:
        raise untrusted(host, port, e) from None
    except (OSError, smtplib.SMTPException) as e:
        raise Refused(f"the mail server {host}:{port} cannot be reached: {e}") from None


def untrusted(host, port, e):
    why = getattr(e, "verify_message", "") or e
    return Refused(f"the mail server {host}:{port} has a certificate that this machine does not "
                   f"trust: {why}\nAlertmanager would not either. Have it trusted "
                   "(update-ca-certificates), or give --smtp-tls off")


def starttls(smtp, settings, host, port):
    """Whether mails leave by TLS."""
    smtp.ehlo()
    offered = smtp.has_extn("starttls")
    if port == 465:
        return True
    if settings.smtp_tls == "on" and not offered:
        raise Refused(f"the mail server {host}:{port} does not offer STARTTLS")
    # Debian's own servers offer it with a certificate that they made up; on one machine
    # nobody listens.
    if settings.smtp_tls == "off" or not offered or (
            settings.smtp_tls == "auto" and loopback(host)):
        return False
    try:
        smtp.starttls(context=ssl.create_default_context())
    except ssl.SSLError as e:
        raise untrusted(host, port, e) from None
    smtp.ehlo()
    return True


def login(smtp, settings, password, tls, host, port):
    if not settings.smtp_user:
        return
    if not smtp.has_extn("auth"):
        raise Refused(f"the mail server {host}:{port} takes no login"
                      f"{'' if tls else ' without TLS'}: leave --smtp-user out, or use another port")
    if not tls and not loopback(host):
        raise Refused(f"the password would go to {host}:{port} in clear: it offers no TLS")
    try:
        smtp.login(settings.smtp_user, password)
    except smtplib.SMTPException as e:
        raise Refused(f"the mail server {host}:{port} refuses the login of "
                      f"{settings.smtp_user}: {reply(e)}") from None


def reply(e):
    text = getattr(e, "smtp_error", b"") or str(e)
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{getattr(e, 'smtp_code', '')} {text}".strip()


def envelope(smtp, settings, host, port, notes):
    """As far as a mail goes before its text."""
    asked = [("sender", settings.mail_from, smtp.mail)]
    asked += [("recipient", to, smtp.rcpt) for to in settings.mail_to]
    for what, address, ask in asked:
        code, text = ask(address)
        said = f"the mail server {host}:{port} answers {code} to the {what} {address}: " + \
            text.decode("utf-8", "replace")
        if code >= 500:
            raise Refused(said)
        if code >= 400:
            notes.append(f"{said} (for now; it may take it later)")
            return
    smtp.rset()


def ask(settings, password, hello, notes):
    """Whether mails leave by TLS; Refused where they would not leave at all."""
    host, port = settings.relay()
    if not settings.smtp_check:
        if settings.smtp_uses_tls is not None:
            return settings.smtp_uses_tls
        return settings.smtp_tls == "on" or (settings.smtp_tls == "auto" and not loopback(host))
    with connect(host, port, hello) as smtp:
        try:
            tls = starttls(smtp, settings, host, port)
            login(smtp, settings, password, tls, host, port)
            envelope(smtp, settings, host, port, notes)
        except (OSError, smtplib.SMTPException) as e:
            raise Refused(f"the mail server {host}:{port} broke off: {reply(e)}") from None
    if not tls and not loopback(host):
        notes.append(f"mails go to {host}:{port} in clear, since "
                     + ("--smtp-tls is off" if settings.smtp_tls == "off" else "it offers no TLS"))
    return tls
