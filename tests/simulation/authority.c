#include "tests/simulation/authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/kernel/files.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

enum {
	STREAM = 8, /* of the seed */
	BEGIN_S = 1800000000,
	CA_S = 10 * 366 * 86400, /* to both sides of the begin */
	KEY = 32,
};

struct identity {
	struct peer *peer;
	uint64_t stream;
	EVP_PKEY *key;
	SSL_CTX *ctx;
	struct validity now, shown[2];
};

static struct {
	uint64_t stream;
	EVP_PKEY *key, *own_key;
	X509 *cert;
	struct file ca, own, own_key_file;
	struct validity own_now;
	int64_t own_since_ns;
	long serial;
} authority;

struct authority_counts authority_counts;

int64_t authority_now_s(void)
{
	return BEGIN_S + world_now_ns() / WORLD_S;
}

static void authority_check(bool good, const char *what)
{
	if (good)
		return;
	printf("sim: authority: %s\n", what);
	exit(2);
}

static EVP_PKEY *authority_key(uint64_t *s)
{
	uint8_t seed[KEY];
	EVP_PKEY *key;

	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)chance_below(s, 256);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	authority_check(key, "key");
	return key;
}

static void authority_extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	authority_check(e && X509_add_ext(cert, e, -1) == 1, value);
	X509_EXTENSION_free(e);
}

/* @name: without one it is the authority's own */
static X509 *authority_sign(EVP_PKEY *key, const char *name, const struct validity *v)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	char san[64];

	X509_set_version(cert, 2);
	/* From a million on: all are of one length. */
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1000000 + authority.serial++);
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)v->from_s);
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)v->until_s);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const uint8_t *)(name ? name : "sim"), -1, -1, 0);
	X509_set_issuer_name(cert,
			     name ? X509_get_subject_name(authority.cert) : subject);
	X509_set_pubkey(cert, key);
	(void)snprintf(san, sizeof(san), "DNS:%s", name ? name : "");
	authority_extend(cert, name ? NID_subject_alt_name : NID_basic_constraints,
			 name ? san : "critical,CA:TRUE");
	authority_check(X509_sign(cert, authority.key, NULL) > 0, "signature");
	return cert;
}

/* --- files --- */

static void authority_write(struct file *f, BIO *pem, int good)
{
	char *text;
	long len = BIO_get_mem_data(pem, &text);

	authority_check(good == 1 && len > 0, "PEM");
	files_write(f, text, (size_t)len);
	BIO_free(pem);
}

static void authority_write_cert(struct file *f, X509 *cert)
{
	BIO *pem = BIO_new(BIO_s_mem());

	authority_write(f, pem, PEM_write_bio_X509(pem, cert));
}

static void authority_write_key(struct file *f, EVP_PKEY *key)
{
	BIO *pem = BIO_new(BIO_s_mem());

	authority_write(f, pem,
			PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL));
}

const char *authority_file(void)
{
	return authority.ca.path;
}

const char *authority_own_file(void)
{
	return authority.own.path;
}

const char *authority_own_key_file(void)
{
	return authority.own_key_file.path;
}

/* --- lives --- */

/* Where our clock may be days off, nobody lives for hours. */
static int64_t authority_life_s(uint64_t *s)
{
	static const int hours[] = {4, 36, 60 * 24};
	static const int hours_stepped[] = {20 * 24, 45 * 24, 90 * 24};

	return (faults_has(FAULT_STEP) ? hours_stepped : hours)[chance_below(s, 3)] *
	       3600;
}

/* A new one, that has begun a while ago. @used: how much of its life may be over */
static struct validity authority_live(uint64_t *s, bool used)
{
	int64_t life_s = authority_life_s(s), now_s = authority_now_s();
	int64_t left_s = used ? chance_between(s, 60, life_s) : life_s;

	return (struct validity){now_s - life_s / 2, now_s + left_s};
}

/* In time mostly; some are forgotten until they are missed. */
static int64_t authority_renewal_ns(uint64_t *s, const struct validity *v)
{
	int64_t left_s = v->until_s - authority_now_s();

	if (chance_of(s, 250000))
		left_s += chance_between(s, 60, 3 * 3600);
	else
		left_s = chance_between(s, left_s / 3, left_s - left_s / 20 - 30);
	return (left_s > 1 ? left_s : 1) * WORLD_S;
}

static void authority_renew_h(void *arg);

static void authority_issue(bool used)
{
	uint64_t *s = &authority.stream;
	X509 *cert;

	authority.own_now = authority_live(s, used);
	authority.own_since_ns = world_now_ns();
	cert = authority_sign(authority.own_key, "us.sim", &authority.own_now);
	authority_write_cert(&authority.own, cert);
	X509_free(cert);
	world_in(authority_renewal_ns(s, &authority.own_now), authority_renew_h, NULL);
}

static void authority_renew_h(void *arg)
{
	(void)arg;
	authority_counts.own_renewed++;
	authority_counts.own_ended += authority.own_now.until_s < authority_now_s();
	trace(NULL, "(our certificate is renewed)", "", "", 0);
	authority_issue(false);
}

struct validity authority_own(void)
{
	return authority.own_now;
}

int64_t authority_own_since_ns(void)
{
	return authority.own_since_ns;
}

void authority_begin(uint64_t seed)
{
	const struct validity v = {BEGIN_S - CA_S, BEGIN_S + CA_S};

	if (!faults_has(FAULT_TLS))
		return;
	authority.stream = chance_stream(seed, STREAM);
	authority.key = authority_key(&authority.stream);
	authority.own_key = authority_key(&authority.stream);
	authority.cert = authority_sign(authority.key, NULL, &v);
	files_make(&authority.ca, "ca.pem");
	files_make(&authority.own, "own.pem");
	files_make(&authority.own_key_file, "own.key");
	authority_write_cert(&authority.ca, authority.cert);
	authority_write_key(&authority.own_key_file, authority.own_key);
	authority_issue(true);
}

/* --- peers --- */

static void identity_renew_h(void *arg);

static void identity_demand(SSL_CTX *ctx)
{
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.cert);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static SSL_CTX *identity_context(struct identity *id, X509 *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	authority_check(ctx && SSL_CTX_use_certificate(ctx, cert) == 1 &&
				SSL_CTX_use_PrivateKey(ctx, id->key) == 1,
			"context");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	/* Every other peer is an older one. */
	if (id->peer->trunk->number % 2)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	if (id->peer->trunk->mutual)
		identity_demand(ctx);
	return ctx;
}

static void identity_issue(struct identity *id, bool used)
{
	char name[32];
	X509 *cert;

	/* The domain's, not that of the SRV target (RFC 5922 4). */
	(void)snprintf(name, sizeof(name), "t%u.sim", id->peer->trunk->number);
	id->now = authority_live(&id->stream, used);
	cert = authority_sign(id->key, name, &id->now);
	SSL_CTX_free(id->ctx);
	id->ctx = identity_context(id, cert);
	X509_free(cert);
	world_in(authority_renewal_ns(&id->stream, &id->now), identity_renew_h, id);
}

static void identity_renew_h(void *arg)
{
	struct identity *id = arg;

	authority_counts.renewed++;
	authority_counts.ended += id->now.until_s < authority_now_s();
	trace(id->peer->trunk, "(a certificate is renewed)", "", " of peer ",
	      id->peer->index);
	identity_issue(id, false);
}

struct identity *authority_identity(struct peer *peer)
{
	struct identity *id = memory_get(sizeof(*id));

	id->peer = peer;
	id->stream = chance_stream(peer->trunk->fate, 100 + peer->index);
	id->key = authority_key(&id->stream);
	identity_issue(id, true);
	return id;
}

SSL_CTX *identity_show(struct identity *id)
{
	if (memcmp(&id->shown[0], &id->now, sizeof(id->now))) {
		id->shown[1] = id->shown[0];
		id->shown[0] = id->now;
	}
	return id->ctx;
}

const struct validity *identity_shown(const struct identity *id, unsigned before)
{
	return &id->shown[before];
}
