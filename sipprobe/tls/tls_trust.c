/* What reads the files of a TLS context: helpers for all of them, and whom it trusts. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <string.h>

#include "sipprobe/tls/tls_record.h"

int tls_complain(const struct tls_complaint *c, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (c->size)
		vsnprintf(c->text, c->size, fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return err;
}

const char *tls_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	return text ? text : "unknown error";
}

int tls_no_passphrase_h(char *buf, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)buf, (void)size, (void)writing;
	if (asked)
		*asked = true;
	return -1;
}

int tls_file_open(FILE **fp, const char *path, const struct tls_complaint *c)
{
	FILE *f = fopen(path, "re");
	int err = errno;

	if (!f) {
		tls_complain(c, err, "%s: %s", path, strerror(err));
		return err == ENOENT || err == EACCES || err == ENOMEM ? err : EINVAL;
	}
	*fp = f;
	return 0;
}

/* A server also names these authorities when it asks for a certificate. */
static int trust_add(SSL_CTX *ctx, X509 *ca, bool server)
{
	if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) != 1)
		return ENOMEM;
	return server && SSL_CTX_add_client_CA(ctx, ca) != 1 ? ENOMEM : 0;
}

static int load_ca(SSL_CTX *ctx, const char *path, bool server,
		   const struct tls_complaint *c)
{
	size_t count = 0;
	X509 *ca;
	FILE *f;
	int err = tls_file_open(&f, path, c);

	if (err)
		return err;
	while (!err && (ca = PEM_read_X509_AUX(f, NULL, tls_no_passphrase_h, NULL))) {
		err = trust_add(ctx, ca, server);
		X509_free(ca);
		count++;
	}
	fclose(f);
	if (err)
		return tls_complain(c, err, "%s: %s", path, tls_reason());
	if (ERR_GET_REASON(ERR_peek_error()) != PEM_R_NO_START_LINE)
		return tls_complain(c, EINVAL, "%s: %s", path, tls_reason());
	if (!count)
		return tls_complain(c, EINVAL, "%s: no certificate found", path);
	ERR_clear_error();
	return 0;
}

/*
 * Whatever else OpenSSL wants to know of them it reads now: without memory in the midst
 * of a handshake it would remember them as bad.
 */
static void read_anchors(SSL_CTX *ctx)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

		if (cert)
			(void)X509_get_extension_flags(cert);
	}
	ERR_clear_error();
}

static int load_anchors(SSL_CTX *ctx, const struct config_tls *conf, bool server,
			const struct tls_complaint *c)
{
	if (conf->ca_file)
		return load_ca(ctx, conf->ca_file, server, c);
	if (!server && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return tls_complain(c, EINVAL, "the system's certificate store: %s",
				    tls_reason());
	return 0;
}

int tls_trust_load(SSL_CTX *ctx, const struct config_tls *conf, bool server,
		   const struct tls_complaint *c)
{
	int err = load_anchors(ctx, conf, server, c);

	if (!err)
		read_anchors(ctx);
	return err;
}
