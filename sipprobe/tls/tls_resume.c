#include "sipprobe/tls/tls_resume.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/tls/tls_record.h"

struct tls_resume {
	SSL_SESSION *session; /* owned; NULL: none to offer */
	SSL_CTX *ctx;	      /* owned; what it was made with */
	char *name;	      /* owned; what the peer proved; NULL: nothing */
	struct tls_seen seen;
	int64_t shy_ns; /* it is offered none until then; 0: it may be */
};

static void tls_resume_forget(struct tls_resume *r)
{
	SSL_SESSION_free(r->session);
	SSL_CTX_free(r->ctx);
	r->session = NULL;
	r->ctx = NULL;
	r->name = mem_deref(r->name);
	tls_seen_clear(&r->seen);
}

static void tls_resume_destructor(void *arg)
{
	tls_resume_forget(arg);
}

int tls_resume_alloc(struct tls_resume **rp)
{
	struct tls_resume *r = mem_zalloc(sizeof(*r), tls_resume_destructor);

	if (!r)
		return ENOMEM;
	*rp = r;
	return 0;
}

static int tls_resume_name(struct tls_resume *r, const struct tls_record *rec)
{
	return rec->name ? str_dup(&r->name, rec->name) : 0;
}

/* The peer showed all of it in this very handshake. */
static int tls_resume_begin(struct tls_resume *r, const struct tls_record *rec,
			    const SSL *ssl)
{
	int err;

	tls_resume_forget(r);
	err = tls_resume_name(r, rec);
	if (!err)
		err = tls_seen_copy(&r->seen, &rec->seen);
	if (err)
		return err;
	r->ctx = SSL_get_SSL_CTX(ssl);
	SSL_CTX_up_ref(r->ctx);
	return 0;
}

/* The peer gave a session. Returns 1 where it is kept, and its reference with it. */
static int tls_resume_new_h(SSL *ssl, SSL_SESSION *session)
{
	const struct tls_record *rec = tls_record_of(ssl);
	struct tls_resume *r = rec ? rec->resume : NULL;

	if (!r || !SSL_SESSION_is_resumable(session))
		return 0;
	/* Of several tickets of one handshake the last one counts. */
	if (!SSL_session_reused(ssl) && tls_resume_begin(r, rec, ssl)) {
		tls_resume_forget(r);
		return 0;
	}
	if (!r->ctx)
		return 0;
	SSL_SESSION_free(r->session);
	r->session = session;
	return 1;
}

void tls_resume_watch(SSL_CTX *ctx)
{
	SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
						    SSL_SESS_CACHE_NO_INTERNAL |
						    SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_sess_set_new_cb(ctx, tls_resume_new_h);
}

static bool tls_resume_is_good(const struct tls_resume *r, const SSL *ssl,
			       const struct tls_record *rec, int64_t lifetime_us)
{
	int64_t ends_s = r->seen.verified_not_after_s;

	/* OpenSSL gives up the session of a connection that broke off. */
	return r->session && SSL_SESSION_is_resumable(r->session) &&
	       r->ctx == SSL_get_SSL_CTX(ssl) &&
	       !str_cmp(r->name ? r->name : "", rec->name ? rec->name : "") &&
	       clock_monotonic_ns() - r->seen.at_ns < lifetime_us * CLOCK_NS_PER_US &&
	       (!ends_s || clock_wall_ns() / CLOCK_NS_PER_S < ends_s);
}

void tls_resume_offer(SSL *ssl, struct tls_resume *r, int64_t lifetime_us)
{
	struct tls_record *rec = tls_record_of(ssl);
	int64_t now_ns = clock_monotonic_ns();

	mem_deref(rec->resume);
	rec->resume = mem_ref(r);
	if (now_ns < r->shy_ns)
		return;
	r->shy_ns = 0;
	if (!tls_resume_is_good(r, ssl, rec, lifetime_us)) {
		tls_resume_forget(r);
		return;
	}
	rec->offered = SSL_set_session(ssl, r->session) == 1;
	ERR_clear_error();
	if (!rec->offered)
		return;
	/* Until it has finished this one. */
	r->shy_ns = now_ns + lifetime_us * CLOCK_NS_PER_US;
	/* A ticket is for one connection (RFC 8446 C.4), other sessions for many. */
	if (SSL_SESSION_get_protocol_version(r->session) < TLS1_3_VERSION)
		return;
	SSL_SESSION_free(r->session);
	r->session = NULL;
}

bool tls_resume_offered(const SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);

	return rec && rec->offered;
}

bool tls_resume_done(SSL *ssl)
{
	struct tls_record *rec = tls_record_of(ssl);

	if (!rec || !rec->resume)
		return false;
	if (rec->offered)
		rec->resume->shy_ns = 0;
	if (!SSL_session_reused(ssl))
		return false;
	(void)tls_seen_copy(&rec->seen, &rec->resume->seen);
	return true;
}
