#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "sipprobe/tls/tls_identity.h"
#include "sipprobe/tls/tls_record.h"
#include "sipprobe/tls/tls_strength.h"

enum { TITLE_BYTES = 32 }; /* two of them and a sentence fit into a record's text */

__attribute__((format(printf, 2, 3))) static void tls_verify_say(struct tls_record *rec,
								 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rec->text, sizeof(rec->text), fmt, ap);
	va_end(ap);
}

int64_t tls_seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int64_t earlier_s(int64_t first_s, const X509 *cert)
{
	int64_t s = tls_seconds_of(X509_get0_notAfter(cert));

	return s && (!first_s || s < first_s) ? s : first_s;
}

int64_t tls_earliest_not_after_s(const X509 *leaf, const STACK_OF(X509) * chain)
{
	int64_t first_s = leaf ? earlier_s(0, leaf) : 0;

	for (int i = 0; i < sk_X509_num(chain); i++)
		first_s = earlier_s(first_s, sk_X509_value(chain, i));
	return first_s;
}

static void say_date(struct tls_record *rec, X509 *cert, const char *verb,
		     const ASN1_TIME *t)
{
	char title[TITLE_BYTES * 2], date[16] = "?";
	struct tm tm;

	tls_identity_title(cert, title, sizeof(title));
	if (ASN1_TIME_to_tm(t, &tm) == 1)
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	tls_verify_say(rec, "certificate of %s %s %s", title, verb, date);
}

static void say_expired(struct tls_record *rec, X509 *cert, int error)
{
	(void)error;
	say_date(rec, cert, "expired", X509_get0_notAfter(cert));
}

static void say_not_yet(struct tls_record *rec, X509 *cert, int error)
{
	(void)error;
	say_date(rec, cert, "is not valid before", X509_get0_notBefore(cert));
}

static void say_self_signed(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES * 2];

	(void)error;
	tls_identity_title(cert, title, sizeof(title));
	tls_verify_say(rec, "certificate of %s is self-signed", title);
}

static void say_root(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES * 2];

	(void)error;
	tls_identity_issuer(cert, title, sizeof(title));
	tls_verify_say(rec, "authority %s is not trusted", title);
}

static void say_issuer(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES], issuer[TITLE_BYTES];

	(void)error;
	tls_identity_title(cert, title, sizeof(title));
	tls_identity_issuer(cert, issuer, sizeof(issuer));
	tls_verify_say(rec, "certificate of %s is by %s, not trusted", title, issuer);
}

/* The name asked for is shown whole; the list of names offered gets what room is left. */
static void say_name(struct tls_record *rec, X509 *cert, int error)
{
	enum { WORDS = sizeof("certificate is for , not ") };
	char names[TLS_TEXT_BYTES];
	size_t room = sizeof(rec->text) - WORDS, name = strlen(rec->name);

	(void)error;
	tls_identity_list(cert, names,
			  name + TITLE_BYTES < room ? room - name : TITLE_BYTES);
	tls_verify_say(rec, "certificate is for %s, not %s", names, rec->name);
}

static void say_other(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES];

	tls_identity_title(cert, title, sizeof(title));
	tls_verify_say(rec, "certificate of %s: %s", title,
		       X509_verify_cert_error_string(error));
}

static void say_purpose(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES * 2];
	bool client = X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1;

	(void)error;
	tls_identity_title(cert, title, sizeof(title));
	tls_verify_say(rec, "certificate of %s is %s", title,
		       client ? "for clients only" : "not for a server");
}

static void say_intermediate(struct tls_record *rec, X509 *cert, int error)
{
	char title[TITLE_BYTES], issuer[TITLE_BYTES];

	(void)error;
	tls_identity_title(cert, title, sizeof(title));
	tls_identity_issuer(cert, issuer, sizeof(issuer));
	tls_verify_say(rec, "certificate of %s is by %s, which was not sent", title,
		       issuer);
}

static const struct finding {
	int error;
	enum tls_fault fault;
	void (*say)(struct tls_record *rec, X509 *cert, int error);
} findings[] = {
	{X509_V_ERR_CERT_HAS_EXPIRED, TLS_FAULT_EXPIRED, say_expired},
	{X509_V_ERR_CERT_NOT_YET_VALID, TLS_FAULT_NOT_YET_VALID, say_not_yet},
	{X509_V_ERR_HOSTNAME_MISMATCH, TLS_FAULT_NAME, say_name},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_FAULT_SELF_SIGNED, say_self_signed},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_FAULT_ROOT, say_root},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_FAULT_ROOT, say_issuer},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_FAULT_ROOT, say_issuer},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_FAULT_ROOT, say_issuer},
	{X509_V_ERR_INVALID_PURPOSE, TLS_FAULT_PURPOSE, say_purpose},
	{X509_V_ERR_EE_KEY_TOO_SMALL, TLS_FAULT_WEAK, say_other},
	{X509_V_ERR_CA_KEY_TOO_SMALL, TLS_FAULT_WEAK, say_other},
	{X509_V_ERR_CA_MD_TOO_WEAK, TLS_FAULT_WEAK, say_other},
};

static const struct finding other = {0, TLS_FAULT_CHAIN, say_other};

/* Findings that say more where they are looked into. */
static const struct finding issuer_expired = {0, TLS_FAULT_ISSUER_EXPIRED, say_expired};
static const struct finding no_intermediate = {0, TLS_FAULT_INTERMEDIATE,
					       say_intermediate};

/*
 * Whether the peer showed its own certificate alone, though an authority that is no root
 * signed it. Nothing proves that; but roots are not fetched (RFC 5280 4.2.2.1), so who
 * says where to fetch its issuer names an intermediate, and so does an issuer that is
 * itself issued by another (4.2.1.1).
 */
static bool misses_intermediate(const X509_STORE_CTX *store, X509 *leaf)
{
	STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);
	const GENERAL_NAMES *by = X509_get0_authority_issuer(leaf);
	const GENERAL_NAME *gn = by ? sk_GENERAL_NAME_value(by, 0) : NULL;

	if (sk_X509_num(shown) > 1)
		return false;
	if (gn && gn->type == GEN_DIRNAME)
		return X509_NAME_cmp(gn->d.dirn, X509_get_issuer_name(leaf)) != 0;
	return X509_get_ext_by_NID(leaf, NID_info_access, -1) >= 0;
}

static const struct finding *look_into(const struct finding *f, X509_STORE_CTX *store)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);

	if (f->fault == TLS_FAULT_EXPIRED && X509_STORE_CTX_get_error_depth(store) > 0)
		return &issuer_expired;
	if (f->fault == TLS_FAULT_ROOT && leaf && misses_intermediate(store, leaf))
		return &no_intermediate;
	return f;
}

static void record_finding(struct tls_record *rec, X509_STORE_CTX *store, int error)
{
	const struct finding *f = &other;
	X509 *cert = X509_STORE_CTX_get_current_cert(store);

	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
		if (findings[i].error == error)
			f = &findings[i];
	f = look_into(f, store);
	if (!cert || error == X509_V_ERR_HOSTNAME_MISMATCH)
		cert = X509_STORE_CTX_get0_cert(store);
	rec->fault = f->fault;
	f->say(rec, cert, error);
}

/* OpenSSL itself lets go of certificates that are refused. */
static void keep_chain(struct tls_record *rec, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store));

	if (!chain)
		return;
	sk_X509_pop_free(rec->seen.chain, X509_free);
	rec->seen.chain = chain;
}

/* One of the same name may have another key. */
static void keep_root(struct tls_record *rec, const STACK_OF(X509) * chain)
{
	X509 *root = sk_X509_value(chain, sk_X509_num(chain) - 1);
	char title[64], key[17];

	if (!root)
		return;
	tls_identity_title(root, title, sizeof(title));
	tls_identity_key(key, sizeof(key), root);
	snprintf(rec->seen.root, sizeof(rec->seen.root), "%s, key %s", title, key);
}

/* When what was verified ends, and with which of its certificates. */
static void keep_verified(struct tls_record *rec, const STACK_OF(X509) * chain)
{
	keep_root(rec, chain);
	rec->seen.verified_not_after_s = tls_earliest_not_after_s(NULL, chain);
	rec->seen.verified_ends[0] = '\0';
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (tls_seconds_of(X509_get0_notAfter(cert)) !=
		    rec->seen.verified_not_after_s)
			continue;
		if (i)
			tls_identity_title(cert, rec->seen.verified_ends,
					   sizeof(rec->seen.verified_ends));
		return;
	}
}

const char *tls_record_cipher(const SSL *ssl)
{
	const char *name = SSL_get_cipher_name(ssl);

	return name && strcmp(name, "(NONE)") != 0 ? name : "";
}

bool tls_record_verified(const struct tls_record *rec)
{
	return rec->fault == TLS_FAULT_NONE && !rec->skip_verify;
}

bool tls_peer_certificate(SSL *ssl, struct engine_certificate *out)
{
	const struct tls_record *rec = tls_record_of(ssl);
	X509 *leaf = rec ? tls_record_leaf(rec) : NULL;

	if (!leaf)
		return false;
	*out = (struct engine_certificate){
		.not_before_s = tls_seconds_of(X509_get0_notBefore(leaf)),
		.not_after_s = tls_seconds_of(X509_get0_notAfter(leaf)),
		.chain_not_after_s = rec->seen.not_after_s,
		.verified_not_after_s = rec->seen.verified_not_after_s,
		.verified = tls_record_verified(rec),
	};
	str_ncpy(out->verified_ends, rec->seen.verified_ends, sizeof(out->verified_ends));
	tls_identity_title(leaf, out->subject, sizeof(out->subject));
	tls_identity_issuer(leaf, out->issuer, sizeof(out->issuer));
	tls_identity_list(leaf, out->names, sizeof(out->names));
	snprintf(out->version, sizeof(out->version), "%s", SSL_get_version(ssl));
	snprintf(out->cipher, sizeof(out->cipher), "%s", tls_record_cipher(ssl));
	return true;
}

bool tls_record_judge(struct tls_record *rec, X509_STORE_CTX *store)
{
	int error;

	if (X509_verify_cert(store) != 1) {
		error = X509_STORE_CTX_get_error(store);
	} else if (rec->name &&
		   !tls_identity_match(X509_STORE_CTX_get0_cert(store), rec->name)) {
		error = X509_V_ERR_HOSTNAME_MISMATCH;
		X509_STORE_CTX_set_error(store, error);
	} else {
		keep_verified(rec, X509_STORE_CTX_get0_chain(store));
		return true;
	}
	record_finding(rec, store, error);
	return false;
}

static bool is_too_long(struct tls_record *rec, const STACK_OF(X509) * shown)
{
	int count = sk_X509_num(shown);

	if (count > TLS_STRENGTH_SHOWN_MAX)
		tls_verify_say(rec, "peer showed %d certificates, more than %d", count,
			       TLS_STRENGTH_SHOWN_MAX);
	return count > TLS_STRENGTH_SHOWN_MAX;
}

static bool has_large_key(struct tls_record *rec, const STACK_OF(X509) * shown)
{
	char title[TITLE_BYTES];
	int bits;

	for (int i = 0; i < sk_X509_num(shown); i++) {
		X509 *cert = sk_X509_value(shown, i);

		if (!tls_strength_is_large(cert, &bits))
			continue;
		tls_identity_title(cert, title, sizeof(title));
		tls_verify_say(rec, "certificate of %s has a key of %d bits", title,
			       bits);
		return true;
	}
	return false;
}

/* Before anything is computed with it, and also where nothing is verified. */
static bool is_large(struct tls_record *rec, X509_STORE_CTX *store)
{
	const STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);

	if (!is_too_long(rec, shown) && !has_large_key(rec, shown))
		return false;
	rec->fault = TLS_FAULT_LARGE;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return true;
}

int tls_verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl =
		X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_record *rec = tls_record_of(ssl);

	(void)arg;
	keep_chain(rec, store);
	rec->seen.at_ns = clock_monotonic_ns();
	rec->seen.not_after_s =
		tls_earliest_not_after_s(NULL, X509_STORE_CTX_get0_untrusted(store));
	if (is_large(rec, store))
		return 0;
	if (rec->skip_verify) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	return tls_record_judge(rec, store);
}
