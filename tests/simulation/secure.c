#include "tests/simulation/secure.h"

#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "tests/simulation/authority.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

struct secure {
	SSL *ssl;
	struct peer *peer;
	int64_t begun_ns;
	bool up, over;
};

/* An SSL of the process' that has not sent anything yet. */
static struct {
	SSL *ssl;
	int64_t at_ns;
} fresh;

struct secure_counts secure_counts;

/* What OpenSSL itself goes by: of shared libraries calls are not wrapped. */
__attribute__((visibility("default"))) time_t time(time_t *__timer)
{
	return __wrap_time(__timer);
}

struct secure *secure_make(struct peer *peer)
{
	struct secure *x = memory_get(sizeof(*x));

	x->peer = peer;
	x->begun_ns = world_now_ns();
	x->ssl = SSL_new(identity_show(peer->identity));
	SSL_set_bio(x->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(x->ssl);
	X509_VERIFY_PARAM_set_time(SSL_get0_param(x->ssl), (time_t)authority_now_s());
	witness_shown(peer);
	return x;
}

void secure_free(struct secure *x)
{
	if (!x)
		return;
	SSL_free(x->ssl);
	memory_free(x);
}

/* What the peer's SSL wrote goes out; @p: what that ends, or NULL. */
static void secure_flush(struct secure *x, struct pipe *s, struct packet *p)
{
	BIO *out = SSL_get_wbio(x->ssl);
	char *buf;
	long len = BIO_get_mem_data(out, &buf);

	if (len > 0)
		pipes_say(s, buf, (size_t)len, p);
	else
		memory_free(p);
	(void)BIO_reset(out);
}

static void secure_up(struct secure *x)
{
	X509 *ours = SSL_get0_peer_certificate(x->ssl);
	struct tm tm;

	x->up = true;
	secure_counts.handshakes++;
	if (ours && ASN1_TIME_to_tm(X509_get0_notAfter(ours), &tm) == 1)
		judge(ON_SHOWN, &(struct occasion){.trunk = x->peer->trunk,
						   .peer = x->peer,
						   .since_ns = x->begun_ns,
						   .number = timegm(&tm)});
}

static void secure_refuse(struct secure *x, struct pipe *s)
{
	x->over = true;
	secure_counts.refused += !x->up;
	trace(x->peer->trunk, "a peer ends TLS", x->up ? "" : "in its handshake",
	      " number ", x->peer->index);
	secure_flush(x, s, NULL);
	pipes_hang_up(s);
}

/* Returns whether more may be to read. */
static bool secure_read(struct secure *x, struct pipe *s)
{
	char buf[4096];
	int n = SSL_read(x->ssl, buf, sizeof(buf));

	if (n > 0)
		pipes_heard(s, buf, (size_t)n);
	else if (SSL_get_error(x->ssl, n) != SSL_ERROR_WANT_READ)
		secure_refuse(x, s);
	return n > 0;
}

void secure_hear(struct secure *x, struct pipe *s, const char *buf, size_t len)
{
	int n;

	if (x->over)
		return;
	ERR_clear_error();
	(void)BIO_write(SSL_get_rbio(x->ssl), buf, (int)len);
	if (!x->up) {
		n = __real_SSL_do_handshake(x->ssl);
		if (n == 1)
			secure_up(x);
		else if (SSL_get_error(x->ssl, n) != SSL_ERROR_WANT_READ)
			secure_refuse(x, s);
		if (!x->over)
			secure_flush(x, s, NULL);
	}
	while (x->up && !x->over && secure_read(x, s))
		;
	ERR_clear_error();
}

void secure_answer(struct secure *x, struct pipe *s, struct packet *p)
{
	if (x->over || __real_SSL_write(x->ssl, p->text, (int)p->len) != (int)p->len) {
		memory_free(p);
		return;
	}
	secure_flush(x, s, p);
}

/* --- the process' end --- */

static int secure_slot(void)
{
	static int slot = -1;

	if (slot < 0)
		slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return slot;
}

void secure_sends(int fd)
{
	if (fresh.ssl && fresh.at_ns == world_now_ns())
		SSL_set_ex_data(fresh.ssl, secure_slot(), (void *)(intptr_t)fd);
	fresh.ssl = NULL;
}

int __wrap_SSL_do_handshake(SSL *ssl)
{
	bool first = SSL_get_state(ssl) == TLS_ST_BEFORE;
	int n = __real_SSL_do_handshake(ssl);

	if (first) {
		fresh.ssl = ssl;
		fresh.at_ns = world_now_ns();
	}
	return n;
}

int __wrap_SSL_write(SSL *ssl, const void *buf, int len)
{
	intptr_t fd = (intptr_t)SSL_get_ex_data(ssl, secure_slot());
	struct pipe *s = fd ? pipes_at((int)fd) : NULL;

	world_leave();
	if (s)
		pipes_witness(pipes_local(s), pipes_peer(s), buf, (size_t)len, false);
	world_return();
	return __real_SSL_write(ssl, buf, len);
}
