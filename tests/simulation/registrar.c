#include "tests/simulation/registrar.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

enum {
	CONTACTS = 4,
	NONCE_USES = 20, /* then it is stale */
	NONCE_LIVES_S = 300,
	NONCES = 8, /* that are good at once: one trunk asks by two methods */
	HEX = 33,
	ANSWERS = 8, /* remembered, for copies of their requests */
	MORE = 256,
};

struct contact {
	char uri[128];
	char call[80];
	unsigned long cseq;
	int64_t until_ns; /* 0: none */
	uint64_t made;
};

/* What a copy of the same request is answered, too (RFC 3261 17.2.2). */
struct answered {
	uint64_t branch;
	unsigned code;
	char more[MORE];
};

struct nonce {
	char text[20];
	int64_t made_ns;
	unsigned long used;
};

struct registrar {
	struct peer *peer;
	uint64_t stream;
	struct contact contacts[CONTACTS];
	uint64_t made;
	int64_t gone_ns; /* since when it holds none; 0: it does, or never did */
	struct nonce nonces[NONCES];
	unsigned nonce_count;
	struct answered answers[ANSWERS];
	unsigned answered;
};

struct registrar *registrar_make(struct peer *peer, uint64_t stream)
{
	struct registrar *r = memory_get(sizeof(*r));

	r->peer = peer;
	r->stream = stream;
	return r;
}

bool registrar_holds(const struct registrar *r)
{
	for (unsigned i = 0; i < CONTACTS; i++)
		if (r->contacts[i].until_ns > world_now_ns())
			return true;
	return false;
}

bool registrar_holds_last(const struct registrar *r)
{
	const struct contact *last = r->contacts;

	for (unsigned i = 0; i < CONTACTS; i++)
		if (r->contacts[i].made > last->made)
			last = &r->contacts[i];
	return last->until_ns > world_now_ns();
}

int64_t registrar_without_ns(const struct registrar *r)
{
	return registrar_holds(r) || !r->gone_ns ? 0 : world_now_ns() - r->gone_ns;
}

/* --- who asks --- */

__attribute__((format(printf, 2, 3))) static void registrar_md5(char hex[HEX],
								const char *fmt, ...)
{
	uint8_t digest[16];
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	md5((const uint8_t *)text, strlen(text), digest);
	for (unsigned i = 0; i < sizeof(digest); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* A parameter's value, quoted or not. */
static void registrar_param(char *out, size_t size, const char *field, const char *name)
{
	const char *at = field;
	size_t len = strlen(name), n;

	out[0] = '\0';
	while ((at = strstr(at, name))) {
		if ((at == field || strchr(" ,", at[-1])) && at[len] == '=')
			break;
		at += len;
	}
	if (!at)
		return;
	at += len + 1;
	at += *at == '"';
	n = strcspn(at, "\",");
	if (n >= size)
		n = size - 1;
	memcpy(out, at, n);
	out[n] = '\0';
}

static bool registrar_believes(const char *field, const struct packet *p)
{
	char given[40], realm[32], nonce[40], nc[16], cnonce[80], uri[256];
	char a1[HEX], a2[HEX], want[HEX];

	registrar_param(given, sizeof(given), field, "response");
	registrar_param(realm, sizeof(realm), field, "realm");
	registrar_param(nonce, sizeof(nonce), field, "nonce");
	registrar_param(nc, sizeof(nc), field, "nc");
	registrar_param(cnonce, sizeof(cnonce), field, "cnonce");
	registrar_param(uri, sizeof(uri), field, "uri");
	registrar_md5(a1, "%s:%s:%s", REGISTRAR_USER, realm, REGISTRAR_PASSWORD);
	registrar_md5(a2, "%.*s:%s", (int)strcspn(p->text, " "), p->text, uri);
	registrar_md5(want, "%s:%s:%s:%s:auth:%s", a1, nonce, nc, cnonce, a2);
	return !strcmp(want, given);
}

static void registrar_challenge(struct registrar *r, bool stale, char *more, size_t size)
{
	struct nonce *n = &r->nonces[r->nonce_count++ % NONCES];

	(void)snprintf(n->text, sizeof(n->text), "%016llx",
		       (unsigned long long)chance_next(&r->stream));
	n->made_ns = world_now_ns();
	n->used = 0;
	(void)snprintf(more, size,
		       "WWW-Authenticate: Digest realm=\"sim\", nonce=\"%s\", "
		       "qop=\"auth\", algorithm=MD5%s\r\n",
		       n->text, stale ? ", stale=true" : "");
}

static bool registrar_takes(struct registrar *r, const char *nonce, unsigned long used)
{
	struct nonce *n = r->nonces;

	while (n < r->nonces + NONCES && strcmp(nonce, n->text) != 0)
		n++;
	if (n == r->nonces + NONCES || used <= n->used || used > NONCE_USES ||
	    world_now_ns() - n->made_ns > NONCE_LIVES_S * WORLD_S)
		return false;
	n->used = used;
	return true;
}

/* Returns 0 for who may ask, or the answer's code. */
static unsigned registrar_admit(struct registrar *r, const struct packet *p, char *more,
				size_t size)
{
	char field[600], nonce[40], nc[16];
	unsigned long used;

	if (!r->peer->trunk->auth)
		return 0;
	if (!net_field(field, sizeof(field), p->text, "Authorization")) {
		registrar_challenge(r, false, more, size);
		return 401;
	}
	registrar_param(nonce, sizeof(nonce), field, "nonce");
	registrar_param(nc, sizeof(nc), field, "nc");
	used = strtoul(nc, NULL, 16);
	if (!registrar_believes(field, p) && !r->peer->link.garble_ppm) {
		judge(ON_DIGEST,
		      &(struct occasion){.trunk = r->peer->trunk, .peer = r->peer});
		return 403;
	}
	if (registrar_takes(r, nonce, used))
		return 0;
	registrar_challenge(r, true, more, size);
	return 401;
}

/* --- who is where --- */

/* Nobody came back in time, though the registrar was there all the time. */
struct lapse {
	struct registrar *r;
	struct contact *c;
	uint64_t made;
	unsigned epoch;
	int64_t since_ns;
};

static void registrar_lapse_h(void *arg)
{
	struct lapse *l = arg;

	if (l->c->made == l->made) {
		if (!registrar_holds(l->r))
			l->r->gone_ns = world_now_ns();
		if (l->r->peer->epoch == l->epoch)
			judge(ON_LAPSE, &(struct occasion){.trunk = l->r->peer->trunk,
							   .peer = l->r->peer,
							   .since_ns = l->since_ns});
	}
	memory_free(l);
}

static void registrar_gone_h(void *arg)
{
	struct lapse *l = arg;

	judge(ON_UNBOUND, &(struct occasion){.trunk = l->r->peer->trunk,
					     .peer = l->r->peer,
					     .since_ns = l->since_ns});
	memory_free(l);
}

static void registrar_later(struct registrar *r, struct contact *c, int64_t in_ns,
			    world_h *h)
{
	struct lapse *l = memory_get(sizeof(*l));

	*l = (struct lapse){r, c, c->made, r->peer->epoch, world_now_ns()};
	world_in(in_ns, h, l);
}

static struct contact *registrar_find(struct registrar *r, const char *uri)
{
	struct contact *free_one = NULL, *oldest = r->contacts;

	for (struct contact *c = r->contacts; c < r->contacts + CONTACTS; c++) {
		if (!strcmp(c->uri, uri))
			return c;
		if (c->until_ns <= world_now_ns())
			free_one = c;
		if (c->until_ns < oldest->until_ns)
			oldest = c;
	}
	return free_one ? free_one : oldest;
}

/* RFC 3261 10.3, step 7: of one call only what comes later counts. */
static unsigned registrar_bind(struct registrar *r, const char *uri, unsigned expires_s,
			       const struct packet *p)
{
	struct contact *c = registrar_find(r, uri);
	char call[80], cseq[32];
	unsigned long number;

	(void)net_field(call, sizeof(call), p->text, "Call-ID");
	(void)net_field(cseq, sizeof(cseq), p->text, "CSeq");
	number = strtoul(cseq, NULL, 10);
	if (!strcmp(c->uri, uri) && !strcmp(c->call, call) && number < c->cseq)
		return 500;
	(void)snprintf(c->uri, sizeof(c->uri), "%s", uri);
	(void)snprintf(c->call, sizeof(c->call), "%s", call);
	c->cseq = number;
	c->until_ns = expires_s ? world_now_ns() + expires_s * WORLD_S : 0;
	c->made = ++r->made;
	trace(r->peer->trunk, expires_s ? "the registrar binds us" : "it takes us out",
	      "", " until ", expires_s);
	if (expires_s) {
		r->gone_ns = 0;
		registrar_later(r, c, expires_s * WORLD_S, registrar_lapse_h);
	} else if (!registrar_holds(r)) {
		r->gone_ns = world_now_ns();
		registrar_later(r, c, REGISTRAR_GRACE_S * WORLD_S, registrar_gone_h);
	}
	return 200;
}

/* "<new>, <old>;expires=0": each by itself. */
static unsigned registrar_bind_all(struct registrar *r, const char *contacts,
				   const struct packet *p, char *more, size_t size)
{
	unsigned code = 200;
	char uri[128];

	for (const char *at = strchr(contacts, '<'); at && code == 200;) {
		unsigned expires_s = p->leaves ? 0 : REGISTRAR_EXPIRES_S;

		(void)snprintf(uri, sizeof(uri), "%.*s", (int)strcspn(at + 1, ">"),
			       at + 1);
		at = strchr(at, '>');
		if (at && !strncmp(at, ">;expires=0", 11))
			expires_s = 0;
		code = registrar_bind(r, uri, expires_s, p);
		if (code == 200 && expires_s)
			(void)snprintf(more, size, "Contact: <%s>;expires=%u\r\n", uri,
				       expires_s);
		at = at ? strchr(at, '<') : NULL;
	}
	return code;
}

static unsigned registrar_judge(struct registrar *r, const struct packet *p, char *more,
				size_t size)
{
	char contacts[512];
	unsigned code = registrar_admit(r, p, more, size);

	if (code)
		return code;
	if (!p->registers || !net_field(contacts, sizeof(contacts), p->text, "Contact"))
		return 200;
	return registrar_bind_all(r, contacts, p, more, size);
}

unsigned registrar_hear(struct registrar *r, const struct packet *p, char *more,
			size_t size)
{
	struct answered *a;

	for (unsigned i = 0; i < ANSWERS && i < r->answered; i++)
		if (r->answers[i].branch == p->branch) {
			(void)snprintf(more, size, "%s", r->answers[i].more);
			return r->answers[i].code;
		}
	a = &r->answers[r->answered++ % ANSWERS];
	a->branch = p->branch;
	a->code = registrar_judge(r, p, more, size);
	(void)snprintf(a->more, sizeof(a->more), "%s", more);
	return a->code;
}
