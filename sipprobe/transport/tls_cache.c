#include <string.h>
#include <sys/stat.h>

#include "sipprobe/transport/tls_cache.h"

enum { FILES = 3 };

/* What tells one state of a file from another. All zeros: it is not there. */
struct stamp {
	uint64_t dev;
	uint64_t ino;
	int64_t size;
	int64_t changed_ns; /* ctime: also a rename, or a chmod that lets us read it */
};

struct stamps {
	struct stamp of[FILES];
};

struct entry {
	struct le le;
	const struct config_tls *conf;
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
}

int tls_cache_alloc(struct tls_cache **cp)
{
	struct tls_cache *c = mem_zalloc(sizeof(*c), cache_destructor);

	if (!c)
		return ENOMEM;
	*cp = c;
	return 0;
}

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (!path || stat(path, &st))
		return (struct stamp){0};
	return (struct stamp){
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.changed_ns =
			(int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
	};
}

static struct stamps stamps_of(const struct config_tls *conf)
{
	return (struct stamps){{
		stamp_of(conf->ca_file),
		stamp_of(conf->cert_file),
		stamp_of(conf->key_file),
	}};
}

static bool same_stamps(const struct stamps *a, const struct stamps *b)
{
	return !memcmp(a, b, sizeof(*a));
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
		a->insecure_skip_verify == b->insecure_skip_verify);
}

static struct entry *tls_cache_find(const struct tls_cache *c,
				    const struct config_tls *conf, bool server)
{
	for (struct le *le = c->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (e->server == server && tls_cache_same(e->conf, conf))
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
		e->tried = e->seen = stamps_of(conf);
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

static void look_at(struct entry *e, struct tls_cache_look *look)
{
	struct stamps now = stamps_of(e->conf);
	bool steady = same_stamps(&now, &e->seen);
	struct tls_profile *fresh;

	e->seen = now;
	if (!steady || same_stamps(&now, &e->tried))
		return;
	e->tried = now;
	look->told = true;
	if (tls_profile_alloc(&fresh, e->conf, e->server, look->text,
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
