#include "sipprobe/tls/tls_cache.h"

#include <errno.h>
#include <string.h>

#include "base/file_stamp.h"

enum { FILES = 3 };

struct stamps {
	struct file_stamp of[FILES];
};

struct entry {
	struct le le;
	/* Its own, but for the name: an entry may outlive whose settings it was made for.
	 */
	struct config_tls conf;
	struct tls_profile *profile;
	bool server;
	bool failed;
	struct stamps tried; /* the files as they were read, or tried to be */
	struct stamps seen;  /* and as they were at the last look */
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
	mem_deref((char *)(uintptr_t)e->conf.ca_file);
	mem_deref((char *)(uintptr_t)e->conf.cert_file);
	mem_deref((char *)(uintptr_t)e->conf.key_file);
	mem_deref((char *)(uintptr_t)e->conf.ciphers);
}

static int copy_text(const char **to, const char *text)
{
	char *copy = NULL;
	int err = text ? str_dup(&copy, text) : 0;

	*to = copy;
	return err;
}

static int entry_copy(struct entry *e, const struct config_tls *conf)
{
	int err = 0;

	e->conf = *conf;
	e->conf.server_name = NULL;
	err |= copy_text(&e->conf.ca_file, conf->ca_file);
	err |= copy_text(&e->conf.cert_file, conf->cert_file);
	err |= copy_text(&e->conf.key_file, conf->key_file);
	err |= copy_text(&e->conf.ciphers, conf->ciphers);
	return err ? ENOMEM : 0;
}

int tls_cache_alloc(struct tls_cache **cp)
{
	struct tls_cache *c = mem_zalloc(sizeof(*c), cache_destructor);

	if (!c)
		return ENOMEM;
	*cp = c;
	return 0;
}

static struct stamps tls_cache_stamps(const struct config_tls *conf)
{
	return (struct stamps){{
		file_stamp_of(conf->ca_file),
		file_stamp_of(conf->cert_file),
		file_stamp_of(conf->key_file),
	}};
}

static bool tls_cache_unchanged(const struct stamps *a, const struct stamps *b)
{
	size_t same = 0;

	while (same < FILES && file_stamp_equal(&a->of[same], &b->of[same]))
		same++;
	return same == FILES;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* server_name belongs to a connection, not to its context. */
static bool tls_cache_same(const struct config_tls *a, const struct config_tls *b)
{
	return a == b ||
	       (same_text(a->ca_file, b->ca_file) &&
		same_text(a->cert_file, b->cert_file) &&
		same_text(a->key_file, b->key_file) &&
		same_text(a->ciphers, b->ciphers) && a->min_version == b->min_version &&
		a->insecure_skip_verify == b->insecure_skip_verify &&
		!a->session_lifetime_us == !b->session_lifetime_us);
}

static struct entry *tls_cache_find(const struct tls_cache *c,
				    const struct config_tls *conf, bool server)
{
	for (struct le *le = c->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (e->server == server && tls_cache_same(&e->conf, conf))
			return e;
	}
	return NULL;
}

int tls_cache_get(struct tls_cache *c, struct tls_profile **tp,
		  const struct config_tls *conf, bool server, char *err_text,
		  size_t err_size)
{
	struct entry *e = tls_cache_find(c, conf, server);
	int err;

	if (!e) {
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return ENOMEM;
		/* Before reading: a change meanwhile is seen at the next look. */
		e->tried = e->seen = tls_cache_stamps(conf);
		err = entry_copy(e, conf);
		if (!err)
			err = tls_profile_alloc(&e->profile, &e->conf, server, err_text,
						err_size);
		if (err) {
			mem_deref(e);
			return err;
		}
		e->server = server;
		list_append(&c->entries, &e->le, e);
	}
	*tp = e->profile;
	return 0;
}

bool tls_cache_is_empty(const struct tls_cache *c)
{
	return list_isempty(&c->entries);
}

int tls_cache_renew(struct tls_cache *fresh, const struct tls_cache *old, char *err_text,
		    size_t err_size)
{
	struct tls_profile *unused;
	int err = 0;

	for (const struct le *le = old->entries.head; le && !err; le = le->next) {
		const struct entry *e = le->data;

		if (!e->server)
			err = tls_cache_get(fresh, &unused, &e->conf, false, err_text,
					    err_size);
	}
	return err;
}

static void look_at(struct entry *e, struct tls_cache_look *look)
{
	struct stamps now = tls_cache_stamps(&e->conf);
	bool steady = tls_cache_unchanged(&now, &e->seen);
	struct tls_profile *fresh;

	e->seen = now;
	if (!steady || tls_cache_unchanged(&now, &e->tried))
		return;
	e->tried = now;
	look->told = true;
	if (tls_profile_alloc(&fresh, &e->conf, e->server, look->text,
			      sizeof(look->text))) {
		e->failed = true;
		return;
	}
	e->failed = false;
	look->changed = true;
	mem_deref(e->profile);
	e->profile = fresh;
}

void tls_cache_look(struct tls_cache *c, struct tls_cache_look *look)
{
	*look = (struct tls_cache_look){0};
	for (struct le *le = c->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		look_at(e, look);
		look->failed |= e->failed;
	}
}
