#include "tests/simulation/peers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/calls/phones.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/registrar.h"

struct text {
	char *p;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *t,
							   const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, NET_TEXT - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n < NET_TEXT - t->len ? (size_t)n : 0;
}

static void text_field(struct text *t, const struct packet *p, const char *name,
		       const char *more)
{
	char value[512];

	if (net_field(value, sizeof(value), p->text, name))
		text_add(t, "%s: %s%s\r\n", name, value, more);
}

static const char *peers_phrase(unsigned code)
{
	switch (code) {
	case 100:
		return "Trying";
	case 200:
		return "OK";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 503:
		return "Service Unavailable";
	default:
		return "Whatever";
	}
}

/* Turns a request into its answer. @more: further fields */
static void peers_turn(struct packet *p, unsigned code, const char *more)
{
	struct packet *request = memory_get(sizeof(*request));
	struct text t = {p->text, 0};

	*request = *p;
	p->code = code;
	text_add(&t, "SIP/2.0 %u %s\r\n", code, peers_phrase(code));
	text_field(&t, request, "Via", "");
	text_field(&t, request, "From", "");
	text_field(&t, request, "To", code > 100 ? ";tag=p1" : "");
	text_field(&t, request, "Call-ID", "");
	text_field(&t, request, "CSeq", "");
	text_add(&t, "%sContent-Length: 0\r\n\r\n", more);
	p->len = t.len;
	memory_free(request);
}

static void peers_try(const struct packet *p)
{
	struct packet *first = memory_get(sizeof(*first));

	*first = *p;
	peers_turn(first, 100, "");
	net_answer(first);
}

void peers_hear(struct packet *p)
{
	char more[512] = "";
	unsigned code = 200;

	if (p->dials) {
		phones_hear(p);
		return;
	}
	if (p->peer->trying && !p->pipe)
		peers_try(p);
	if (p->peer->mode == PEER_BUSY) {
		code = 503;
		(void)snprintf(more, sizeof(more), "Retry-After: %d\r\n",
			       PEERS_RETRY_AFTER_S);
	} else if (p->peer->registrar) {
		code = registrar_hear(p->peer->registrar, p, more, sizeof(more));
	}
	peers_turn(p, code, more);
	net_answer(p);
}
