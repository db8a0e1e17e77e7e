#include "sipprobe/tls/tls_own.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "config/uri.h"
#include "sipprobe/tls/tls_identity.h"
#include "sipprobe/tls/tls_record.h"

enum {
	SECURITY_BITS = 112, /* of level 2, OpenSSL's default since 3.2 and Debian's */
	TITLE_BYTES = 48,
};

/* A chain as it is looked into: the certificate itself is the first. */
struct own_chain {
	STACK_OF(X509) * certs; /* references are ours */
	bool server;
};

__attribute__((format(printf, 2, 3))) static void own_mind(struct tls_own *own,
							   const char *fmt, ...)
{
	size_t used = strlen(own->unfit);
	va_list ap;

	if (used && used + 2 < sizeof(own->unfit)) {
		memcpy(own->unfit + used, "; ", 3);
		used += 2;
	}
	va_start(ap, fmt);
	vsnprintf(own->unfit + used, sizeof(own->unfit) - used, fmt, ap);
	va_end(ap);
}

/* Whose fault it is: "it", or "its authority NAME". */
static const char *own_who(char buf[TITLE_BYTES + 16], X509 *cert, int at)
{
	char title[TITLE_BYTES];

	if (!at)
		return "it";
	tls_identity_title(cert, title, sizeof(title));
	snprintf(buf, TITLE_BYTES + 16, "its authority %s", title);
	return buf;
}

/* X509_check_purpose() says which kind of authority it is; all but 0 are a yes. */
static bool own_may_be(X509 *cert, int at, bool server)
{
	int purpose = server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;

	return X509_check_purpose(cert, purpose, at > 0) > 0;
}

static bool own_is_root(X509 *cert)
{
	return X509_get_extension_flags(cert) & EXFLAG_SS;
}

/* The first that forbids the use is enough: the others say the same. */
static void own_check_purpose(struct tls_own *own, const struct own_chain *c)
{
	char who[TITLE_BYTES + 16];

	for (int i = 0; i < sk_X509_num(c->certs); i++) {
		X509 *cert = sk_X509_value(c->certs, i);

		if (own_may_be(cert, i, c->server) || (i && own_is_root(cert)))
			continue;
		own_mind(own, "may not be shown as a %s: %s is %s",
			 c->server ? "server" : "client", own_who(who, cert, i),
			 !own_may_be(cert, i, !c->server) ? "for neither role of TLS"
			 : c->server			  ? "for clients only"
							  : "for servers only");
		return;
	}
}

static bool own_key_is_weak(X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	return key && EVP_PKEY_get_security_bits(key) < SECURITY_BITS;
}

/* A root's signature on itself proves nothing to anybody. */
static bool own_signature_is_weak(X509 *cert)
{
	int bits = -1;

	if (own_is_root(cert))
		return false;
	return X509_get_signature_info(cert, NULL, NULL, &bits, NULL) == 1 && bits >= 0 &&
	       bits < SECURITY_BITS;
}

static void own_mind_key(struct tls_own *own, X509 *cert, int at)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = EVP_PKEY_get0_type_name(key);
	char who[TITLE_BYTES + 16];

	own_mind(own, "has too weak a key: %s has %s %d", own_who(who, cert, at),
		 type ? type : "?", EVP_PKEY_get_bits(key));
}

static void own_mind_signature(struct tls_own *own, X509 *cert, int at)
{
	const char *name = OBJ_nid2sn(X509_get_signature_nid(cert));
	char who[TITLE_BYTES + 16];

	own_mind(own, "has too weak a signature: %s is signed by %s",
		 own_who(who, cert, at), name ? name : "?");
}

static void own_check_strength(struct tls_own *own, const struct own_chain *c)
{
	for (int i = 0; i < sk_X509_num(c->certs); i++) {
		X509 *cert = sk_X509_value(c->certs, i);
		bool key = own_key_is_weak(cert);

		if (key)
			own_mind_key(own, cert, i);
		else if (own_signature_is_weak(cert))
			own_mind_signature(own, cert, i);
		else
			continue;
		return;
	}
}

static void own_check_times(struct tls_own *own, const struct own_chain *c)
{
	for (int i = 0; i < sk_X509_num(c->certs); i++) {
		X509 *cert = sk_X509_value(c->certs, i);
		int64_t from_s = tls_seconds_of(X509_get0_notBefore(cert));
		int64_t until_s = tls_seconds_of(X509_get0_notAfter(cert));

		if (from_s > own->good_from_s)
			own->good_from_s = from_s;
		if (own->not_after_s && until_s >= own->not_after_s)
			continue;
		own->not_after_s = until_s;
		if (i)
			tls_identity_title(cert, own->ends, sizeof(own->ends));
	}
}

/* Authorities that a peer may trust: the system's, ours, and roots in the chain itself.
 */
static X509_STORE *own_store(const char *ca_file, STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		return NULL;
	(void)X509_STORE_set_default_paths(store);
	if (ca_file)
		(void)X509_STORE_load_file(store, ca_file);
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (own_is_root(sk_X509_value(chain, i)))
			(void)X509_STORE_add_cert(store, sk_X509_value(chain, i));
	return store;
}

/*
 * The way from our certificate to an authority that somebody trusts. A chain may hold
 * more than that: a root signed by another, older one, which has expired and of which no
 * peer takes notice. NULL: there is none that we know of.
 */
static STACK_OF(X509) * own_path(X509 *leaf, STACK_OF(X509) * above, const char *ca_file)
{
	X509_STORE *store = own_store(ca_file, above);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *path = NULL;

	if (store && ctx && X509_STORE_CTX_init(ctx, store, leaf, above) == 1 &&
	    X509_verify_cert(ctx) == 1)
		path = X509_STORE_CTX_get1_chain(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return path;
}

static STACK_OF(X509) * own_shown(X509 *leaf, STACK_OF(X509) * above)
{
	STACK_OF(X509) *all = X509_chain_up_ref(above);

	if (!all)
		all = sk_X509_new_null();
	if (!all || !X509_up_ref(leaf))
		return all;
	if (!sk_X509_unshift(all, leaf))
		X509_free(leaf);
	return all;
}

void tls_own_read(struct tls_own *own, SSL_CTX *ctx, const char *ca_file, bool server)
{
	X509 *leaf = SSL_CTX_get0_certificate(ctx);
	STACK_OF(X509) *above = NULL;
	struct own_chain c = {.server = server};

	*own = (struct tls_own){0};
	if (!leaf)
		return;
	if (SSL_CTX_get0_chain_certs(ctx, &above) != 1)
		above = NULL;
	/* One authority, or none, is what every peer needs. */
	if (sk_X509_num(above) > 1)
		c.certs = own_path(leaf, above, ca_file);
	if (!c.certs)
		c.certs = own_shown(leaf, above);
	tls_identity_title(leaf, own->subject, sizeof(own->subject));
	tls_identity_issuer(leaf, own->issuer, sizeof(own->issuer));
	own_check_purpose(own, &c);
	own_check_strength(own, &c);
	own_check_times(own, &c);
	sk_X509_pop_free(c.certs, X509_free);
	ERR_clear_error();
}

static void own_date(char buf[16], int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(buf, 16, "%Y-%m-%d", &tm))
		snprintf(buf, 16, "?");
}

void tls_own_complaint(char *buf, size_t size, const struct tls_own *own, int64_t now_s)
{
	bool early = now_s<own->good_from_s, late = now_s> own->not_after_s;
	const char *semicolon = own->unfit[0] ? "; " : "";
	char date[16];

	own_date(date, early ? own->good_from_s : own->not_after_s);
	if (early)
		snprintf(buf, size, "%s%sis not valid before %s", own->unfit, semicolon,
			 date);
	else if (late && own->ends[0])
		snprintf(buf, size, "%s%sneeds %s, which expired %s", own->unfit,
			 semicolon, own->ends, date);
	else if (late)
		snprintf(buf, size, "%s%sexpired %s", own->unfit, semicolon, date);
	else
		snprintf(buf, size, "%s", own->unfit);
}

/* The host of a URI as text; false: it is no name that a certificate could hold. */
static bool own_host(char out[256], const char *text, struct config_uri *uri)
{
	if (!text || strchr(text, '{') || config_uri_parse(text, uri) || uri->ipv4 ||
	    uri->ipv6 || uri->host.l >= 256)
		return false;
	memcpy(out, uri->host.p, uri->host.l);
	out[uri->host.l] = '\0';
	return true;
}

/* Whether @a is @b, or a domain below it. */
static bool own_is_below(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	return la >= lb && !strcasecmp(a + la - lb, b) &&
	       (la == lb || a[la - lb - 1] == '.') && strchr(b, '.');
}

/* From of a user at the peer's domain names the peer, not us. */
static bool own_is_peers(const char *host, const struct config_trunk *t)
{
	const char *texts[] = {t->uri, t->settings->outbound_proxy,
			       t->settings->request_uri, t->settings->to};
	const char *server_name = t->settings->tls.server_name;
	struct config_uri uri;
	char peer[256];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (own_host(peer, texts[i], &uri) &&
		    (own_is_below(peer, host) || own_is_below(host, peer)))
			return true;
	return server_name &&
	       (own_is_below(server_name, host) || own_is_below(host, server_name));
}

void tls_own_compare_names(struct tls_own *own, X509 *cert, const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	struct config_uri uri;
	char host[256];

	if (own_host(host, s->contact, &uri) && !tls_identity_match(cert, host)) {
		own_mind(own, "is not for %s, the host of contact", host);
		return;
	}
	if (own_host(host, s->from, &uri) && !own_is_peers(host, t) &&
	    !tls_identity_match(cert, host))
		own_mind(own, "is not for %s, the host of from", host);
}
