#include "sipprobe/tls/tls_strength.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { CIPHERS_BYTES = 8192 }; /* of names; OpenSSL has some 150 of 20 to 30 bytes */

static const int wire_versions[] = {
	[CONFIG_TLS_1_0] = TLS1_VERSION,
	[CONFIG_TLS_1_1] = TLS1_1_VERSION,
	[CONFIG_TLS_1_2] = TLS1_2_VERSION,
	[CONFIG_TLS_1_3] = TLS1_3_VERSION,
};

/* A word of the list, or a part of one that joins several by '+'. */
static bool word_names_dhe(const char *word, size_t len)
{
	static const char *const names[] = {"DHE", "kDHE", "EDH", "kEDH", "DH", "ADH"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (len >= n && !memcmp(word, names[i], n) &&
		    (len == n || word[n] == '-'))
			return true;
	}
	return false;
}

bool tls_strength_names_dhe(const char *ciphers)
{
	bool added = true; /* not taken out by '!' or '-' */

	while (*ciphers) {
		size_t len = strcspn(ciphers, ":, ;+");

		if (len && strchr("!-", *ciphers))
			added = false;
		if (added && word_names_dhe(ciphers, len))
			return true;
		ciphers += len;
		/* A '+' joins; before a word it moves what is there already. */
		if (*ciphers && *ciphers != '+')
			added = true;
		ciphers += *ciphers != '\0';
	}
	return false;
}

static bool cipher_is_wanted(const SSL_CIPHER *c)
{
	int kx = SSL_CIPHER_get_kx_nid(c);

	/* Those of TLS 1.3 (any) are no members of this list. */
	return kx != NID_kx_dhe && kx != NID_kx_dhe_psk && kx != NID_kx_any;
}

/* Takes the finite-field ones out of the list in force, which may be the system's. */
static int drop_dhe_ciphers(SSL_CTX *ctx)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
	char list[CIPHERS_BYTES] = "";
	size_t used = 0;

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(ciphers, i);
		const char *name = SSL_CIPHER_get_name(c);

		if (!cipher_is_wanted(c) || used + strlen(name) + 2 > sizeof(list))
			continue;
		if (used)
			list[used++] = ':';
		strcpy(list + used, name);
		used += strlen(name);
	}
	return used && SSL_CTX_set_cipher_list(ctx, list) == 1 ? 0 : EINVAL;
}

/*
 * The curves of OpenSSL's default list, in its order. The first list is of OpenSSL 3.5,
 * with the hybrid that it prefers and the two key shares that it sends; who does not know
 * the notation takes the second.
 */
static int set_curves(SSL_CTX *ctx)
{
	static const char *const lists[] = {
		"?*X25519MLKEM768 / ?*X25519:?secp256r1 / ?X448:?secp384r1:?secp521r1",
		"X25519:P-256:X448:P-521:P-384",
		"P-256:P-384:P-521", /* all that FIPS 140 leaves */
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (SSL_CTX_set1_groups_list(ctx, (char *)(uintptr_t)lists[i]) != 1)
			continue;
		ERR_clear_error();
		return 0;
	}
	return EINVAL;
}

const char *tls_strength_set(SSL_CTX *ctx, const struct config_tls *conf)
{
	if (conf->min_version < CONFIG_TLS_1_2)
		SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_min_proto_version(ctx, wire_versions[conf->min_version]) != 1)
		return "minimum TLS version";
	if (conf->ciphers && SSL_CTX_set_cipher_list(ctx, conf->ciphers) != 1)
		return "ciphers";
	if (conf->ciphers && tls_strength_names_dhe(conf->ciphers))
		return NULL;
	if (drop_dhe_ciphers(ctx))
		return "ciphers";
	return set_curves(ctx) ? "groups" : NULL;
}

typedef int(security_h)(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
			void *other, void *arg);

/*
 * OpenSSL's own judge: there is one for the process, read before the first is set. A
 * configuration is tried in a thread of its own while handshakes go on.
 */
static _Atomic(security_h *) judge;
static _Atomic(tls_strength_large_h *) tell;

/* A group of the peer's choice, as it came (TLS 1.2), or by its name (TLS 1.3). */
static bool group_is_large(int op, int nid, const EVP_PKEY *params, int *bits)
{
	*bits = nid == NID_ffdhe6144 ? 6144 : nid == NID_ffdhe8192 ? 8192 : 0;
	if (op == SSL_SECOP_TMP_DH && params)
		*bits = EVP_PKEY_get_bits(params);
	return *bits > TLS_STRENGTH_GROUP_BITS;
}

/* Certificates of ours go by; what a peer shows has SSL_SECOP_PEER set. */
static int security_show_any_h(const SSL *ssl, const SSL_CTX *ctx, int op, int bits,
			       int nid, void *other, void *arg)
{
	security_h *openssl_judge = atomic_load(&judge);
	tls_strength_large_h *told = atomic_load(&tell);
	int large;

	if (group_is_large(op, nid, op == SSL_SECOP_TMP_DH ? other : NULL, &large)) {
		/* OpenSSL's own words would be that it is too small. */
		if (ssl && op == SSL_SECOP_TMP_DH)
			told(ssl, large);
		return 0;
	}
	switch (op) {
	case SSL_SECOP_EE_KEY:
	case SSL_SECOP_CA_KEY:
	case SSL_SECOP_CA_MD:
		return 1;
	default:
		return openssl_judge(ssl, ctx, op, bits, nid, other, arg);
	}
}

void tls_strength_bound(SSL_CTX *ctx)
{
	SSL_CTX_set_max_cert_list(ctx, TLS_STRENGTH_SHOWN_BYTES);
	SSL_CTX_set_verify_depth(ctx, TLS_STRENGTH_DEPTH_MAX);
}

bool tls_strength_is_large(X509 *cert, int *bits)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_RSA_PSS && kind != EVP_PKEY_DSA)
		return false;
	*bits = EVP_PKEY_get_bits(key);
	return *bits > TLS_STRENGTH_KEY_BITS;
}

void tls_strength_show_any(SSL_CTX *ctx, tls_strength_large_h *h)
{
	security_h *before = SSL_CTX_get_security_callback(ctx);

	atomic_store(&tell, h);
	if (before == security_show_any_h)
		return;
	atomic_store(&judge, before);
	SSL_CTX_set_security_callback(ctx, security_show_any_h);
}
