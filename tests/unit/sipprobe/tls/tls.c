/* Profiles from files, and whole handshakes in memory against a peer of OpenSSL's own. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "sipprobe/tls/tls.h"
#include "sipprobe/tls/tls_identity.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

enum cert {
	ROOT,
	OTHER_ROOT,
	MIDDLE,
	LEAF,
	LEAF_EXPIRED,
	LEAF_EARLY,
	LEAF_SELF,
	LEAF_OTHER,
	LEAF_URI,
	LEAF_URI_USER,
	LEAF_URI_WILD,
	LEAF_BOTH,
	LEAF_IP,
	LEAF_URI_IP,
	LEAF_WILD,
	LEAF_WILD_TOP,
	LEAF_WILD_PART,
	LEAF_CN,
	LEAF_CN_BESIDE,
	LEAF_CN_MAIL,
	LEAF_CN_IP,
	LEAF_MANY,
	LEAF_NASTY,
	LEAF_CHAINED,
	LEAF_CLIENT_ONLY,
	CLIENT,
	CERTS,
};

static const struct {
	struct ca_spec spec;
	int issuer; /* -1: itself */
} specs[CERTS] = {
	[ROOT] = {{"Test Root", .authority = true}, -1},
	[OTHER_ROOT] = {{"Other Root", .authority = true}, -1},
	[MIDDLE] = {{"Test Middle", NULL, NULL, true, -3600, 7200}, ROOT},
	[LEAF] = {{"sbc", "DNS:sbc.example"}, ROOT},
	[LEAF_EXPIRED] = {{"sbc", "DNS:sbc.example", NULL, false, -999999, -86400}, ROOT},
	[LEAF_EARLY] = {{"sbc", "DNS:sbc.example", NULL, false, 86400, 999999}, ROOT},
	[LEAF_SELF] = {{"sbc", "DNS:sbc.example"}, -1},
	[LEAF_OTHER] = {{"sbc", "DNS:sbc.example"}, OTHER_ROOT},
	[LEAF_URI] = {{"x", "URI:sip:sbc.example"}, ROOT},
	[LEAF_URI_USER] = {{"sbc.example", "URI:sip:bob@sbc.example"}, ROOT},
	[LEAF_URI_WILD] = {{"x", "URI:sip:*.example.net"}, ROOT},
	[LEAF_BOTH] = {{"x", "URI:sip:isp.example,DNS:sbc.example"}, ROOT},
	[LEAF_IP] = {{"x", "IP:192.0.2.7,IP:2001:db8::7"}, ROOT},
	[LEAF_URI_IP] = {{"x", "URI:sip:192.0.2.8"}, ROOT},
	[LEAF_WILD] = {{"x", "DNS:*.pstn.example"}, ROOT},
	[LEAF_WILD_TOP] = {{"x", "DNS:*.example"}, ROOT},
	[LEAF_WILD_PART] = {{"x", "DNS:s*.pstn.example"}, ROOT},
	[LEAF_CN] = {{"sbc.example", NULL}, ROOT},
	[LEAF_CN_BESIDE] = {{"sbc.example", "DNS:a.example"}, ROOT},
	[LEAF_CN_MAIL] = {{"sbc.example", "email:x@y.example"}, ROOT},
	[LEAF_CN_IP] = {{"192.0.2.7", NULL}, ROOT},
	[LEAF_MANY] = {{"x", "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,"
			     "DNS:e.example,DNS:f.example,DNS:g.example"},
		       ROOT},
	[LEAF_NASTY] = {{"a\nlevel=error \x1b[31m\xc3\xa9", NULL}, ROOT},
	[LEAF_CHAINED] = {{"sbc", "DNS:sbc.example"}, MIDDLE},
	[LEAF_CLIENT_ONLY] = {{"sbc", "DNS:sbc.example", "clientAuth"}, ROOT},
	[CLIENT] = {{"me.example", "DNS:me.example", "serverAuth"}, ROOT},
};

static struct ca_cert certs[CERTS];
static char dir[64];

static void make_certs(void)
{
	for (int i = 0; i < CERTS; i++)
		ca_make(&certs[i], &specs[i].spec,
			specs[i].issuer < 0 ? NULL : &certs[specs[i].issuer]);
}

static const char *cert_file(char path[128], const char *name, enum cert c, bool with_key)
{
	const struct ca_cert *chain[] = {&certs[c], NULL};

	return ca_write(path, dir, name, chain, with_key ? certs[c].key : NULL);
}

/* Moves one side's bytes to the other; returns whether there were any. */
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

static bool waits(SSL *ssl, int n)
{
	return SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ;
}

/*
 * Shakes hands and then reads once on @judged's side, as a stream would. Returns what its
 * side makes of the end: NONE when both are content.
 */
static enum tls_failure shake(SSL *judged, SSL *peer, char *text, size_t size)
{
	char byte;
	int n;

	for (int turn = 0; turn < 20; turn++) {
		ERR_clear_error();
		n = SSL_do_handshake(judged);
		if (n == 1)
			n = SSL_read(judged, &byte, 1);
		if (n <= 0 && !waits(judged, n))
			return tls_failure_of(judged, text, size);
		carry(judged, peer);
		ERR_clear_error();
		if (SSL_do_handshake(peer) == 1)
			SSL_read(peer, &byte, 1);
		if (!carry(peer, judged) && SSL_is_init_finished(judged))
			break;
	}
	return SSL_is_init_finished(peer) ? TLS_FAILURE_NONE : TLS_FAILURE_OTHER;
}

/* A server without our code: whatever certificate, whatever version. */
static SSL *peer_server(enum cert c, int max_version, bool demand)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, max_version);
	SSL_CTX_use_certificate(ctx, certs[c].x509);
	SSL_CTX_use_PrivateKey(ctx, certs[c].key);
	if (specs[c].issuer == MIDDLE)
		SSL_CTX_add1_chain_cert(ctx, certs[MIDDLE].x509);
	if (demand) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certs[ROOT].x509);
		SSL_CTX_set_purpose(ctx, X509_PURPOSE_ANY);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
	}
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_accept_state(ssl);
	give_bios(ssl);
	return ssl;
}

struct client_case {
	const char *title;
	enum cert cert;
	const char *name;
	enum tls_failure want;
	const char *text; /* "DATE": the day of a certificate's end or begin */
	bool skip;
	enum config_tls_version min;
	int server_max;
	bool demand;
};

#define V12 CONFIG_TLS_1_2
#define V10 CONFIG_TLS_1_0
#define TOP TLS1_3_VERSION

static const struct client_case client_cases[] = {
	{"good", LEAF, "sbc.example", 0, "", 0, V12, TOP},
	{"good over TLS 1.2", LEAF, "sbc.example", 0, "", 0, V12, TLS1_2_VERSION},
	{"case and final dot", LEAF, "SBC.Example.", 0, "", 0, V12, TOP},
	{"expired", LEAF_EXPIRED, "sbc.example", TLS_FAILURE_EXPIRED,
	 "certificate of sbc.example expired DATE", 0, V12, TOP},
	{"expired over TLS 1.2", LEAF_EXPIRED, "sbc.example", TLS_FAILURE_EXPIRED,
	 "certificate of sbc.example expired DATE", 0, V12, TLS1_2_VERSION},
	{"expired, not verified", LEAF_EXPIRED, "sbc.example", 0, "", 1, V12, TOP},
	{"not yet valid", LEAF_EARLY, "sbc.example", TLS_FAILURE_NOT_YET_VALID,
	 "certificate of sbc.example is not valid before DATE", 0, V12, TOP},
	{"self-signed", LEAF_SELF, "sbc.example", TLS_FAILURE_UNTRUSTED,
	 "certificate of sbc.example is self-signed", 0, V12, TOP},
	{"another authority", LEAF_OTHER, "sbc.example", TLS_FAILURE_UNTRUSTED,
	 "certificate of sbc.example is by Other Root, not trusted", 0, V12, TOP},
	{"another authority, not verified", LEAF_OTHER, "sbc.example", 0, "", 1, V12,
	 TOP},
	{"wrong name", LEAF, "a.example", TLS_FAILURE_NAME,
	 "certificate is for sbc.example, not a.example", 0, V12, TOP},
	{"wrong name, not verified", LEAF, "a.example", 0, "", 1, V12, TOP},
	{"many names", LEAF_MANY, "sbc.example", TLS_FAILURE_NAME,
	 "certificate is for a.example, b.example, c.example, d.example and 3 more, not "
	 "sbc.example",
	 0, V12, TOP},
	{"hostile name", LEAF_NASTY, "sbc.example", TLS_FAILURE_NAME,
	 "certificate is for a?level=error ?[31m??, not sbc.example", 0, V12, TOP},
	{"no such purpose", LEAF_CLIENT_ONLY, "sbc.example", TLS_FAILURE_UNTRUSTED,
	 "certificate of sbc.example is for clients only", 0, V12, TOP},
	{"chain", LEAF_CHAINED, "sbc.example", 0, "", 0, V12, TOP},
	{"IP literal", LEAF_IP, "192.0.2.7", 0, "", 0, V12, TOP},
	{"wrong IP literal", LEAF_IP, "192.0.2.9", TLS_FAILURE_NAME,
	 "certificate is for 192.0.2.7, 2001:db8::7, not 192.0.2.9", 0, V12, TOP},
	{"IP literal, host certificate", LEAF, "192.0.2.7", TLS_FAILURE_NAME,
	 "certificate is for sbc.example, not 192.0.2.7", 0, V12, TOP},
	{"TLS 1.1 only", LEAF, "sbc.example", TLS_FAILURE_VERSION,
	 "handshake refused by the peer: alert protocol version", 0, V12, TLS1_1_VERSION},
	{"TLS 1.2 only, 1.3 wanted", LEAF, "sbc.example", TLS_FAILURE_VERSION,
	 "handshake refused by the peer: alert protocol version", 0, CONFIG_TLS_1_3,
	 TLS1_2_VERSION},
	{"TLS 1.0 allowed", LEAF, "sbc.example", 0, "", 0, V10, TLS1_VERSION},
	{"TLS 1.1 allowed", LEAF, "sbc.example", 0, "", 0, CONFIG_TLS_1_1,
	 TLS1_1_VERSION},
	{"TLS 1.2 demands a certificate", LEAF, "sbc.example", TLS_FAILURE_HANDSHAKE,
	 "handshake refused by the peer: alert handshake failure", 0, V12, TLS1_2_VERSION,
	 1},
	{"TLS 1.3 demands a certificate", LEAF, "sbc.example", TLS_FAILURE_HANDSHAKE,
	 "handshake refused by the peer: alert certificate required", 0, V12, TOP, 1},
};

static void expand_date(char *buf, size_t size, const char *text, enum cert c)
{
	const char *at = strstr(text, "DATE");
	struct tm tm;
	char day[16];

	if (!at) {
		snprintf(buf, size, "%s", text);
		return;
	}
	ASN1_TIME_to_tm(c == LEAF_EARLY ? X509_get0_notBefore(certs[c].x509)
					: X509_get0_notAfter(certs[c].x509),
			&tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	snprintf(buf, size, "%.*s%s", (int)(at - text), text, day);
}

static int64_t end_of(enum cert c)
{
	struct tm tm;

	ASN1_TIME_to_tm(X509_get0_notAfter(certs[c].x509), &tm);
	return timegm(&tm);
}

static void check_client(const struct client_case *t, const char *ca)
{
	const struct config_tls conf = {
		.ca_file = ca, .min_version = t->min, .insecure_skip_verify = t->skip};
	char text[TLS_TEXT_BYTES] = "", want[TLS_TEXT_BYTES], label[128];
	bool shown = t->want != TLS_FAILURE_VERSION;
	int64_t end_s = end_of(t->cert == LEAF_CHAINED ? MIDDLE : t->cert);
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL, *peer;

	is_int(tls_profile_alloc(&tp, &conf, false, text, sizeof(text)), 0, t->title);
	is_int(tls_session_alloc(&ssl, tp, t->name), 0, t->title);
	mem_deref(tp);
	give_bios(ssl);
	peer = peer_server(t->cert, t->server_max, t->demand);
	snprintf(label, sizeof(label), "%s: cause", t->title);
	is_int(shake(ssl, peer, text, sizeof(text)), t->want, label);
	expand_date(want, sizeof(want), t->text, t->cert);
	snprintf(label, sizeof(label), "%s: sentence", t->title);
	is_str(text, want, label);
	snprintf(label, sizeof(label), "%s: earliest expiry", t->title);
	is_int(tls_peer_not_after_s(ssl), shown ? end_s : 0, label);
	SSL_free(ssl);
	SSL_free(peer);
}

static const struct {
	enum cert cert;
	const char *name;
	bool same;
} identities[] = {
	{LEAF, "sbc.example", true},
	{LEAF, "sbc.example.", true},
	{LEAF, "xsbc.example", false},
	{LEAF, "bc.example", false},
	{LEAF, "", false},
	{LEAF, ".", false},
	{LEAF_URI, "sbc.example", true},
	{LEAF_URI, "x", false},
	{LEAF_URI_USER, "sbc.example", true}, /* no identity there: the common name is */
	{LEAF_URI_USER, "bob@sbc.example", false},
	{LEAF_URI_WILD, "a.example.net", false},
	{LEAF_BOTH, "isp.example", true},
	{LEAF_BOTH, "sbc.example", true},
	{LEAF_BOTH, "x", false},
	{LEAF_IP, "192.0.2.7", true},
	{LEAF_IP, "2001:db8::7", true},
	{LEAF_IP, "[2001:DB8:0::7]", true},
	{LEAF_IP, "2001:db8::7%eth0", true},
	{LEAF_IP, "192.0.2.8", false},
	{LEAF_IP, "2001:db8::8", false},
	{LEAF_URI_IP, "192.0.2.8", true},
	{LEAF_URI_IP, "192.0.2.9", false},
	{LEAF_CN_IP, "192.0.2.7", false},
	{LEAF_WILD, "sip.pstn.example", true},
	{LEAF_WILD, "SIP.PSTN.Example", true},
	{LEAF_WILD, "pstn.example", false},
	{LEAF_WILD, ".pstn.example", false},
	{LEAF_WILD, "a.b.pstn.example", false},
	{LEAF_WILD_TOP, "sbc.example", false},
	{LEAF_WILD_PART, "sip.pstn.example", false},
	{LEAF_CN, "sbc.example", true},
	{LEAF_CN, "a.example", false},
	{LEAF_CN_BESIDE, "sbc.example", false},
	{LEAF_CN_BESIDE, "a.example", true},
	{LEAF_CN_MAIL, "sbc.example", true},
};

static void check_identities(void)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		ok(tls_identity_match(certs[identities[i].cert].x509,
				      identities[i].name) == identities[i].same,
		   "certificate %d %s \"%s\"", identities[i].cert,
		   identities[i].same ? "proves" : "does not prove", identities[i].name);
}

/* A name as long as may be asked for leaves the text whole. */
static void check_long_names(void)
{
	char name[254], buf[24];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ok(!tls_identity_match(certs[LEAF].x509, name), "longest name");
	tls_identity_list(certs[LEAF_MANY].x509, buf, sizeof(buf));
	is_str(buf, "7 more", "a list with little room");
	tls_identity_title(certs[LEAF_NASTY].x509, buf, sizeof(buf));
	is_str(buf, "a?level=error ?[31m??", "a title is printable");
}

struct server_case {
	const char *title;
	bool ca;
	bool skip;
	enum cert shows; /* CERTS: none */
	int client_max;
	enum tls_failure want;
	const char *text;
};

static const struct server_case server_cases[] = {
	{"no certificate asked", false, false, CERTS, TOP, 0, ""},
	{"certificate asked and shown", true, false, CLIENT, TOP, 0, ""},
	{"asked, none shown", true, false, CERTS, TOP, TLS_FAILURE_UNTRUSTED,
	 "peer showed no certificate"},
	{"asked, none shown, not verified", true, true, CERTS, TOP, 0, ""},
	{"asked, a stranger's shown", true, false, LEAF_OTHER, TOP, TLS_FAILURE_UNTRUSTED,
	 "certificate of sbc.example is by Other Root, not trusted"},
	{"client of TLS 1.0", false, false, CERTS, TLS1_VERSION, TLS_FAILURE_VERSION,
	 "peer offers TLS 1.0 only"},
};

static SSL *peer_client(enum cert c, int max_version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, max_version);
	if (c != CERTS) {
		SSL_CTX_use_certificate(ctx, certs[c].x509);
		SSL_CTX_use_PrivateKey(ctx, certs[c].key);
	}
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_connect_state(ssl);
	give_bios(ssl);
	return ssl;
}

static void check_server(const struct server_case *t, const char *ca, const char *pem)
{
	const struct config_tls conf = {.ca_file = t->ca ? ca : NULL,
					.cert_file = pem,
					.min_version = V12,
					.insecure_skip_verify = t->skip};
	char text[TLS_TEXT_BYTES] = "";
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL, *peer = peer_client(t->shows, t->client_max);

	is_int(tls_profile_alloc(&tp, &conf, true, text, sizeof(text)), 0, t->title);
	is_int(tls_session_alloc(&ssl, tp, NULL), 0, t->title);
	mem_deref(tp);
	give_bios(ssl);
	SSL_do_handshake(peer);
	carry(peer, ssl);
	is_int(shake(ssl, peer, text, sizeof(text)), t->want, t->title);
	is_str(text, t->text, t->title);
	SSL_free(ssl);
	SSL_free(peer);
}

struct file_case {
	const char *title;
	const char *ca, *cert, *key, *ciphers; /* names in the folder */
	bool server;
	int want;
	const char *text; /* behind the folder's name where it begins with '/' */
};

static const struct file_case file_cases[] = {
	{"nothing given", .want = 0, .text = ""},
	{"missing CA", .ca = "none.pem", .want = ENOENT,
	 .text = "/none.pem: No such file or directory"},
	{"empty CA", .ca = "empty.pem", .want = EINVAL,
	 .text = "/empty.pem: no certificate found"},
	{"a key for a CA", .ca = "leaf.key", .want = EINVAL,
	 .text = "/leaf.key: no certificate found"},
	{"a folder for a CA", .ca = ".", .want = EINVAL,
	 .text = "/.: no certificate found"},
	{"missing certificate", .cert = "none.pem", .want = ENOENT,
	 .text = "/none.pem: No such file or directory"},
	{"empty certificate", .cert = "empty.pem", .want = EINVAL,
	 .text = "/empty.pem: no certificate found"},
	{"certificate and key", .cert = "leaf.pem", .key = "leaf.key", .want = 0,
	 .text = ""},
	{"both in one file", .cert = "both.pem", .want = 0, .text = ""},
	{"certificate without a key", .cert = "leaf.pem", .want = EINVAL,
	 .text = "/leaf.pem: no private key found"},
	{"key without a certificate", .key = "leaf.key", .want = EINVAL,
	 .text = "/leaf.key: key without a certificate"},
	{"another's key", .cert = "leaf.pem", .key = "root.key", .want = EINVAL,
	 .text = "/root.key: not the key of DIR/leaf.pem"},
	{"encrypted key", .cert = "leaf.pem", .key = "locked.key", .want = EINVAL,
	 .text = "/locked.key: key is encrypted"},
	{"broken certificate", .cert = "broken.pem", .want = EINVAL, .text = NULL},
	{"broken CA", .ca = "broken.pem", .want = EINVAL, .text = NULL},
	{"no such cipher", .ciphers = "NONSENSE", .want = EINVAL,
	 .text = "ciphers \"NONSENSE\": no cipher match"},
	{"a server shows nothing", .server = true, .want = EINVAL,
	 .text = "listening for TLS needs a certificate and its key"},
};

static void make_files(void)
{
	const struct ca_cert *leaf[] = {&certs[LEAF], NULL};
	char path[128];
	FILE *f;

	ca_write(path, dir, "empty.pem", NULL, NULL);
	ca_write(path, dir, "leaf.pem", leaf, NULL);
	ca_write(path, dir, "both.pem", leaf, certs[LEAF].key);
	ca_write(path, dir, "leaf.key", NULL, certs[LEAF].key);
	ca_write(path, dir, "root.key", NULL, certs[ROOT].key);
	ca_write(path, dir, "locked.key", NULL, NULL);
	f = fopen(path, "w");
	PEM_write_PKCS8PrivateKey(f, certs[LEAF].key, EVP_aes_128_cbc(), "secret", 6,
				  NULL, NULL);
	fclose(f);
	ca_write(path, dir, "broken.pem", NULL, NULL);
	f = fopen(path, "w");
	fputs("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", f);
	fclose(f);
}

static const char *in_dir(char path[128], const char *name)
{
	if (!name)
		return NULL;
	snprintf(path, 128, "%s/%s", dir, name);
	return path;
}

static void expand_dir(char *buf, size_t size, const char *text)
{
	const char *at = strstr(text, "DIR");
	const char *front = text[0] == '/' ? dir : "";

	if (at)
		snprintf(buf, size, "%s%.*s%s%s", front, (int)(at - text), text, dir,
			 at + 3);
	else
		snprintf(buf, size, "%s%s", front, text);
}

static void check_file(const struct file_case *t)
{
	char ca[128], cert[128], key[128], text[256] = "", want[256];
	struct tls_profile *const untouched = (struct tls_profile *)(uintptr_t)1;
	struct tls_profile *tp = untouched;
	const struct config_tls conf = {.ca_file = in_dir(ca, t->ca),
					.cert_file = in_dir(cert, t->cert),
					.key_file = in_dir(key, t->key),
					.ciphers = t->ciphers,
					.min_version = V12};

	is_int(tls_profile_alloc(&tp, &conf, t->server, text, sizeof(text)), t->want,
	       t->title);
	if (t->text) {
		expand_dir(want, sizeof(want), t->text);
		is_str(text, want, t->title);
	} else {
		ok(strstr(text, "/broken.pem: "), "%s: %s", t->title, text);
	}
	ok((tp == untouched) == (t->want != 0), "%s: the pointer", t->title);
	if (!t->want)
		mem_deref(tp);
	is_int((long long)ERR_peek_error(), 0, "nothing is left in the error queue");
}

/* The name is sent when it is one, and an IP literal never (RFC 6066 section 3). */
static void check_sni(void)
{
	static const struct {
		const char *name, *sni;
	} cases[] = {{"sbc.example", "sbc.example"},
		     {"sbc.example.", "sbc.example"},
		     {"192.0.2.1", NULL},
		     {"[2001:db8::1]", NULL}};
	const struct config_tls conf = {.min_version = V12};
	struct tls_profile *tp = NULL;
	char text[TLS_TEXT_BYTES];
	SSL *ssl = NULL;

	tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		is_int(tls_session_alloc(&ssl, tp, cases[i].name), 0, cases[i].name);
		is_str(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), cases[i].sni,
		       "server name sent");
		SSL_free(ssl);
	}
	is_int(tls_session_alloc(&ssl, tp, NULL), EINVAL, "verification needs a name");
	mem_deref(tp);
}

/* A hello as servers send it that never heard of later versions. */
#define OLD_HELLO(minor)                                                                 \
	"\x16\x03" minor "\x00\x2a\x02\x00\x00\x26\x03" minor                            \
	"0123456789abcdef0123456789abcdef\x00\x00\x2f\x00"

static const struct {
	const char *title;
	const char *bytes;
	size_t len;
	enum tls_failure want;
	const char *text;
} raw_peers[] = {
#define RAW(b) b, sizeof(b) - 1
	{"SSL 3.0", RAW(OLD_HELLO("\x00")), TLS_FAILURE_VERSION,
	 "peer offers SSL 3.0 only"},
	{"TLS 1.0", RAW(OLD_HELLO("\x01")), TLS_FAILURE_VERSION,
	 "peer offers TLS 1.0 only"},
	{"TLS 1.1", RAW(OLD_HELLO("\x02")), TLS_FAILURE_VERSION,
	 "peer offers TLS 1.1 only"},
	{"plain SIP", RAW("SIP/2.0 400 Bad Request\r\n\r\n"), TLS_FAILURE_OTHER,
	 "peer does not speak TLS"},
	{"alert", RAW("\x15\x03\x01\x00\x02\x02\x30"), TLS_FAILURE_HANDSHAKE,
	 "handshake refused by the peer: alert unknown ca"},
	{"unknown alert", RAW("\x15\x03\x01\x00\x02\x02\xc8"), TLS_FAILURE_HANDSHAKE,
	 "handshake refused by the peer: alert of an unknown kind"},
};

static void check_raw_peer(size_t i, struct tls_profile *tp)
{
	char text[TLS_TEXT_BYTES] = "";
	SSL *ssl = NULL;

	tls_session_alloc(&ssl, tp, "sbc.example");
	give_bios(ssl);
	SSL_do_handshake(ssl);
	BIO_write(SSL_get_rbio(ssl), raw_peers[i].bytes, (int)raw_peers[i].len);
	ERR_clear_error();
	is_int(SSL_do_handshake(ssl), -1, raw_peers[i].title);
	is_int(tls_failure_of(ssl, text, sizeof(text)), raw_peers[i].want,
	       raw_peers[i].title);
	is_str(text, raw_peers[i].text, raw_peers[i].title);
	ERR_clear_error();
	SSL_free(ssl);
}

static void check_raw_peers(const char *ca)
{
	const struct config_tls conf = {.ca_file = ca, .min_version = V12};
	struct tls_profile *tp = NULL;
	char text[TLS_TEXT_BYTES];

	tls_profile_alloc(&tp, &conf, false, text, sizeof(text));
	for (size_t i = 0; i < sizeof(raw_peers) / sizeof(raw_peers[0]); i++)
		check_raw_peer(i, tp);
	mem_deref(tp);
}

static void check_names(void)
{
	is_str(tls_failure_name(TLS_FAILURE_NOT_YET_VALID), "not_yet_valid", "a name");
	for (int i = 0; i < TLS_FAILURES; i++)
		ok(tls_failure_name(i) && tls_failure_name(i)[0], "cause %d has a name",
		   i);
}

int main(void)
{
	char ca[128], pem[128];

	ca_dir_make(dir);
	make_certs();
	make_files();
	cert_file(ca, "root.pem", ROOT, false);
	cert_file(pem, "server.pem", LEAF, true);
	check_names();
	check_identities();
	check_long_names();
	for (size_t i = 0; i < sizeof(client_cases) / sizeof(client_cases[0]); i++)
		check_client(&client_cases[i], ca);
	for (size_t i = 0; i < sizeof(server_cases) / sizeof(server_cases[0]); i++)
		check_server(&server_cases[i], ca, pem);
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++)
		check_file(&file_cases[i]);
	check_sni();
	check_raw_peers(ca);
	for (int i = 0; i < CERTS; i++)
		ca_drop(&certs[i]);
	ca_dir_remove(dir);
	return tap_done();
}
