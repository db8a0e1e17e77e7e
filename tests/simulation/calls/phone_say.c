/* What a phone says, as bytes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phone.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"

/* In libre's format. */
static void say(struct packet *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = re_vsnprintf(p->text + p->len, NET_TEXT - p->len, fmt, ap);
	va_end(ap);
	p->len += n > 0 ? (size_t)n : 0;
}

static void say_field(struct packet *p, const struct packet *of, const char *name,
		      const char *more)
{
	char value[600];

	if (net_field(value, sizeof(value), of->text, name))
		say(p, "%s: %s%s\r\n", name, value, more);
}

uint16_t phone_port(const struct phone *c)
{
	return (uint16_t)(PHONE_PORT + 4 * (c->number % PHONE_PORTS));
}

/* One in a row of calls names an address that our audio must not go to. */
size_t phone_sdp(char *out, size_t size, const struct phone *c, unsigned offset)
{
	struct sa sa = c->peer->sa;
	bool v6 = sa_af(&sa) == AF_INET6;
	const char *codec = c->as.pcma ? "8 101" : "0 101";
	int n;

	if (c->as.astray)
		(void)sa_set_str(&sa, v6 ? "2001:db8::66" : "192.0.2.66", 0);
	n = re_snprintf(out, size,
			"v=0\r\no=- 1 1 IN %s %j\r\ns=-\r\nc=IN %s %j\r\nt=0 0\r\n"
			"m=audio %u RTP/AVP %s\r\na=rtpmap:%s/8000\r\n"
			"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
			"a=ptime:20\r\n",
			v6 ? "IP6" : "IP4", &sa, v6 ? "IP6" : "IP4", &sa,
			phone_port(c) + offset, codec, c->as.pcma ? "8 PCMA" : "0 PCMU");
	return n > 0 ? (size_t)n : 0;
}

static void say_end(struct packet *p, const struct phone *c, unsigned offset, bool sdp)
{
	char text[512];
	size_t len = sdp ? phone_sdp(text, sizeof(text), c, offset) : 0;

	say(p, "%sContent-Length: %zu\r\n\r\n%b",
	    sdp ? "Content-Type: application/sdp\r\n" : "", len, text, len);
}

/* Takes @p over. A phone that is away, or whose connection is, says it to nobody. */
void phone_send(struct phone *c, struct packet *p)
{
	bool away = c->peer->mode == PEER_SILENT || c->peer->mode == PEER_REFUSES;

	if (away || (c->pipe && !p->onward && pipes_is_closed(c->pipe))) {
		memory_free(p);
		return;
	}
	if (c->pipe && !p->onward) {
		p->pipe = c->pipe;
		pipes_hold(c->pipe);
	}
	net_answer(p);
}

static struct packet *say_begin(struct peer *peer, const struct sa *us)
{
	struct packet *p = memory_get(sizeof(*p));

	p->peer = peer;
	p->us = *us;
	p->dials = true;
	return p;
}

static void say_head(struct packet *p, const struct packet *to, unsigned code,
		     const char *tag, const char *more)
{
	char with[40] = "", value[300];

	(void)net_field(value, sizeof(value), to->text, "To");
	if (tag && !strstr(value, ";tag="))
		(void)snprintf(with, sizeof(with), ";tag=%s", tag);
	p->code = code;
	say(p, "SIP/2.0 %u Whatever\r\n", code);
	say_field(p, to, "Via", "");
	say_field(p, to, "From", "");
	say_field(p, to, "To", with);
	say_field(p, to, "Call-ID", "");
	say_field(p, to, "CSeq", "");
	say(p, "%s", more);
}

void phone_respond(struct phone *c, const struct packet *to, unsigned code,
		   const char *tag, const char *more, bool sdp)
{
	struct packet *p = say_begin(c->peer, &to->us);

	say_head(p, to, code, tag, more);
	if (code > 100)
		say(p, "Contact: <sip:phone@%J%s>\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n",
		    &c->peer->sa, c->pipe ? ";transport=tcp" : "");
	say_end(p, c, 0, sdp);
	phone_send(c, p);
}

void phone_refuse(const struct packet *to, unsigned code, const char *more)
{
	struct packet *p = say_begin(to->peer, &to->us);
	bool away = to->peer->mode == PEER_SILENT || to->peer->mode == PEER_REFUSES;

	say_head(p, to, code, "nobody", more);
	say(p, "Content-Length: 0\r\n\r\n");
	if (away) {
		memory_free(p);
		return;
	}
	if (to->pipe) {
		p->pipe = to->pipe;
		pipes_hold(p->pipe);
	}
	net_answer(p);
}

static void say_uri(char *out, size_t size, const char *contact)
{
	const char *at = strchr(contact, '<');
	const char *uri = at ? at + 1 : contact;

	(void)snprintf(out, size, "%.*s", (int)strcspn(uri, ">"), uri);
}

void phone_send_request(struct phone *c, const struct phone_request *r)
{
	struct packet *p = say_begin(c->peer, &c->us);
	char uri[200], to[300];

	say_uri(uri, sizeof(uri), c->contact);
	(void)net_field(to, sizeof(to), c->invite->text, "To");
	say(p,
	    "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %J%s%llu-%u\r\nMax-Forwards: 70\r\n"
	    "From: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s",
	    r->method, uri, c->pipe ? "TCP" : "UDP", &c->peer->sa, PHONE_BRANCH,
	    (unsigned long long)c->number, r->cseq, to, c->legs[r->leg].tag, c->from,
	    c->id, r->cseq, r->method, r->more);
	say(p, "Contact: <sip:phone@%J>\r\n", &c->peer->sa);
	say_end(p, c, 0, r->sdp);
	phone_send(c, p);
}

void phone_send_onward(struct phone *c, const char *method, unsigned cseq)
{
	const struct onward *on = &c->on;
	struct packet *p = say_begin(c->peer, &on->us);
	bool first = !strcmp(method, "INVITE");
	char uri[200];

	if (first || !*on->contact)
		(void)re_snprintf(uri, sizeof(uri), "sip:%s@%J", DIALLER_NUMBER, &on->us);
	else
		say_uri(uri, sizeof(uri), on->contact);
	p->onward = true;
	say(p,
	    "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %J%s%llu-%u\r\nMax-Forwards: 70\r\n"
	    "From: <sip:4721000000@%J>;tag=on%llu\r\nTo: <sip:%s@%J>%s%s\r\n"
	    "Call-ID: onward%llu@sim\r\nCSeq: %u %s\r\nContact: <sip:b2b@%J>\r\n",
	    method, uri, &c->peer->sa, PHONE_BRANCH, (unsigned long long)c->number,
	    cseq + (strcmp(method, "ACK") ? 0 : 50), &c->peer->sa,
	    (unsigned long long)c->number, DIALLER_NUMBER, &on->us,
	    first ? "" : ";tag=", first ? "" : on->tag, (unsigned long long)c->number,
	    cseq, method, &c->peer->sa);
	say_end(p, c, 2, first);
	phone_send(c, p);
}

void phone_respond_onward(struct phone *c, const struct packet *to, unsigned code)
{
	struct packet *p = say_begin(c->peer, &to->us);

	p->onward = true;
	say_head(p, to, code, NULL, "");
	say(p, "Content-Length: 0\r\n\r\n");
	phone_send(c, p);
}
