#include "sipprobe/message/auth.h"

#include <string.h>

#include "sipprobe/loop/token.h"
#include "sipprobe/message/digest.h"

enum {
	AUTH_REALMS_MAX = 4, /* realms that one peer and its proxies may have */
};

/* A challenge that we answer. */
struct grant {
	char *realm; /* with nonce and opaque behind it, one allocation; NULL: free */
	char *nonce;
	char *opaque; /* NULL: none */
	enum digest_algorithm algorithm;
	uint32_t count; /* how often the nonce was used */
	bool algorithm_given;
	bool qop_auth;
	bool userhash;
	bool proxy;   /* of a Proxy-Authenticate */
	bool idle;    /* not to be sent until its realm challenges again */
	bool used;    /* the last request answered it */
	bool old;     /* of an earlier probe, or has served: no proof of a wrong answer */
	bool renewed; /* within this probe, for one that was stale at once */
	char cnonce[DIGEST_CNONCE_LEN + 1];
};

struct auth {
	struct grant grants[AUTH_REALMS_MAX];
	bool once;	  /* the peer takes a nonce once: none is kept over probes */
	bool spent;	  /* in this probe a nonce was refused at its second use */
	uint16_t doubted; /* code that an old nonce got in this probe; 0: none */
	uint16_t usual;	  /* code of the last answer to our credentials; 0: none */
};

/* The best challenge of a realm in one response. */
struct choice {
	struct digest_challenge c;
	bool proxy;
};

struct choices {
	struct choice list[AUTH_REALMS_MAX];
	size_t count;
	const char *why; /* why what is not in the list is not, or NULL */
};

/* A nonce stays known: if its realm gives it again, its uses are counted on. */
static void auth_forget(struct auth *a)
{
	for (size_t i = 0; i < AUTH_REALMS_MAX; i++) {
		a->grants[i].idle = true;
		a->grants[i].used = false;
	}
}

static void auth_destructor(void *arg)
{
	struct auth *a = arg;

	for (size_t i = 0; i < AUTH_REALMS_MAX; i++)
		mem_deref(a->grants[i].realm);
}

int auth_alloc(struct auth **ap)
{
	struct auth *a = mem_zalloc(sizeof(*a), auth_destructor);

	if (!a)
		return ENOMEM;
	*ap = a;
	return 0;
}

static void auth_age(struct auth *a)
{
	for (size_t i = 0; i < AUTH_REALMS_MAX; i++) {
		a->grants[i].old = true;
		a->grants[i].renewed = false;
	}
}

void auth_begin(struct auth *a, bool answered)
{
	auth_age(a);
	a->spent = false;
	a->doubted = 0;
	if (!answered || a->once)
		auth_forget(a);
}

void auth_served(struct auth *a, bool anew)
{
	auth_age(a);
	if (anew)
		auth_forget(a);
}

static struct choice *choice_find(struct choices *all, const struct digest_challenge *c,
				  bool proxy)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].proxy == proxy &&
		    !pl_cmp(&all->list[i].c.realm, &c->realm))
			return &all->list[i];
	return NULL;
}

/* Why we do not answer a challenge, or NULL. */
static const char *auth_objection(const struct config_auth *conf,
				  const struct digest_challenge *c)
{
	if (conf->realm && pl_strcmp(&c->realm, conf->realm))
		return "challenged for another realm than the configured one";
	if (!digest_challenge_usable(c))
		return "challenged with an algorithm or qop that is not supported";
	if (!(conf->algorithms & 1U << digest_algorithm_strength(c->algorithm)))
		return "challenged with an algorithm that is not allowed";
	return NULL;
}

static void auth_choose(struct choices *all, const struct config_auth *conf,
			const struct digest_challenge *c, bool proxy)
{
	struct choice *have = choice_find(all, c, proxy);
	const char *why = auth_objection(conf, c);

	if (!why && !have && all->count == AUTH_REALMS_MAX)
		why = "challenged for too many realms at once";
	if (why) {
		all->why = why;
		return;
	}
	if (!have) {
		have = &all->list[all->count++];
	} else if (digest_algorithm_strength(have->c.algorithm) >=
		   digest_algorithm_strength(c->algorithm)) {
		return;
	}
	*have = (struct choice){.c = *c, .proxy = proxy};
}

static void choices_read(struct choices *all, const struct config_auth *conf,
			 const struct guard_message *m)
{
	struct digest_challenge c;
	struct pl name, value;
	size_t pos = 0;

	all->why = "challenged without a Digest challenge";
	while (guard_next_field(m, &pos, &name, &value)) {
		bool proxy = guard_field_is(&name, "Proxy-Authenticate", 0);

		if (!proxy && !guard_field_is(&name, "WWW-Authenticate", 0))
			continue;
		while (digest_challenge_take(&c, &value))
			auth_choose(all, conf, &c, proxy);
	}
}

static struct grant *grant_find(struct auth *a, const struct choice *c)
{
	for (size_t i = 0; i < AUTH_REALMS_MAX; i++) {
		struct grant *g = &a->grants[i];

		if (g->realm && g->proxy == c->proxy && !pl_strcmp(&c->c.realm, g->realm))
			return g;
	}
	return NULL;
}

static struct grant *grant_vacant(struct auth *a)
{
	for (size_t i = 0; i < AUTH_REALMS_MAX; i++)
		if (!a->grants[i].realm || a->grants[i].idle)
			return &a->grants[i];
	return NULL;
}

/*
 * Why the answer that a realm has from us already was no good, or NULL where perhaps only
 * its nonce was: it says so, or the nonce is not of this challenge's making.
 */
static const char *auth_rejection(const struct grant *g, const struct digest_challenge *c)
{
	if (!g->used)
		return NULL;
	if (c->stale)
		return g->renewed ? "each nonce that the peer gives is stale at once"
				  : NULL;
	return g->old ? NULL : "user name or password is not accepted";
}

static char *text_put(char **at, const struct pl *text)
{
	char *to = *at;

	*at = to + digest_text_copy(to, text) + 1;
	return to;
}

static int grant_fill(struct grant *g, const struct choice *from)
{
	const struct digest_challenge *c = &from->c;
	char *texts = mem_zalloc(c->realm.l + c->nonce.l + c->opaque.l + 3, NULL);
	char *at = texts;
	struct grant made = {
		.algorithm = c->algorithm,
		.algorithm_given = c->algorithm_given,
		.qop_auth = c->qop_auth,
		.userhash = c->userhash,
		.proxy = from->proxy,
		.renewed = g->used && !g->old,
	};
	int err;

	if (!texts)
		return ENOMEM;
	if (g->realm && !pl_strcmp(&c->realm, g->realm) &&
	    !pl_strcmp(&c->nonce, g->nonce))
		made.count = g->count;
	made.realm = text_put(&at, &c->realm);
	made.nonce = text_put(&at, &c->nonce);
	if (c->opaque.p)
		made.opaque = text_put(&at, &c->opaque);
	err = token_hex(made.cnonce, DIGEST_CNONCE_LEN);
	if (err) {
		mem_deref(texts);
		return err;
	}
	mem_deref(g->realm);
	*g = made;
	return 0;
}

/* A nonce that is refused at its second use was for one. */
static bool is_spent(const struct grant *g, const struct digest_challenge *c)
{
	return g->used && g->old && g->count == 2 && !c->stale &&
	       pl_strcmp(&c->nonce, g->nonce);
}

/* Returns why not, or NULL. */
static const char *accept_choice(struct auth *a, const struct choice *c)
{
	struct grant *g = grant_find(a, c);
	const char *why = g ? auth_rejection(g, &c->c) : NULL;

	if (why)
		return why;
	if (g)
		a->spent = a->spent || is_spent(g, &c->c);
	else
		g = grant_vacant(a);
	if (!g)
		return "challenged for one realm after another";
	return grant_fill(g, c) ? "no memory for the challenge" : NULL;
}

/* Takes in the challenges of a 401 or 407. Returns why not, or NULL. */
static const char *accept_challenges(struct auth *a, const struct config_auth *c,
				     const struct guard_message *m)
{
	struct choices all = {.count = 0};
	const char *no = NULL;

	choices_read(&all, c, m);
	if (!all.count)
		return all.why;
	for (size_t i = 0; i < all.count && !no; i++)
		no = accept_choice(a, &all.list[i]);
	return no;
}

/* Whether the last request carried a nonce, or one that had served before. */
static bool auth_carried(const struct auth *a, bool old)
{
	for (size_t i = 0; i < AUTH_REALMS_MAX; i++)
		if (a->grants[i].used && (!old || a->grants[i].old))
			return true;
	return false;
}

/*
 * Whether a response may be to the age of a nonce alone: any code may, once a probe, but
 * those of the way and of load, and what new nonces get here as well.
 */
static bool auth_doubts(const struct auth *a, const struct guard_message *m)
{
	bool asks_for_peace = m->code == 503 && m->retry_after_s >= 0;

	return !a->doubted && m->code >= 300 && m->code != 408 && !asks_for_peace &&
	       m->code != a->usual && auth_carried(a, true);
}

/* The peer's answer stands. Whoever took a new nonce for an old one is given no old one.
 */
static void auth_settle(struct auth *a, unsigned code)
{
	if (a->spent || (a->doubted && a->doubted != code))
		a->once = true;
	a->usual = auth_carried(a, false) ? (uint16_t)code : 0;
}

enum auth_verdict auth_take(struct auth *a, const struct config_auth *c,
			    const struct guard_message *m, bool more, const char **why)
{
	bool doubt = more && auth_doubts(a, m);
	const char *no = NULL;

	if (m->code == 401 || m->code == 407) {
		no = accept_challenges(a, c, m);
		if (!no && more)
			return AUTH_AGAIN;
		if (!no)
			no = "challenged again and again";
	} else if (m->code == 403 && auth_carried(a, false)) {
		no = "user name or password is not accepted, or may not do this";
	}
	if (!no && !doubt) {
		auth_settle(a, m->code);
		return AUTH_ANSWERED;
	}
	/* What comes next begins as if nothing had been asked yet. */
	auth_forget(a);
	if (doubt) {
		a->doubted = m->code;
		return AUTH_AGAIN;
	}
	*why = no;
	return AUTH_REFUSED;
}

static int print_optional(struct mbuf *mb, const struct grant *g, bool hashed)
{
	int err = 0;

	if (g->algorithm_given)
		err |= mbuf_printf(mb, ", algorithm=%s",
				   digest_algorithm_name(g->algorithm));
	if (g->opaque)
		err |= mbuf_printf(mb, ", opaque=\"%s\"", g->opaque);
	if (g->qop_auth)
		err |= mbuf_printf(mb, ", qop=auth, nc=%08x", g->count);
	/* A -sess hash needs it, qop or none. */
	if (g->qop_auth || (g->algorithm & 1))
		err |= mbuf_printf(mb, ", cnonce=\"%s\"", g->cnonce);
	if (hashed)
		err |= mbuf_write_str(mb, ", userhash=true");
	return err | mbuf_write_str(mb, "\r\n");
}

static int print_grant(struct mbuf *mb, const struct grant *g,
		       const struct config_auth *c, const char *method, const char *uri)
{
	const struct digest_input in = {
		.algorithm = g->algorithm,
		.username = c->username,
		.password = c->password,
		.realm = g->realm,
		.nonce = g->nonce,
		.cnonce = g->cnonce,
		.nc = g->count,
		.qop_auth = g->qop_auth,
		.method = method,
		.uri = uri,
	};
	char response[DIGEST_HEX_MAX], user[DIGEST_HEX_MAX];
	int err = digest_response(response, &in);

	if (!err && g->userhash)
		err = digest_userhash(user, g->algorithm, c->username, g->realm);
	if (err)
		return err;
	err = mbuf_printf(mb,
			  "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			  "uri=\"%s\", response=\"%s\"",
			  g->proxy ? "Proxy-Authorization" : "Authorization",
			  g->userhash ? user : c->username, g->realm, g->nonce, uri,
			  response);
	return err | print_optional(mb, g, g->userhash);
}

int auth_print(struct auth *a, struct mbuf *mb, const struct config_auth *c,
	       const char *method, const char *uri)
{
	int err = 0;

	for (size_t i = 0; i < AUTH_REALMS_MAX && !err; i++) {
		struct grant *g = &a->grants[i];

		if (!g->realm || g->idle)
			continue;
		g->count++;
		g->used = true;
		err = print_grant(mb, g, c, method, uri);
	}
	return err;
}
