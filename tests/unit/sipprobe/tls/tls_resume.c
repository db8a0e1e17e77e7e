/* Sessions that are resumed, and when they are not, against a peer of OpenSSL's own. */
#include <openssl/err.h>

#include "sipprobe/tls/tls_record.h"
#include "sipprobe/tls/tls_resume.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { MINUTE_S = 60, LEAF_S = 3600 };

#define LIFETIME_US (10 * MINUTE_S * 1000000LL)

static struct ca_cert root, leaf, stranger, other;
static char dir[64], ca_path[128];

static void make_certs(void)
{
	const struct ca_cert *chain[] = {&root, NULL};

	ca_make(&root, &(struct ca_spec){"Test Root", .authority = true}, NULL);
	ca_make(&leaf,
		&(struct ca_spec){"sbc", "DNS:sbc.example,DNS:b.example", .begins_s = -60,
				  .ends_s = LEAF_S},
		&root);
	ca_make(&other, &(struct ca_spec){"Other Root", .authority = true}, NULL);
	ca_make(&stranger, &(struct ca_spec){"sbc", "DNS:sbc.example"}, &other);
	ca_dir_make(dir);
	ca_write(ca_path, dir, "ca.pem", chain, NULL);
}

/* A server that gives sessions, and knows those that it gave. */
static SSL_CTX *make_server(const struct ca_cert *cert, int version, long more)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(ctx, cert->x509);
	SSL_CTX_use_PrivateKey(ctx, cert->key);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_options(ctx, (uint64_t)more);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
	return ctx;
}

static struct tls_profile *make_profile(int64_t lifetime_us)
{
	const struct config_tls conf = {.ca_file = ca_path,
					.min_version = CONFIG_TLS_1_2,
					.session_lifetime_us = lifetime_us};
	struct tls_profile *tp = NULL;
	char text[256] = "";

	is_int(tls_profile_alloc(&tp, &conf, false, text, sizeof(text)), 0, "a profile");
	return tp;
}

static void give_bios(SSL *ssl)
{
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
}

static void carry(SSL *from, SSL *to)
{
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(from), &p);

	if (n > 0)
		BIO_write(SSL_get_rbio(to), p, (int)n);
	(void)BIO_reset(SSL_get_wbio(from));
}

struct shaken {
	bool offered, finished, resumed;
	bool proven;	/* as who it was to be */
	unsigned chain; /* certificates that are told of */
	int64_t ends_s; /* of what was verified */
	enum tls_fault fault;
};

static void step(SSL *ssl, struct shaken *out)
{
	char byte;

	ERR_clear_error();
	if (SSL_do_handshake(ssl) != 1)
		return;
	if (!out->finished)
		out->resumed = tls_resume_done(ssl);
	out->finished = true;
	(void)SSL_read(ssl, &byte, 1);
}

static void look(SSL *ssl, const char *name, struct shaken *out)
{
	struct chain *chain = NULL;
	char text[TLS_TEXT_BYTES];

	out->proven = tls_peer_proves(ssl, name);
	out->ends_s = tls_peer_verified_not_after_s(ssl);
	if (!tls_peer_chain(&chain, ssl))
		out->chain = chain->count;
	chain_unref(chain);
	if (!out->finished)
		out->fault = tls_fault_of(ssl, text, sizeof(text));
}

static bool breaks_off; /* each connection, in place of being closed */

/* One connection, as a stream has them; @turns: how far the peer goes along. */
static struct shaken shake(struct tls_profile *tp, SSL_CTX *server, struct tls_resume *r,
			   const char *name, int turns)
{
	struct shaken out = {0};
	SSL *ssl = NULL, *peer = SSL_new(server);

	(void)tls_session_alloc(&ssl, tp, name);
	give_bios(ssl);
	give_bios(peer);
	SSL_set_accept_state(peer);
	tls_resume_offer(ssl, r, LIFETIME_US);
	out.offered = tls_resume_offered(ssl);
	for (int turn = 0; turn < turns; turn++) {
		char byte;

		step(ssl, &out);
		carry(ssl, peer);
		ERR_clear_error();
		if (SSL_do_handshake(peer) == 1)
			(void)SSL_read(peer, &byte, 1);
		carry(peer, ssl);
	}
	look(ssl, name, &out);
	if (!breaks_off)
		SSL_shutdown(ssl);
	SSL_set_shutdown(peer, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
	SSL_free(peer);
	ERR_clear_error();
	return out;
}

static struct shaken whole(struct tls_profile *tp, SSL_CTX *server, struct tls_resume *r)
{
	return shake(tp, server, r, "sbc.example", 6);
}

static bool same_peer(const struct shaken *a, const struct shaken *b)
{
	return a->finished && b->finished && a->proven && b->proven && a->chain == 1 &&
	       b->chain == 1 && a->ends_s == b->ends_s && a->ends_s > 0;
}

static void test_kind(int version, long more, const char *title)
{
	struct tls_profile *tp = make_profile(LIFETIME_US);
	SSL_CTX *server = make_server(&leaf, version, more);
	struct tls_resume *r = NULL;
	struct shaken first, next;

	is_int(tls_resume_alloc(&r), 0, title);
	first = whole(tp, server, r);
	ok(first.finished && !first.offered && !first.resumed, "%s: at first whole",
	   title);
	for (int i = 0; i < 3; i++) {
		virtual_now_ns += MINUTE_S * CLOCK_NS_PER_S;
		next = whole(tp, server, r);
		ok(next.offered && next.resumed, "%s: then resumed", title);
		ok(same_peer(&first, &next), "%s: what it showed is told on", title);
	}
	virtual_now_ns += 7 * MINUTE_S * CLOCK_NS_PER_S;
	next = whole(tp, server, r);
	ok(!next.offered && !next.resumed && same_peer(&first, &next),
	   "%s: whole after the lifetime, which resuming did not prolong", title);
	next = whole(tp, server, r);
	ok(next.resumed, "%s: and resumed again", title);
	mem_deref(r);
	mem_deref(tp);
	SSL_CTX_free(server);
}

/* What a session is no good for. */
static void test_bounds(void)
{
	struct tls_profile *tp = make_profile(LIFETIME_US),
			   *fresh = make_profile(LIFETIME_US), *never = make_profile(0);
	SSL_CTX *server = make_server(&leaf, TLS1_3_VERSION, 0);
	struct tls_resume *r = NULL;
	struct shaken s;

	(void)tls_resume_alloc(&r);
	(void)whole(tp, server, r);
	s = whole(fresh, server, r);
	ok(s.finished && !s.offered, "not for another context: its files may be others");
	s = whole(fresh, server, r);
	ok(s.resumed, "which has sessions of its own");
	s = shake(fresh, server, r, "b.example", 6);
	ok(s.finished && !s.offered && s.proven, "not for another name");
	s = shake(fresh, server, r, "b.example", 6);
	ok(s.resumed && s.proven, "which has its own too");
	virtual_wall_set_ns = (LEAF_S + MINUTE_S) * CLOCK_NS_PER_S;
	s = shake(fresh, server, r, "b.example", 6);
	ok(!s.offered, "not once the certificate has ended");
	virtual_wall_set_ns = 0;
	breaks_off = true;
	s = whole(fresh, server, r);
	breaks_off = false;
	ok(s.finished, "one that breaks off");
	s = whole(fresh, server, r);
	ok(s.finished && !s.offered, "leaves none to offer");
	s = whole(fresh, server, r);
	ok(s.resumed, "but the next one does");
	mem_deref(r);
	(void)tls_resume_alloc(&r);
	(void)whole(never, server, r);
	s = whole(never, server, r);
	ok(s.finished && !s.offered && !s.resumed, "never, unless a setting says so");
	mem_deref(r);
	mem_deref(tp);
	mem_deref(fresh);
	mem_deref(never);
	SSL_CTX_free(server);
}

/* A connection that is kept is given another ticket long after its handshake. */
static void test_late_ticket(void)
{
	struct tls_profile *tp = make_profile(LIFETIME_US);
	SSL_CTX *server = make_server(&leaf, TLS1_3_VERSION, 0);
	struct tls_resume *r = NULL;
	struct shaken s = {0};
	SSL *ssl = NULL, *peer = SSL_new(server);
	char byte;

	(void)tls_resume_alloc(&r);
	(void)tls_session_alloc(&ssl, tp, "sbc.example");
	give_bios(ssl);
	give_bios(peer);
	SSL_set_accept_state(peer);
	tls_resume_offer(ssl, r, LIFETIME_US);
	for (int turn = 0; turn < 4; turn++) {
		step(ssl, &s);
		carry(ssl, peer);
		(void)SSL_do_handshake(peer);
		carry(peer, ssl);
	}
	virtual_now_ns += 9 * MINUTE_S * CLOCK_NS_PER_S;
	is_int(SSL_new_session_ticket(peer), 1, "another ticket");
	(void)SSL_do_handshake(peer);
	carry(peer, ssl);
	(void)SSL_read(ssl, &byte, 1);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	SSL_free(peer);
	virtual_now_ns += 2 * MINUTE_S * CLOCK_NS_PER_S;
	s = whole(tp, server, r);
	ok(s.finished && !s.offered, "is as old as what was shown in the handshake");
	mem_deref(r);
	mem_deref(tp);
	SSL_CTX_free(server);
}

/* The peer is another, or does not bear it. */
static void test_peers(void)
{
	struct tls_profile *tp = make_profile(LIFETIME_US);
	SSL_CTX *server = make_server(&leaf, TLS1_3_VERSION, 0),
		*again = make_server(&leaf, TLS1_3_VERSION, 0),
		*bad = make_server(&stranger, TLS1_3_VERSION, 0);
	struct tls_resume *r = NULL;
	struct shaken s;

	(void)tls_resume_alloc(&r);
	(void)whole(tp, server, r);
	s = whole(tp, again, r);
	ok(s.offered && s.finished && !s.resumed && s.proven,
	   "a peer that forgot: the whole handshake, in one go");
	s = whole(tp, again, r);
	ok(s.resumed, "and what it gave then is resumed");
	s = whole(tp, bad, r);
	ok(s.offered && !s.finished && s.fault == TLS_FAULT_ROOT,
	   "a peer in its place that is nobody's is found out");
	s = whole(tp, again, r);
	ok(s.finished && !s.offered, "who did not finish is offered none");
	virtual_now_ns += 9 * MINUTE_S * CLOCK_NS_PER_S;
	s = whole(tp, again, r);
	ok(s.finished && !s.offered, "for as long as a lifetime");
	virtual_now_ns += MINUTE_S * CLOCK_NS_PER_S;
	s = whole(tp, again, r);
	ok(s.resumed, "and then may be again");
	s = shake(tp, again, r, "sbc.example", 1);
	ok(s.offered && !s.finished, "a peer that falls silent over it");
	s = whole(tp, again, r);
	ok(s.finished && !s.offered, "is offered none by the next connection");
	mem_deref(r);
	mem_deref(tp);
	SSL_CTX_free(server);
	SSL_CTX_free(again);
	SSL_CTX_free(bad);
}

int main(void)
{
	make_certs();
	test_kind(TLS1_3_VERSION, 0, "TLS 1.3");
	test_kind(TLS1_2_VERSION, 0, "TLS 1.2, tickets");
	test_kind(TLS1_2_VERSION, SSL_OP_NO_TICKET, "TLS 1.2, identifiers");
	test_bounds();
	test_late_ticket();
	test_peers();
	ca_drop(&root);
	ca_drop(&leaf);
	ca_drop(&other);
	ca_drop(&stranger);
	ca_dir_remove(dir);
	return tap_done();
}
