#include <string.h>

#include "sipprobe/tls_cache.h"

struct entry {
	struct le le;
	const struct config_tls *conf;
	struct tls_profile *profile;
	bool server;
};

struct tls_cache {
	struct list entries;
};

static void cache_destructor(void *arg)
{
	struct tls_cache *c = arg;

	list_flush(&c->entries);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->profile);
}

int tls_cache_alloc(struct tls_cache **cp)
{
	struct tls_cache *c = mem_zalloc(sizeof(*c), cache_destructor);

	if (!c)
		return ENOMEM;
	*cp = c;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* server_name belongs to a connection, not to its context. */
static bool same(const struct config_tls *a, const struct config_tls *b)
{
	return a == b ||
	       (same_text(a->ca_file, b->ca_file) &&
		same_text(a->cert_file, b->cert_file) &&
		same_text(a->key_file, b->key_file) &&
		same_text(a->ciphers, b->ciphers) && a->min_version == b->min_version &&
		a->insecure_skip_verify == b->insecure_skip_verify);
}

static struct entry *find(const struct tls_cache *c, const struct config_tls *conf,
			  bool server)
{
	for (struct le *le = c->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (e->server == server && same(e->conf, conf))
			return e;
	}
	return NULL;
}

int tls_cache_get(struct tls_cache *c, struct tls_profile **tp,
		  const struct config_tls *conf, bool server, char *err_text,
		  size_t err_size)
{
	struct entry *e = find(c, conf, server);
	int err;

	if (!e) {
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return ENOMEM;
		err = tls_profile_alloc(&e->profile, conf, server, err_text, err_size);
		if (err) {
			mem_deref(e);
			return err;
		}
		e->conf = conf;
		e->server = server;
		list_append(&c->entries, &e->le, e);
	}
	*tp = e->profile;
	return 0;
}
