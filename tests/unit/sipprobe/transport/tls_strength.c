/* Ciphers and groups that are offered: no finite-field Diffie-Hellman unless named. */
#include <openssl/err.h>
#include <string.h>

#include "sipprobe/transport/tls.h"
#include "sipprobe/transport/tls_strength.h"
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

static bool shakes(const struct config_tls *conf, SSL *peer)
{
	struct tls_profile *tp = NULL;
	SSL *ssl = NULL;
	char text[96];
	bool done;

	tls_profile_alloc(&tp, conf, false, text, sizeof(text));
	tls_session_alloc(&ssl, tp, "sbc.example");
	mem_deref(tp);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	for (int i = 0; i < 5; i++) {
		SSL_do_handshake(ssl);
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

int main(void)
{
	test_lists();
	test_ciphers();
	test_handshakes();
	return tap_done();
}
