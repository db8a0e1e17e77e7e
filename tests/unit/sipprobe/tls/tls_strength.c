/* Ciphers and groups that are offered: no finite-field Diffie-Hellman unless named. */
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "sipprobe/tls/tls.h"
#include "sipprobe/tls/tls_strength.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

static const struct {
	const char *ciphers;
	bool named;
} lists[] = {
	{"DEFAULT", false},
	{"HIGH:!aNULL", false},
	{"ECDHE-RSA-AES256-GCM-SHA384", false},
	{"ECDHE+AESGCM:kECDHE:EECDH", false},
	{"DEFAULT@SECLEVEL=0", false},
	{"HIGH:!DHE", false},
	{"HIGH:-kDHE", false},
	{"HIGH:!kDHE+AES", false},
	{"ECDH", false},
	{"", false},
	{"DHE-RSA-AES256-GCM-SHA384", true},
	{"ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384", true},
	{"HIGH:DHE", true},
	{"kDHE+AES", true},
	{"AESGCM+DHE", true},
	{"!aNULL:kEDH", true},
	{"HIGH,EDH", true},
	{"HIGH DHE-RSA-AES128-SHA256", true},
};

static void test_lists(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ok(tls_strength_names_dhe(lists[i].ciphers) == lists[i].named, "\"%s\"",
		   lists[i].ciphers);
}

static unsigned dhe_ciphers(const char *ciphers, enum config_tls_version min,
			    unsigned *all)
{
	const struct config_tls conf = {.ciphers = ciphers, .min_version = min};
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	STACK_OF(SSL_CIPHER) * found;
	unsigned dhe = 0;

	is_str(tls_strength_set(ctx, &conf), NULL, ciphers ? ciphers : "by default");
	found = SSL_CTX_get_ciphers(ctx);
	*all = (unsigned)sk_SSL_CIPHER_num(found);
	for (int i = 0; i < sk_SSL_CIPHER_num(found); i++) {
		int kx = SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(found, i));

		dhe += kx == NID_kx_dhe || kx == NID_kx_dhe_psk;
	}
	SSL_CTX_free(ctx);
	return dhe;
}

static void test_ciphers(void)
{
	unsigned all;

	is_int(dhe_ciphers(NULL, CONFIG_TLS_1_2, &all), 0, "none by default");
	ok(all > 10, "and much else: %u", all);
	is_int(dhe_ciphers(NULL, CONFIG_TLS_1_0, &all), 0, "nor for old versions");
	is_int(dhe_ciphers("HIGH:!aNULL", CONFIG_TLS_1_2, &all), 0, "nor by wide words");
	ok(all > 10, "and much else: %u", all);
	is_int(dhe_ciphers("DEFAULT@SECLEVEL=0", CONFIG_TLS_1_2, &all), 0, "of any kind");
	is_int(dhe_ciphers("DHE-RSA-AES256-GCM-SHA384", CONFIG_TLS_1_2, &all), 1,
	       "the one that is named");
	ok(dhe_ciphers("HIGH:DHE", CONFIG_TLS_1_2, &all) > 1, "and all of them");
}

/* A server of OpenSSL's own, with the groups that it may choose from. */
static SSL *server_of(const struct ca_cert *cert, const char *groups, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_use_certificate(ctx, cert->x509);
	SSL_CTX_use_PrivateKey(ctx, cert->key);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_dh_auto(ctx, 1);
	if (version < TLS1_3_VERSION)
		is_int(SSL_CTX_set_cipher_list(ctx, groups), 1, groups);
	else
		is_int(SSL_CTX_set1_groups_list(ctx, (char *)(uintptr_t)groups), 1,
		       groups);
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_accept_state(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	return ssl;
}

static void carry(SSL *from, SSL *to)
{
	char *p;
	long n = BIO_get_mem_data(SSL_get_wbio(from), &p);

	if (n > 0)
		BIO_write(SSL_get_rbio(to), p, (int)n);
	(void)BIO_reset(SSL_get_wbio(from));
}

static enum tls_fault fault; /* of the last handshake that failed */
static char why[TLS_TEXT_BYTES];

static bool shakes(const struct config_tls *conf, SSL *peer)
{
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL;
	char text[96];
	bool done;

	fault = TLS_FAULT_NONE;

	tls_profile_alloc(&tp, conf, false, text, sizeof(text));
	tls_session_alloc(&ssl, tp, "sbc.example");
	mem_deref(tp);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	for (int i = 0; i < 5; i++) {
		int n = SSL_do_handshake(ssl);

		if (n != 1 && SSL_get_error(ssl, n) == SSL_ERROR_SSL && !fault)
			fault = tls_fault_of(ssl, why, sizeof(why));
		carry(ssl, peer);
		SSL_do_handshake(peer);
		carry(peer, ssl);
	}
	done = SSL_is_init_finished(ssl);
	ERR_clear_error();
	SSL_free(ssl);
	SSL_free(peer);
	return done;
}

static const struct {
	const char *title;
	const char *ciphers;
	const char *offer; /* of the server: groups, or ciphers before TLS 1.3 */
	int version;
	bool done;
} handshakes[] = {
	{"TLS 1.3, a curve", NULL, "P-256", TLS1_3_VERSION, true},
	{"TLS 1.3, every curve", NULL, "X25519:P-256:P-384:P-521:X448", TLS1_3_VERSION,
	 true},
	{"TLS 1.3, a finite field", NULL, "ffdhe8192", TLS1_3_VERSION, false},
	{"TLS 1.3, finite fields before curves", NULL, "ffdhe2048:P-256", TLS1_3_VERSION,
	 true},
	{"TLS 1.3, a finite field that is named", "DHE-RSA-AES256-GCM-SHA384:HIGH",
	 "ffdhe2048", TLS1_3_VERSION, true},
	{"TLS 1.2, ECDHE", NULL, "ECDHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION, true},
	{"TLS 1.2, DHE", NULL, "DHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION, false},
	{"TLS 1.3, one that is named and large", "DHE-RSA-AES256-GCM-SHA384:HIGH",
	 "ffdhe6144", TLS1_3_VERSION, false},
	{"TLS 1.2, DHE that is named", "DHE-RSA-AES256-GCM-SHA384",
	 "DHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION, true},
};

static void test_handshakes(void)
{
	struct ca_cert cert;

	ca_make(&cert, &(struct ca_spec){"sbc", "DNS:sbc.example", .rsa_bits = 2048},
		NULL);
	for (size_t i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++) {
		const struct config_tls conf = {.ciphers = handshakes[i].ciphers,
						.min_version = CONFIG_TLS_1_2,
						.insecure_skip_verify = true};
		SSL *peer = server_of(&cert, handshakes[i].offer, handshakes[i].version);

		ok(shakes(&conf, peer) == handshakes[i].done, "%s", handshakes[i].title);
	}
	ca_drop(&cert);
}

static EVP_PKEY *group_of(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *params = NULL;

	EVP_PKEY_paramgen_init(ctx);
	EVP_PKEY_CTX_set_group_name(ctx, name);
	EVP_PKEY_paramgen(ctx, &params);
	EVP_PKEY_CTX_free(ctx);
	return params;
}

/* Where `ciphers` names DHE the peer chooses, within bounds. */
static void test_groups(void)
{
	static const struct {
		const char *group;
		enum tls_fault fault;
	} groups[] = {{"ffdhe4096", TLS_FAULT_NONE}, {"ffdhe6144", TLS_FAULT_LARGE}};
	const struct config_tls conf = {.ciphers = "DHE-RSA-AES256-GCM-SHA384",
					.min_version = CONFIG_TLS_1_2,
					.insecure_skip_verify = true};
	struct ca_cert cert;

	ca_make(&cert, &(struct ca_spec){"sbc", "DNS:sbc.example", .rsa_bits = 2048},
		NULL);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		SSL *peer = server_of(&cert, conf.ciphers, TLS1_2_VERSION);

		SSL_set_dh_auto(peer, 0);
		SSL_set0_tmp_dh_pkey(peer, group_of(groups[i].group));
		ok(shakes(&conf, peer) == !groups[i].fault, "TLS 1.2, %s",
		   groups[i].group);
		is_int(fault, groups[i].fault, "as it should");
	}
	is_str(why, "the peer's Diffie-Hellman group has 6144 bits, more than 4096",
	       "said");
	ca_drop(&cert);
}

/* A server that shows so many certificates, all but the first of others. */
static void test_shown(void)
{
	static const struct {
		int count;
		enum tls_fault fault;
	} shown[] = {{20, TLS_FAULT_NONE}, {21, TLS_FAULT_LARGE}, {200, TLS_FAULT_LARGE}};
	const struct config_tls conf = {.min_version = CONFIG_TLS_1_2,
					.insecure_skip_verify = true};
	struct ca_cert cert;

	ca_make(&cert, &(struct ca_spec){"sbc", "DNS:sbc.example"}, NULL);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		SSL *peer = server_of(&cert, "P-256", TLS1_3_VERSION);

		for (int k = 1; k < shown[i].count; k++)
			SSL_add1_chain_cert(peer, cert.x509);
		ok(shakes(&conf, peer) == !shown[i].fault, "%d certificates",
		   shown[i].count);
		is_int(fault, shown[i].fault, "as it should");
	}
	ca_drop(&cert);
}

/* A public key with no private one, which would take a minute to make. */
static X509 *cert_of(int bits)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	X509 *cert = X509_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	BN_set_word(e, RSA_F4);
	OSSL_PARAM_BLD_push_BN(bld, "n", n);
	OSSL_PARAM_BLD_push_BN(bld, "e", e);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	X509_set_pubkey(cert, key);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(e);
	return cert;
}

static void test_key(void)
{
	static const struct {
		int bits;
		bool large;
	} keys[] = {{1024, false}, {8192, false}, {8200, true}};
	struct ca_cert curve;
	int bits = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		X509 *cert = cert_of(keys[i].bits);

		ok(tls_strength_is_large(cert, &bits) == keys[i].large, "%d bits",
		   keys[i].bits);
		is_int(bits, keys[i].bits, "as told");
		X509_free(cert);
	}
	ca_make(&curve, &(struct ca_spec){"sbc"}, NULL);
	ok(!tls_strength_is_large(curve.x509, &bits), "a curve");
	ca_drop(&curve);
}

int main(void)
{
	test_lists();
	test_ciphers();
	test_handshakes();
	test_groups();
	test_shown();
	test_key();
	return tap_done();
}
