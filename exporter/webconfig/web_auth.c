#include "exporter/webconfig/web_auth.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "exporter/webconfig/web_credentials.h"

enum {
	HASH_CHARS = 60, /* $2y$10$, 22 of salt, 31 of hash */
	COST_MIN = 4,
	COST_MAX = 16, /* some five seconds a check */
	COST_DEFAULT = 10,
	DIGEST_BYTES = 32,
	REMEMBERED = 256, /* of either kind */
	NICE = 10,
};

struct digest {
	uint8_t b[DIGEST_BYTES];
};

/* The newest of what was judged; the oldest gives way. */
struct memory {
	struct digest list[REMEMBERED];
	size_t count;
	size_t next;
};

struct job {
	TAILQ_ENTRY(job) entry;
	uint64_t turn;
	uint8_t network[16];
	struct digest digest;
	char hash[HASH_CHARS + 1];
	bool known_user;
	struct web_credentials who;
	web_verdict_h *h;
	void *arg;
};

TAILQ_HEAD(jobs, job);

struct web_auth {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool stop, joined;
	struct jobs jobs;
	uint64_t turn;	 /* of the job that was taken last */
	uint64_t checks; /* bcrypts so far */
	/* Only the right ones can fill `right`: no flood drives them out. */
	struct memory right, wrong;
	uint8_t key[DIGEST_BYTES];
	char salt[23]; /* of the hash that unknown users are checked against */
	struct crypt_data crypt;
};

static const char itoa64[] =
	"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static int cost_of(const char *hash)
{
	return (hash[4] - '0') * 10 + hash[5] - '0';
}

static bool is_bcrypt(const char *hash)
{
	return strlen(hash) == HASH_CHARS && !strncmp(hash, "$2", 2) &&
	       strchr("aby", hash[2]) && hash[3] == '$' &&
	       strspn(hash + 4, "0123456789") == 2 && hash[6] == '$' &&
	       strspn(hash + 7, itoa64) == HASH_CHARS - 7;
}

const char *web_auth_hash_check(const char *hash)
{
	if (!is_bcrypt(hash))
		return "not a bcrypt hash ($2y$, $2b$ or $2a$), as `htpasswd -nB USER` "
		       "prints it after the colon";
	if (cost_of(hash) < COST_MIN || cost_of(hash) > COST_MAX)
		return "the cost of a bcrypt hash must be from 4 to 16";
	return NULL;
}

/*
 * An unknown user costs what a known one does: the highest cost there is, of a hash that
 * nobody knows a password for.
 */
static void unknown_hash(const struct web_auth *a, const struct web_pairs *users,
			 char hash[HASH_CHARS + 1])
{
	int cost = 0;

	for (size_t i = 0; i < users->count; i++)
		if (cost_of(users->list[i].value) > cost)
			cost = cost_of(users->list[i].value);
	snprintf(hash, HASH_CHARS + 1, "$2b$%02u$%.22s%s",
		 (unsigned)(cost ? cost : COST_DEFAULT) % 100, a->salt,
		 "0000000000000000000000000000000");
}

/* Compares with every name, so that its place in the list cannot be timed. */
static bool find_hash(const struct web_auth *a, const struct web_pairs *users,
		      const struct web_credentials *who, char hash[HASH_CHARS + 1])
{
	bool found = false;

	unknown_hash(a, users, hash);
	for (size_t i = 0; i < users->count; i++) {
		const struct config_pair *u = &users->list[i];

		if (strlen(u->name) != who->name_len ||
		    gnutls_memcmp(u->name, who->name, who->name_len) != 0)
			continue;
		memcpy(hash, u->value, HASH_CHARS + 1);
		found = true;
	}
	return found;
}

/* Name, password and the hash in force: a changed hash forgets what was right. */
static bool digest_make(struct digest *d, const struct web_auth *a,
			const struct web_credentials *who, const char *hash)
{
	char text[sizeof(who->name) + sizeof(who->password) + HASH_CHARS + 2];
	size_t len = 0;
	int err;

	memcpy(text, who->name, who->name_len + 1);
	len += who->name_len + 1;
	memcpy(text + len, hash, HASH_CHARS);
	len += HASH_CHARS;
	memcpy(text + len, who->password, who->password_len);
	len += who->password_len;
	err = gnutls_hmac_fast(GNUTLS_MAC_SHA256, a->key, sizeof(a->key), text, len,
			       d->b);
	explicit_bzero(text, sizeof(text));
	return !err;
}

static bool web_auth_remembers(const struct memory *m, const struct digest *d)
{
	bool found = false;

	for (size_t i = 0; i < m->count; i++)
		found = !gnutls_memcmp(m->list[i].b, d->b, sizeof(d->b)) || found;
	return found;
}

static void web_auth_remember(struct memory *m, const struct digest *d)
{
	if (web_auth_remembers(m, d))
		return;
	m->list[m->next] = *d;
	m->next = (m->next + 1) % REMEMBERED;
	if (m->count < REMEMBERED)
		m->count++;
}

/* With the lock held. */
static enum web_verdict web_auth_recall(const struct web_auth *a, const struct digest *d)
{
	if (web_auth_remembers(&a->right, d))
		return WEB_ALLOWED;
	return web_auth_remembers(&a->wrong, d) ? WEB_DENIED : WEB_LATER;
}

enum web_verdict web_auth_known(struct web_auth *a, const struct web_claim *claim)
{
	struct web_credentials who;
	char hash[HASH_CHARS + 1];
	enum web_verdict v;
	struct digest d;
	bool made;

	if (!web_credentials_parse(&who, claim->authorization))
		return WEB_DENIED;
	find_hash(a, claim->users, &who, hash);
	made = digest_make(&d, a, &who, hash);
	explicit_bzero(&who, sizeof(who));
	if (!made)
		return WEB_BUSY;
	pthread_mutex_lock(&a->lock);
	v = web_auth_recall(a, &d);
	pthread_mutex_unlock(&a->lock);
	return v;
}

/* After the last job of the same network, or after the one taken last. Lock held. */
static uint64_t turn_of(const struct web_auth *a, const uint8_t network[16])
{
	uint64_t turn = a->turn;
	const struct job *j;

	for (j = TAILQ_FIRST(&a->jobs); j; j = TAILQ_NEXT(j, entry))
		if (!memcmp(j->network, network, 16) && j->turn > turn)
			turn = j->turn;
	return turn + 1;
}

static void job_free(struct job *j)
{
	explicit_bzero(j, sizeof(*j));
	free(j);
}

int web_auth_check(struct web_auth *a, const struct web_claim *claim, web_verdict_h *h,
		   void *arg)
{
	struct job *j = calloc(1, sizeof(*j));
	int err = 0;

	if (!j)
		return ENOMEM;
	if (!web_credentials_parse(&j->who, claim->authorization)) {
		job_free(j);
		return EINVAL;
	}
	j->h = h;
	j->arg = arg;
	j->known_user = find_hash(a, claim->users, &j->who, j->hash);
	memcpy(j->network, claim->network, sizeof(j->network));
	if (!digest_make(&j->digest, a, &j->who, j->hash))
		err = ENOMEM;
	pthread_mutex_lock(&a->lock);
	if (a->stop)
		err = ECANCELED;
	if (!err) {
		j->turn = turn_of(a, j->network);
		TAILQ_INSERT_TAIL(&a->jobs, j, entry);
		pthread_cond_signal(&a->wake);
	}
	pthread_mutex_unlock(&a->lock);
	if (err)
		job_free(j);
	return err;
}

/* The one whose turn it is; the first of several. With the lock held. */
static struct job *next_job(struct web_auth *a)
{
	struct job *j, *best = NULL;

	for (j = TAILQ_FIRST(&a->jobs); j; j = TAILQ_NEXT(j, entry))
		if (!best || j->turn < best->turn)
			best = j;
	if (best) {
		a->turn = best->turn;
		TAILQ_REMOVE(&a->jobs, best, entry);
	}
	return best;
}

/* Bcrypt itself, without the lock. */
static bool is_right(struct web_auth *a, const struct job *j)
{
	const char *made =
		crypt_rn(j->who.password, j->hash, &a->crypt, (int)sizeof(a->crypt));
	bool same = made && strlen(made) == HASH_CHARS &&
		    !gnutls_memcmp(made, j->hash, HASH_CHARS);

	explicit_bzero(&a->crypt, sizeof(a->crypt));
	return same && j->known_user;
}

/* Called and left with the lock held. */
static void web_auth_judge(struct web_auth *a, struct job *j)
{
	enum web_verdict v = web_auth_recall(a, &j->digest);
	bool right;

	if (v == WEB_LATER) {
		a->checks++;
		pthread_mutex_unlock(&a->lock);
		right = is_right(a, j);
		pthread_mutex_lock(&a->lock);
		web_auth_remember(right ? &a->right : &a->wrong, &j->digest);
		v = right ? WEB_ALLOWED : WEB_DENIED;
	}
	pthread_mutex_unlock(&a->lock);
	log_event(LOG_LEVEL_DEBUG, "password checked",
		  LOG_S("result", v == WEB_ALLOWED ? "right" : "wrong"));
	j->h(v, j->arg);
	job_free(j);
	pthread_mutex_lock(&a->lock);
}

static void *web_auth_checker(void *arg)
{
	struct web_auth *a = arg;
	struct job *j;

	/* A thread's own in Linux. Probes come first. */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		j = next_job(a);
		if (j)
			web_auth_judge(a, j);
		else
			pthread_cond_wait(&a->wake, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static int make_secrets(struct web_auth *a)
{
	uint8_t salt[sizeof(a->salt) - 1];

	if (gnutls_rnd(GNUTLS_RND_KEY, a->key, sizeof(a->key)) ||
	    gnutls_rnd(GNUTLS_RND_NONCE, salt, sizeof(salt)))
		return EIO;
	for (size_t i = 0; i < sizeof(salt); i++)
		a->salt[i] = itoa64[salt[i] & 63];
	/* Only two bits of the last character are part of the salt. */
	a->salt[sizeof(salt) - 1] = '.';
	return 0;
}

int web_auth_alloc(struct web_auth **ap)
{
	struct web_auth *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return ENOMEM;
	TAILQ_INIT(&a->jobs);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->wake, NULL);
	err = make_secrets(a);
	if (!err)
		err = pthread_create(&a->thread, NULL, web_auth_checker, a);
	if (err) {
		a->joined = true;
		web_auth_free(a);
	} else {
		*ap = a;
	}
	return err;
}

void web_auth_stop(struct web_auth *a)
{
	struct job *j;

	if (!a || a->joined)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->joined = true;
	while ((j = TAILQ_FIRST(&a->jobs)) != NULL) {
		TAILQ_REMOVE(&a->jobs, j, entry);
		j->h(WEB_BUSY, j->arg);
		job_free(j);
	}
}

void web_auth_free(struct web_auth *a)
{
	if (!a)
		return;
	web_auth_stop(a);
	pthread_cond_destroy(&a->wake);
	pthread_mutex_destroy(&a->lock);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

uint64_t web_auth_checks(struct web_auth *a)
{
	uint64_t checks;

	pthread_mutex_lock(&a->lock);
	checks = a->checks;
	pthread_mutex_unlock(&a->lock);
	return checks;
}
