/* The chain a peer showed, read after handshakes in memory; and its life as a value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sipprobe/chain.h"
#include "sipprobe/tls/tls.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

enum cert { ROOT, MIDDLE, LEAF, STRANGER, NASTY, SELF, CERTS };

static const struct {
	struct ca_spec spec;
	int issuer; /* -1: itself */
} specs[CERTS] = {
	[ROOT] = {{"Test Root", .authority = true}, -1},
	[MIDDLE] = {{"Test Middle", NULL, NULL, true, -3600, 7200}, ROOT},
	[LEAF] = {{"sbc", "DNS:sbc.example,DNS:b.example,IP:192.0.2.7"}, MIDDLE},
	[STRANGER] = {{"Other Root", .authority = true}, -1},
	[NASTY] = {{"<b>\nlevel=error \x1b[31m\xc3\xa9, O=x",
		    "DNS:<script>.example,email:a@b.example"},
		   STRANGER},
	[SELF] = {{"self", "DNS:sbc.example"}, -1},
};

static struct ca_cert certs[CERTS];
static char dir[64];

static bool carry(SSL *from, SSL *to)
{
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(from), &p);

	if (n <= 0)
		return false;
	BIO_write(SSL_get_rbio(to), p, (int)n);
	(void)BIO_reset(SSL_get_wbio(from));
	return true;
}

static void give_bios(SSL *ssl)
{
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
}

/* A server that shows @leaf, then @more @times over. */
static SSL *peer_of(enum cert leaf, enum cert more, int times, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_use_certificate(ctx, certs[leaf].x509);
	SSL_CTX_use_PrivateKey(ctx, certs[leaf].key);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	for (int i = 0; i < times; i++)
		SSL_CTX_add1_chain_cert(ctx, certs[more].x509);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_accept_state(ssl);
	give_bios(ssl);
	return ssl;
}

/* Our side after it shook hands with @peer, which is freed. */
static SSL *shake(SSL *peer, bool skip)
{
	char root[128], text[TLS_TEXT_BYTES] = "";
	const struct config_tls conf = {
		.ca_file = ca_write(root, dir, "root.pem",
				    (const struct ca_cert *[]){&certs[ROOT], NULL}, NULL),
		.min_version = CONFIG_TLS_1_2,
		.insecure_skip_verify = skip,
	};
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL;

	is_int(tls_profile_alloc(&tp, &conf, false, text, sizeof(text)), 0, text);
	is_int(tls_session_alloc(&ssl, tp, "sbc.example"), 0, "session");
	mem_deref(tp);
	give_bios(ssl);
	for (int turn = 0; turn < 20; turn++) {
		(void)SSL_do_handshake(ssl);
		carry(ssl, peer);
		(void)SSL_do_handshake(peer);
		if (!carry(peer, ssl))
			break;
	}
	SSL_free(peer);
	return ssl;
}

struct want {
	const char *title;
	enum cert leaf, more;
	int times, version;
	bool skip, verified;
	unsigned count, left_out;
	const char *subject, *issuer, *names;
};

static const struct want wants[] = {
	{"a chain of two", LEAF, MIDDLE, 1, TLS1_3_VERSION, false, true, 2, 0, "CN=sbc",
	 "CN=Test Middle", "sbc.example, b.example, 192.0.2.7"},
	{"over TLS 1.2", LEAF, MIDDLE, 1, TLS1_2_VERSION, false, true, 2, 0, "CN=sbc",
	 "CN=Test Middle", "sbc.example, b.example, 192.0.2.7"},
	{"its middle missing, refused", LEAF, MIDDLE, 0, TLS1_3_VERSION, false, false, 1,
	 0, "CN=sbc", "CN=Test Middle", "sbc.example, b.example, 192.0.2.7"},
	{"the same, not verified", LEAF, MIDDLE, 0, TLS1_3_VERSION, true, false, 1, 0,
	 "CN=sbc", "CN=Test Middle", "sbc.example, b.example, 192.0.2.7"},
	{"self-signed", SELF, ROOT, 0, TLS1_2_VERSION, false, false, 1, 0, "CN=self",
	 "CN=self", "sbc.example"},
	{"longer than is told", LEAF, MIDDLE, 11, TLS1_3_VERSION, false, true, CHAIN_MAX,
	 12 - CHAIN_MAX, "CN=sbc", "CN=Test Middle", "sbc.example, b.example, 192.0.2.7"},
	{"hostile words", NASTY, STRANGER, 1, TLS1_3_VERSION, false, false, 2, 0,
	 "CN=\\<b\\>\\0Alevel=error \\1B[31m\\C3\\A9\\, O=x", "CN=Other Root",
	 "<script>.example"},
};

static bool is_hex(const char *text)
{
	return *text && strspn(text, "0123456789abcdef") == strlen(text);
}

/* By OpenSSL's own reading. */
static int64_t end_of(enum cert c)
{
	struct tm tm;

	ASN1_TIME_to_tm(X509_get0_notAfter(certs[c].x509), &tm);
	return timegm(&tm);
}

static void check_leaf(const struct chain_link *l, const struct want *w)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char want[65];

	X509_digest(certs[w->leaf].x509, EVP_sha256(), digest, NULL);
	for (size_t i = 0; i < 32; i++)
		snprintf(want + 2 * i, 3, "%02x", digest[i]);
	is_str(l->subject, w->subject, w->title);
	is_str(l->issuer, w->issuer, w->title);
	is_str(l->names, w->names, w->title);
	is_str(l->sha256, want, w->title);
	ok(is_hex(l->serial), "%s: serial %s", w->title, l->serial);
	ok(strstr(l->key, "EC 256") || strstr(l->key, "RSA "), "%s: key %s", w->title,
	   l->key);
	is_int(l->not_after_s, end_of(w->leaf), w->title);
	ok(l->not_before_s < l->not_after_s, "%s: begins before it ends", w->title);
}

static void check(const struct want *w)
{
	SSL *ssl = shake(peer_of(w->leaf, w->more, w->times, w->version), w->skip);
	struct chain *c = NULL;

	is_int(tls_peer_chain(&c, ssl), 0, w->title);
	SSL_free(ssl);
	if (!c)
		return;
	is_int(c->count, w->count, w->title);
	is_int(c->left_out, w->left_out, w->title);
	is_int(c->verified, w->verified, w->title);
	is_str(c->version, w->version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2",
	       w->title);
	ok(c->seen_unix_ns > 0, "%s: seen", w->title);
	check_leaf(&c->links[0], w);
	if (w->count > 1)
		is_int(c->links[1].not_after_s, end_of(w->more), w->title);
	chain_unref(c);
}

static void check_none(void)
{
	struct chain *const untouched = (struct chain *)(uintptr_t)1;
	struct chain *c = untouched;
	SSL *peer = peer_of(LEAF, MIDDLE, 1, TLS1_3_VERSION);
	SSL *ssl;

	SSL_set_cipher_list(peer, "NULL");
	SSL_set_ciphersuites(peer, "");
	ssl = shake(peer, false);
	is_int(tls_peer_chain(&c, ssl), ENOENT, "no handshake, no chain");
	ok(c == untouched, "the pointer is untouched");
	SSL_free(ssl);
}

static const struct chain_link plain[] = {
	{"CN=a", "CN=b", "a.example", "01", "EC 256", "aa", 1, 2},
	{"CN=b", "CN=b", "", "02", "RSA 2048", "bb", 1, 3},
};

static struct chain *make(unsigned count)
{
	struct chain *c = NULL;

	is_int(chain_alloc(&c, plain, count), 0, "a chain of plain words");
	return c;
}

static void check_equal(void)
{
	struct chain *a = make(2), *b = make(2), *one = make(1);

	ok(chain_equal(a, b) && chain_equal(NULL, NULL), "the same is equal");
	ok(!chain_equal(a, NULL) && !chain_equal(NULL, a), "none is not some");
	ok(!chain_equal(a, one), "another number of certificates");
	b->seen_unix_ns = 7;
	ok(chain_equal(a, b), "when it was seen does not matter");
	b->verified = true;
	ok(!chain_equal(a, b), "trust does");
	b->verified = false;
	strcpy(b->version, "TLSv1.2");
	ok(!chain_equal(a, b), "so does the version");
	ok(a->links[0].subject != plain[0].subject, "texts are copied");
	is_str(a->links[1].key, "RSA 2048", "whole");
	chain_unref(chain_ref(a));
	is_str(a->links[1].sha256, "bb", "a reference less, not the last");
	chain_unref(a);
	chain_unref(b);
	chain_unref(one);
	chain_unref(NULL);
	ok(!chain_ref(NULL), "none stays none");
}

int main(void)
{
	ca_dir_make(dir);
	for (int i = 0; i < CERTS; i++)
		ca_make(&certs[i], &specs[i].spec,
			specs[i].issuer < 0 ? NULL : &certs[specs[i].issuer]);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		check(&wants[i]);
	check_none();
	check_equal();
	for (int i = 0; i < CERTS; i++)
		ca_drop(&certs[i]);
	ca_dir_remove(dir);
	return tap_done();
}
