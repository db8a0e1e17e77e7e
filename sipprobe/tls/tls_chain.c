/* The certificates a peer showed, read into text. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/tls/tls_identity.h"
#include "sipprobe/tls/tls_record.h"

/* One certificate's texts until they are copied. */
struct texts {
	char subject[160];
	char issuer[160];
	char names[256];
	char serial[48];
	char key[32];
	char sha256[65];
};

static void put_hex(char *out, size_t size, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < count && n + 2 < size; i++) {
		out[n++] = digits[bytes[i] >> 4];
		out[n++] = digits[bytes[i] & 15];
	}
	out[n] = '\0';
}

/* As RFC 4514 writes it, the nearest name first, bytes beyond ASCII as \C3. */
static void put_name(char *out, size_t size, const X509_NAME *name)
{
	const unsigned long flags =
		(XN_FLAG_RFC2253 & ~XN_FLAG_SEP_MASK) | XN_FLAG_SEP_CPLUS_SPC;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	out[0] = '\0';
	if (bio && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		snprintf(out, size, "%.*s", len < (long)size ? (int)len : (int)size,
			 len > 0 ? text : "");
	}
	BIO_free(bio);
}

static void put_key(char *out, size_t size, const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *name = key ? EVP_PKEY_get0_type_name(key) : NULL;

	out[0] = '\0';
	if (name)
		snprintf(out, size, "%s %d", name, EVP_PKEY_get_bits(key));
}

static void put_sha256(char *out, size_t size, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (X509_digest(cert, EVP_sha256(), digest, &len) != 1)
		len = 0;
	put_hex(out, size, digest, len);
}

bool tls_peer_shown(SSL *ssl, struct tls_shown *out)
{
	const struct tls_record *rec = tls_record_of(ssl);
	X509 *leaf = rec ? tls_record_leaf(rec) : NULL;
	char key[32], sha256[65], issuer[64];

	if (!leaf)
		return false;
	put_key(key, sizeof(key), leaf);
	tls_identity_key(sha256, sizeof(sha256), leaf);
	tls_identity_issuer(leaf, issuer, sizeof(issuer));
	ERR_clear_error();
	snprintf(out->tls, sizeof(out->tls), "%s %s", SSL_get_version(ssl),
		 tls_record_cipher(ssl));
	snprintf(out->key, sizeof(out->key), "%s, SHA-256 %s", key, sha256);
	out->root[0] = '\0';
	if (rec->seen.root[0])
		snprintf(out->root, sizeof(out->root), "issued by %s, root %s", issuer,
			 rec->seen.root);
	return true;
}

static void read_link(struct chain_link *link, struct texts *t, X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	put_name(t->subject, sizeof(t->subject), X509_get_subject_name(cert));
	put_name(t->issuer, sizeof(t->issuer), X509_get_issuer_name(cert));
	tls_identity_alternatives(cert, t->names, sizeof(t->names));
	put_hex(t->serial, sizeof(t->serial), ASN1_STRING_get0_data(serial),
		(size_t)ASN1_STRING_length(serial));
	put_key(t->key, sizeof(t->key), cert);
	put_sha256(t->sha256, sizeof(t->sha256), cert);
	*link = (struct chain_link){
		.subject = t->subject,
		.issuer = t->issuer,
		.names = t->names,
		.serial = t->serial,
		.key = t->key,
		.sha256 = t->sha256,
		.not_before_s = tls_seconds_of(X509_get0_notBefore(cert)),
		.not_after_s = tls_seconds_of(X509_get0_notAfter(cert)),
	};
}

int tls_peer_chain(struct chain **cp, SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);
	int shown = rec ? sk_X509_num(rec->seen.chain) : 0;
	int count = shown < CHAIN_MAX ? shown : CHAIN_MAX;
	struct chain_link links[CHAIN_MAX];
	struct texts texts[CHAIN_MAX];
	struct chain *c;

	if (count <= 0)
		return ENOENT;
	for (int i = 0; i < count; i++)
		read_link(&links[i], &texts[i], sk_X509_value(rec->seen.chain, i));
	/* Fields that cannot be read are left out; no later failure is to be blamed on
	 * them. */
	ERR_clear_error();
	if (chain_alloc(&c, links, (unsigned)count))
		return ENOMEM;
	c->left_out = (unsigned)(shown - count);
	c->seen_unix_ns = clock_wall_ns();
	c->verified = tls_record_verified(rec);
	snprintf(c->version, sizeof(c->version), "%s", SSL_get_version(ssl));
	snprintf(c->cipher, sizeof(c->cipher), "%s", tls_record_cipher(ssl));
	*cp = c;
	return 0;
}
