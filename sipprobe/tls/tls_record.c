#include "sipprobe/tls/tls_record.h"

#include <errno.h>
#include <pthread.h>

/*
 * OpenSSL hands out slots for the whole process. Taken by whoever makes the first
 * profile: the main thread, or one that reads a configuration beside it.
 */
static int record_slot = -1;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;

static void record_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
			void *argp)
{
	struct tls_record *rec = ptr;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	mem_deref(rec);
}

bool tls_record_prepare(void)
{
	bool taken;

	pthread_mutex_lock(&record_lock);
	if (record_slot < 0)
		record_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, record_free);
	taken = record_slot >= 0;
	pthread_mutex_unlock(&record_lock);
	return taken;
}

struct tls_record *tls_record_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, record_slot);
}

void tls_seen_clear(struct tls_seen *seen)
{
	sk_X509_pop_free(seen->chain, X509_free);
	*seen = (struct tls_seen){0};
}

int tls_seen_copy(struct tls_seen *to, const struct tls_seen *from)
{
	STACK_OF(X509) *chain = from->chain ? X509_chain_up_ref(from->chain) : NULL;

	tls_seen_clear(to);
	if (from->chain && !chain)
		return ENOMEM;
	*to = *from;
	to->chain = chain;
	return 0;
}

static void record_destructor(void *arg)
{
	struct tls_record *rec = arg;

	tls_seen_clear(&rec->seen);
	mem_deref(rec->resume);
	mem_deref(rec->name);
}

int tls_record_attach(SSL *ssl, const char *name, bool skip_verify)
{
	struct tls_record *rec = mem_zalloc(sizeof(*rec), record_destructor);
	int err = 0;

	if (!rec)
		return ENOMEM;
	rec->skip_verify = skip_verify;
	if (name)
		err = str_dup(&rec->name, name);
	if (!err && SSL_set_ex_data(ssl, record_slot, rec) != 1)
		err = ENOMEM;
	if (err)
		mem_deref(rec);
	return err;
}
