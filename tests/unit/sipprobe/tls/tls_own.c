/* Our own certificates as a peer reads them, and a peer's as other authorities would. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sipprobe/tls/tls.h"
#include "sipprobe/tls/tls_own.h"
#include "sipprobe/tls/tls_rehearsal.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

enum cert {
	ROOT,
	NEW_ROOT,
	CROSS_OLD, /* NEW_ROOT's name and key, signed by ROOT, expired */
	MIDDLE,
	MIDDLE_SERVER,
	MIDDLE_SHORT,
	MIDDLE_WEAK,
	BOTH,
	NO_PURPOSE,
	SERVER_ONLY,
	CLIENT_ONLY,
	WEAK_KEY,
	SHA1_SIGNED,
	EXPIRED,
	EARLY,
	SELF,
	ALONE,
	ALONE_AIA,
	UNDER_SERVER,
	UNDER_SHORT,
	UNDER_WEAK,
	UNDER_NEW,
	CERTS,
};

#define DAY 86400L
#define SBC "DNS:sbc.example"

static const struct {
	struct ca_spec spec;
	int issuer; /* -1: itself */
} specs[CERTS] = {
	[ROOT] = {{"Old Root", .authority = true, .begins_s = -DAY, .ends_s = 900 * DAY},
		  -1},
	[NEW_ROOT] = {{"New Root", .authority = true, .begins_s = -DAY,
		       .ends_s = 900 * DAY},
		      -1},
	[CROSS_OLD] = {{"New Root", .authority = true, .begins_s = -9 * DAY,
			.ends_s = -2 * DAY},
		       ROOT},
	[MIDDLE] = {{"Middle", .authority = true, .begins_s = -DAY, .ends_s = 800 * DAY},
		    ROOT},
	[MIDDLE_SERVER] = {{"Web Only", NULL, "serverAuth", true, -DAY, 800 * DAY}, ROOT},
	[MIDDLE_SHORT] = {{"Short", NULL, NULL, true, -DAY, 4 * DAY}, ROOT},
	[MIDDLE_WEAK] = {{"Weak", NULL, NULL, true, -DAY, 800 * DAY, .rsa_bits = 1024},
			 ROOT},
	[BOTH] = {{"sbc", SBC, "serverAuth,clientAuth", false, -DAY, 300 * DAY}, MIDDLE},
	[NO_PURPOSE] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, MIDDLE},
	[SERVER_ONLY] = {{"sbc", SBC, "serverAuth", false, -DAY, 300 * DAY}, MIDDLE},
	[CLIENT_ONLY] = {{"sbc", SBC, "clientAuth", false, -DAY, 300 * DAY}, MIDDLE},
	[WEAK_KEY] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY, .rsa_bits = 1024},
		      MIDDLE},
	[SHA1_SIGNED] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY, .sha1 = true},
			 MIDDLE},
	[EXPIRED] = {{"sbc", SBC, NULL, false, -9 * DAY, -2 * DAY}, MIDDLE},
	[EARLY] = {{"sbc", SBC, NULL, false, 2 * DAY, 300 * DAY}, MIDDLE},
	[SELF] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, -1},
	[ALONE] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, MIDDLE},
	[ALONE_AIA] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY, .aia = true}, MIDDLE},
	[UNDER_SERVER] = {{"sbc", SBC, "serverAuth,clientAuth", false, -DAY, 300 * DAY},
			  MIDDLE_SERVER},
	[UNDER_SHORT] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, MIDDLE_SHORT},
	[UNDER_WEAK] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, MIDDLE_WEAK},
	[UNDER_NEW] = {{"sbc", SBC, NULL, false, -DAY, 300 * DAY}, NEW_ROOT},
};

static struct ca_cert certs[CERTS];
static char dir[64];
static int64_t now_s;

static void make_certs(void)
{
	now_s = (int64_t)time(NULL);
	for (int i = 0; i < CERTS; i++) {
		struct ca_spec spec = specs[i].spec;

		if (i == CROSS_OLD)
			spec.like = &certs[NEW_ROOT];
		ca_make(&certs[i], &spec,
			specs[i].issuer < 0 ? NULL : &certs[specs[i].issuer]);
	}
}

enum { CHAIN = 4, NONE = -1 };

static const char *chain_file(char path[128], const char *name, const int chain[CHAIN],
			      bool with_key)
{
	const struct ca_cert *list[CHAIN + 1] = {NULL};

	for (int i = 0; i < CHAIN && chain[i] != NONE; i++)
		list[i] = &certs[chain[i]];
	return ca_write(path, dir, name, list, with_key ? certs[chain[0]].key : NULL);
}

#define SBC_WORKS "sip:sbc.example"

static const struct own_case {
	const char *title;
	int chain[CHAIN];
	bool server;
	const char *contact;
	const char *from;
	const char *complaint; /* DATE: of @dated */
	int dated;
} own_cases[] = {
	{"both purposes", {BOTH, MIDDLE, NONE}, 0, NULL, NULL, ""},
	{"both, shown by a server", {BOTH, MIDDLE, NONE}, 1, NULL, NULL, ""},
	{"no purpose said", {NO_PURPOSE, MIDDLE, NONE}, 0, NULL, NULL, ""},
	{"with its root", {BOTH, MIDDLE, ROOT, NONE}, 0, NULL, NULL, ""},
	{"self-signed", {SELF, NONE}, 0, NULL, NULL, ""},
	{"for clients, as a client", {CLIENT_ONLY, MIDDLE, NONE}, 0, NULL, NULL, ""},
	{"for servers, as a server", {SERVER_ONLY, MIDDLE, NONE}, 1, NULL, NULL, ""},
	{"without its intermediate", {ALONE, NONE}, 0, NULL, NULL, ""},
	{"a name that fits", {BOTH, MIDDLE, NONE}, 0, SBC_WORKS, SBC_WORKS, ""},
	{"a From of the peer's domain",
	 {BOTH, MIDDLE, NONE},
	 0,
	 SBC_WORKS,
	 "sip:u@isp.example",
	 ""},
	{"an address in contact", {BOTH, MIDDLE, NONE}, 0, "sip:192.0.2.1", NULL, ""},
	{"a placeholder in contact", {BOTH, MIDDLE, NONE}, 0, "sip:x@{local}", NULL, ""},
	{"an expired cross-signed root",
	 {UNDER_NEW, NEW_ROOT, CROSS_OLD, NONE},
	 0,
	 NULL,
	 NULL,
	 ""},
	{"for servers, as a client",
	 {SERVER_ONLY, MIDDLE, NONE},
	 0,
	 NULL,
	 NULL,
	 "may not be shown as a client: it is for servers only"},
	{"for clients, as a server",
	 {CLIENT_ONLY, MIDDLE, NONE},
	 1,
	 NULL,
	 NULL,
	 "may not be shown as a server: it is for clients only"},
	{"an intermediate for servers",
	 {UNDER_SERVER, MIDDLE_SERVER, NONE},
	 0,
	 NULL,
	 NULL,
	 "may not be shown as a client: its authority Web Only is for servers only"},
	{"RSA 1024",
	 {WEAK_KEY, MIDDLE, NONE},
	 0,
	 NULL,
	 NULL,
	 "has too weak a key: it has RSA 1024"},
	{"an intermediate with RSA 1024",
	 {UNDER_WEAK, MIDDLE_WEAK, NONE},
	 0,
	 NULL,
	 NULL,
	 "has too weak a key: its authority Weak has RSA 1024"},
	{"SHA-1",
	 {SHA1_SIGNED, MIDDLE, NONE},
	 0,
	 NULL,
	 NULL,
	 "has too weak a signature: it is signed by ecdsa-with-SHA1"},
	{"expired", {EXPIRED, MIDDLE, NONE}, 0, NULL, NULL, "expired DATE", EXPIRED},
	{"early",
	 {EARLY, MIDDLE, NONE},
	 0,
	 NULL,
	 NULL,
	 "is not valid before DATE",
	 EARLY},
	{"another name in contact",
	 {BOTH, MIDDLE, NONE},
	 0,
	 "sip:pbx.example;transport=tls",
	 NULL,
	 "is not for pbx.example, the host of contact"},
	{"another name in from",
	 {BOTH, MIDDLE, NONE},
	 0,
	 SBC_WORKS,
	 "sip:pbx.example",
	 "is not for pbx.example, the host of from"},
	{"two faults",
	 {SERVER_ONLY, MIDDLE, NONE},
	 0,
	 "sip:pbx.example",
	 NULL,
	 "may not be shown as a client: it is for servers only; is not for pbx.example, "
	 "the host of contact"},
};

static void day_of(char buf[16], const ASN1_TIME *t)
{
	struct tm tm;

	ASN1_TIME_to_tm(t, &tm);
	strftime(buf, 16, "%Y-%m-%d", &tm);
}

static void expand(char *buf, size_t size, const char *text, int cert)
{
	const char *at = strstr(text, "DATE");
	char day[16] = "";

	if (at)
		day_of(day, cert == EARLY ? X509_get0_notBefore(certs[cert].x509)
					  : X509_get0_notAfter(certs[cert].x509));
	snprintf(buf, size, "%.*s%s", at ? (int)(at - text) : (int)strlen(text), text,
		 day);
}

static void check_own(const struct own_case *t)
{
	struct config_settings settings = {.contact = t->contact, .from = t->from};
	const struct config_trunk trunk = {.uri = "sips:sbc.isp.example",
					   .settings = &settings};
	char path[128], text[256] = "", want[256];
	struct config_tls conf = {.min_version = CONFIG_TLS_1_2};
	struct tls_profile *tp = NULL;
	struct tls_own own = {0};

	conf.cert_file = conf.key_file = chain_file(path, "own.pem", t->chain, true);
	is_int(tls_profile_alloc(&tp, &conf, t->server, text, sizeof(text)), 0, t->title);
	is_str(text, "", t->title);
	ok(tls_profile_own(&own, tp, t->server ? NULL : &trunk), "%s: read", t->title);
	tls_own_complaint(text, sizeof(text), &own, now_s);
	expand(want, sizeof(want), t->complaint, t->dated);
	is_str(text, want, t->title);
	ok(tls_own_usable(&own, now_s) == !*t->complaint, "%s: usable", t->title);
	mem_deref(tp);
}

/* What is usable today is so until the first of what it needs ends. */
static void check_later(void)
{
	static const int chain[CHAIN] = {UNDER_SHORT, MIDDLE_SHORT, NONE};
	char path[128], text[256] = "", day[16], want[256];
	struct config_tls conf = {.min_version = CONFIG_TLS_1_2};
	struct tls_profile *tp = NULL;
	struct tls_own own = {0};

	conf.cert_file = conf.key_file = chain_file(path, "own.pem", chain, true);
	tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
	ok(tls_profile_own(&own, tp, NULL) && tls_own_usable(&own, now_s), "today");
	ok(tls_own_usable(&own, now_s + 3 * DAY), "in three days");
	ok(!tls_own_usable(&own, now_s + 5 * DAY), "not in five");
	tls_own_complaint(text, sizeof(text), &own, now_s + 5 * DAY);
	day_of(day, X509_get0_notAfter(certs[MIDDLE_SHORT].x509));
	snprintf(want, sizeof(want), "needs Short, which expired %s", day);
	is_str(text, want, "and why");
	is_str(own.issuer, "Short", "who signed it");
	is_str(own.subject, "sbc.example", "what it is called");
	mem_deref(tp);
	conf.cert_file = conf.key_file = NULL;
	tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
	ok(!tls_profile_own(&own, tp, NULL), "none is none");
	mem_deref(tp);
}

/* Moves one side's bytes to the other. */
static void carry(SSL *from, SSL *to)
{
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(from), &p);

	if (n > 0)
		BIO_write(SSL_get_rbio(to), p, (int)n);
	(void)BIO_reset(SSL_get_wbio(from));
}

static void give_bios(SSL *ssl)
{
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
}

/* A server that shows just these. */
static SSL *server_of(const int chain[CHAIN])
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_use_certificate(ctx, certs[chain[0]].x509);
	SSL_CTX_use_PrivateKey(ctx, certs[chain[0]].key);
	for (int i = 1; i < CHAIN && chain[i] != NONE; i++)
		SSL_CTX_add1_chain_cert(ctx, certs[chain[i]].x509);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_accept_state(ssl);
	give_bios(ssl);
	return ssl;
}

/* Shakes hands with it; the client's side is left as the handshake left it. */
static SSL *shown(const int chain[CHAIN], const char *ca, const char *name,
		  enum tls_fault *fault, char *text, size_t size)
{
	const struct config_tls conf = {.ca_file = ca, .min_version = CONFIG_TLS_1_2};
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL, *peer = server_of(chain);
	int n = -1;

	*text = '\0';
	tls_profile_alloc(&tp, &conf, false, text, size);
	tls_session_alloc(&ssl, tp, name);
	mem_deref(tp);
	give_bios(ssl);
	*fault = TLS_FAULT_NONE;
	for (int i = 0; i < 5 && n != 1 && *fault == TLS_FAULT_NONE; i++) {
		ERR_clear_error();
		n = SSL_do_handshake(ssl);
		if (n != 1 && SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
			*fault = tls_fault_of(ssl, text, size);
		carry(ssl, peer);
		ERR_clear_error();
		SSL_do_handshake(peer);
		carry(peer, ssl);
	}
	ERR_clear_error();
	SSL_free(peer);
	return ssl;
}

static int64_t end_of(int cert)
{
	struct tm tm;

	ASN1_TIME_to_tm(X509_get0_notAfter(certs[cert].x509), &tm);
	return timegm(&tm);
}

static const struct {
	const char *title;
	int chain[CHAIN];
	bool new_root; /* beside the old one */
	const char *name;
	enum tls_fault fault;
	const char *text;
	int presented, verified; /* whose end it is; NONE */
} peer_cases[] = {
	{"good", {BOTH, MIDDLE, NONE}, 0, "sbc.example", 0, "", BOTH, BOTH},
	{"an intermediate that ends first",
	 {UNDER_SHORT, MIDDLE_SHORT, NONE},
	 0,
	 "sbc.example",
	 0,
	 "",
	 MIDDLE_SHORT,
	 MIDDLE_SHORT},
	{"an expired cross-signed root beside",
	 {UNDER_NEW, CROSS_OLD, NONE},
	 1,
	 "sbc.example",
	 0,
	 "",
	 CROSS_OLD,
	 UNDER_NEW},
	{"for clients only",
	 {CLIENT_ONLY, MIDDLE, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_PURPOSE,
	 "certificate of sbc.example is for clients only",
	 CLIENT_ONLY,
	 NONE},
	{"a weak key",
	 {WEAK_KEY, MIDDLE, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_WEAK,
	 "certificate of sbc.example: EE certificate key too weak",
	 WEAK_KEY,
	 NONE},
	{"a root that is not ours",
	 {UNDER_NEW, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_ROOT,
	 "certificate of sbc.example is by New Root, not trusted",
	 UNDER_NEW,
	 NONE},
	{"a root that is not ours, sent along",
	 {UNDER_NEW, NEW_ROOT, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_ROOT,
	 "authority New Root is not trusted",
	 UNDER_NEW,
	 NONE},
	{"no intermediate",
	 {ALONE_AIA, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_INTERMEDIATE,
	 "certificate of sbc.example is by Middle, which was not sent",
	 ALONE_AIA,
	 NONE},
	{"no intermediate, or another root: nothing tells",
	 {ALONE, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_ROOT,
	 "certificate of sbc.example is by Middle, not trusted",
	 ALONE,
	 NONE},
	{"self-signed",
	 {SELF, NONE},
	 0,
	 "sbc.example",
	 TLS_FAULT_SELF_SIGNED,
	 "certificate of sbc.example is self-signed",
	 SELF,
	 NONE},
	{"another name",
	 {BOTH, MIDDLE, NONE},
	 0,
	 "pbx.example",
	 TLS_FAULT_NAME,
	 "certificate is for sbc.example, not pbx.example",
	 BOTH,
	 NONE},
};

static void check_peers(const char *old, const char *both)
{
	for (size_t i = 0; i < sizeof(peer_cases) / sizeof(peer_cases[0]); i++) {
		const char *title = peer_cases[i].title;
		char text[TLS_TEXT_BYTES];
		enum tls_fault fault;
		SSL *ssl = shown(peer_cases[i].chain, peer_cases[i].new_root ? both : old,
				 peer_cases[i].name, &fault, text, sizeof(text));

		is_str(tls_fault_name(fault), tls_fault_name(peer_cases[i].fault), title);
		is_str(text, peer_cases[i].text, title);
		is_int(tls_peer_not_after_s(ssl), end_of(peer_cases[i].presented), title);
		is_int(tls_peer_verified_not_after_s(ssl),
		       peer_cases[i].verified == NONE ? 0
						      : end_of(peer_cases[i].verified),
		       title);
		SSL_free(ssl);
	}
}

static const struct {
	const char *title;
	int chain[CHAIN];
	const char *name;
	bool old_too; /* the bundle holds the old root, the new one always */
	long at_days;
	const char *text; /* NULL: it verifies */
} rehearsals[] = {
	{"the old root left the bundle",
	 {BOTH, MIDDLE, NONE},
	 "sbc.example",
	 0,
	 0,
	 "certificate of Middle is by Old Root, not trusted"},
	{"it is still in it", {BOTH, MIDDLE, NONE}, "sbc.example", 1, 0, NULL},
	{"the new root is in it", {UNDER_NEW, NONE}, "sbc.example", 0, 0, NULL},
	{"in 30 days", {BOTH, MIDDLE, NONE}, "sbc.example", 1, 30, NULL},
	{"in 30 days, an intermediate that ends",
	 {UNDER_SHORT, MIDDLE_SHORT, NONE},
	 "sbc.example",
	 1,
	 30,
	 "certificate of Short expired DATE"},
	{"a weak key",
	 {WEAK_KEY, MIDDLE, NONE},
	 "sbc.example",
	 1,
	 0,
	 "certificate of sbc.example: EE certificate key too weak"},
	{"SHA-1",
	 {SHA1_SIGNED, MIDDLE, NONE},
	 "sbc.example",
	 1,
	 0,
	 "certificate of sbc.example: CA signature digest algorithm too weak"},
	{"for clients only",
	 {CLIENT_ONLY, MIDDLE, NONE},
	 "sbc.example",
	 1,
	 0,
	 "certificate of sbc.example is for clients only"},
	{"another name",
	 {BOTH, MIDDLE, NONE},
	 "pbx.example",
	 1,
	 0,
	 "certificate is for sbc.example, not pbx.example"},
};

static void check_rehearsals(const char *old, const char *new, const char *both)
{
	for (size_t i = 0; i < sizeof(rehearsals) / sizeof(rehearsals[0]); i++) {
		const char *title = rehearsals[i].title, *words = rehearsals[i].text;
		long at = rehearsals[i].at_days;
		char text[TLS_TEXT_BYTES], want[TLS_TEXT_BYTES] = "";
		struct tls_rehearsal *r = NULL;
		struct rehearsal out;
		enum tls_fault fault;
		SSL *ssl = shown(rehearsals[i].chain, old, rehearsals[i].name, &fault,
				 text, sizeof(text));

		is_int(tls_rehearsal_alloc(&r, rehearsals[i].old_too ? both : new,
					   at ? now_s + at * DAY : 0, text, sizeof(text)),
		       0, title);
		tls_rehearse(&out, r, ssl);
		ok(out.done && out.success == !words, "%s: verdict", title);
		if (words)
			expand(want, sizeof(want), words, MIDDLE_SHORT);
		is_str(out.text, want, title);
		mem_deref(r);
		SSL_free(ssl);
	}
}

static void check_bundles(const char *new)
{
	struct tls_rehearsal *r = NULL;
	struct rehearsal out = {.done = true};
	char path[128], text[TLS_TEXT_BYTES] = "", want[256];
	const struct config_tls conf = {.min_version = CONFIG_TLS_1_2};
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL;

	is_int(tls_rehearsal_alloc(&r, "/nowhere/x.pem", 0, text, sizeof(text)), ENOENT,
	       "no such bundle");
	is_str(text, "/nowhere/x.pem: No such file or directory", "and why");
	ca_write(path, dir, "empty.pem", NULL, NULL);
	is_int(tls_rehearsal_alloc(&r, path, 0, text, sizeof(text)), EINVAL,
	       "an empty one");
	snprintf(want, sizeof(want), "%s: no certificate found", path);
	is_str(text, want, "and why");
	tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
	tls_session_alloc(&ssl, tp, "sbc.example");
	is_int(tls_rehearsal_alloc(&r, new, 0, text, sizeof(text)), 0, "a good one");
	tls_rehearse(&out, r, ssl);
	ok(!out.done, "nothing was shown, nothing is judged");
	SSL_free(ssl);
	mem_deref(tp);
	mem_deref(r);
}

int main(void)
{
	static const int old[CHAIN] = {ROOT, NONE}, new[CHAIN] = {NEW_ROOT, NONE};
	static const int both[CHAIN] = {ROOT, NEW_ROOT, NONE};
	char old_pem[128], new_pem[128], both_pem[128];

	ca_dir_make(dir);
	make_certs();
	chain_file(old_pem, "old.pem", old, false);
	chain_file(new_pem, "new.pem", new, false);
	chain_file(both_pem, "both.pem", both, false);
	for (size_t i = 0; i < sizeof(own_cases) / sizeof(own_cases[0]); i++)
		check_own(&own_cases[i]);
	check_later();
	check_peers(old_pem, both_pem);
	check_rehearsals(old_pem, new_pem, both_pem);
	check_bundles(new_pem);
	for (int i = 0; i < CERTS; i++)
		ca_drop(&certs[i]);
	ca_dir_remove(dir);
	return tap_done();
}
