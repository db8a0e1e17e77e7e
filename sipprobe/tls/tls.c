#include "sipprobe/tls/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sipprobe/loop/openssl_memory.h"
#include "sipprobe/tls/tls_identity.h"
#include "sipprobe/tls/tls_own.h"
#include "sipprobe/tls/tls_record.h"
#include "sipprobe/tls/tls_resume.h"
#include "sipprobe/tls/tls_strength.h"

struct tls_profile {
	SSL_CTX *ctx;
	bool server;
	bool skip_verify;
	struct tls_own own; /* of the chain that we show; zero without one */
};

static void profile_destructor(void *arg)
{
	struct tls_profile *tp = arg;

	SSL_CTX_free(tp->ctx);
}

static int load_chain(SSL_CTX *ctx, const char *path, const struct tls_complaint *c)
{
	FILE *f;
	int err = tls_file_open(&f, path, c);

	if (err)
		return err;
	fclose(f);
	if (SSL_CTX_use_certificate_chain_file(ctx, path) == 1)
		return 0;
	if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE)
		return tls_complain(c, EINVAL, "%s: no certificate found", path);
	return tls_complain(c, EINVAL, "%s: %s", path, tls_reason());
}

static int use_key(SSL_CTX *ctx, EVP_PKEY *key, const char *path, const char *cert_path,
		   const struct tls_complaint *c)
{
	if (SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH)
		return tls_complain(c, EINVAL, "%s: not the key of %s", path, cert_path);
	return tls_complain(c, EINVAL, "%s: %s", path, tls_reason());
}

static int load_key(SSL_CTX *ctx, const char *path, const char *cert_path,
		    const struct tls_complaint *c)
{
	bool asked = false;
	EVP_PKEY *key;
	FILE *f;
	int err = tls_file_open(&f, path, c);

	if (err)
		return err;
	key = PEM_read_PrivateKey(f, NULL, tls_no_passphrase_h, &asked);
	fclose(f);
	if (!key && asked)
		return tls_complain(c, EINVAL, "%s: key is encrypted", path);
	if (!key)
		return tls_complain(c, EINVAL, "%s: no private key found", path);
	err = use_key(ctx, key, path, cert_path, c);
	EVP_PKEY_free(key);
	return err;
}

/* The key may stand in the certificate's file. */
static int load_identity(SSL_CTX *ctx, const struct config_tls *conf, bool server,
			 const struct tls_complaint *c)
{
	const char *key_file = conf->key_file ? conf->key_file : conf->cert_file;
	int err;

	if (!conf->cert_file && conf->key_file)
		return tls_complain(c, EINVAL, "%s: key without a certificate", key_file);
	if (!conf->cert_file && server)
		return tls_complain(c, EINVAL,
				    "listening for TLS needs a certificate and its key");
	if (!conf->cert_file)
		return 0;
	err = load_chain(ctx, conf->cert_file, c);
	return err ? err : load_key(ctx, key_file, conf->cert_file, c);
}

static int set_strength(SSL_CTX *ctx, const struct config_tls *conf,
			const struct tls_complaint *c)
{
	const char *what = tls_strength_set(ctx, conf);

	if (!what)
		return 0;
	if (!strcmp(what, "ciphers") && conf->ciphers)
		return tls_complain(c, EINVAL, "ciphers \"%s\": %s", conf->ciphers,
				    tls_reason());
	return tls_complain(c, EINVAL, "%s: %s", what, tls_reason());
}

/*
 * A hello's version, and whether we were asked for a certificate, are worth keeping: the
 * failure that they lead to does not tell.
 */
static void tls_message_h(int sent, int version, int type, const void *buf, size_t len,
			  SSL *ssl, void *arg)
{
	const uint8_t *b = buf;
	struct tls_record *rec = tls_record_of(ssl);

	(void)version, (void)arg;
	if (!rec || sent || type != SSL3_RT_HANDSHAKE || !len)
		return;
	if (b[0] == SSL3_MT_CERTIFICATE_REQUEST)
		rec->asked = true;
	if (len >= 6 && (b[0] == SSL3_MT_CLIENT_HELLO || b[0] == SSL3_MT_SERVER_HELLO))
		rec->peer_version = b[4] << 8 | b[5];
}

/*
 * No session is resumed unless a setting says so: a probe over a fresh connection
 * measures what a new peer would meet, the whole handshake with the certificate as it is
 * now, and a resumed one would neither show a certificate nor notice that it was
 * replaced.
 */
static void set_manners(SSL_CTX *ctx, bool ask_peer, bool demand)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_msg_callback(ctx, tls_message_h);
	SSL_CTX_set_cert_verify_callback(ctx, tls_verify, NULL);
	SSL_CTX_set_verify(ctx,
			   (ask_peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) |
				   (demand ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
			   NULL);
}

static void tls_group_large_h(const SSL *ssl, int bits)
{
	struct tls_record *rec = tls_record_of(ssl);

	if (!rec)
		return;
	rec->fault = TLS_FAULT_LARGE;
	snprintf(rec->text, sizeof(rec->text),
		 "the peer's Diffie-Hellman group has %d bits, more than %d", bits,
		 TLS_STRENGTH_GROUP_BITS);
}

static int profile_setup(struct tls_profile *tp, const struct config_tls *conf,
			 const struct tls_complaint *c)
{
	bool asks = tp->server && conf->ca_file;
	int err;

	set_manners(tp->ctx, !tp->server || asks, asks && !conf->insecure_skip_verify);
	/* SIP peers show one certificate in both roles, and public CAs no longer put
	 * the client's purpose into it. */
	if (tp->server && SSL_CTX_set_purpose(tp->ctx, X509_PURPOSE_ANY) != 1)
		return tls_complain(c, ENOMEM, "%s", tls_reason());
	if (!tp->server && conf->session_lifetime_us)
		tls_resume_watch(tp->ctx);
	tls_strength_show_any(tp->ctx, tls_group_large_h);
	tls_strength_bound(tp->ctx);
	err = set_strength(tp->ctx, conf, c);
	if (err)
		return err;
	err = tls_trust_load(tp->ctx, conf, tp->server, c);
	if (!err)
		err = load_identity(tp->ctx, conf, tp->server, c);
	if (!err)
		tls_own_read(&tp->own, tp->ctx, conf->ca_file, tp->server);
	return err;
}

int tls_profile_alloc(struct tls_profile **tpp, const struct config_tls *conf,
		      bool server, char *err_text, size_t err_size)
{
	const struct tls_complaint c = {err_text, err_size};
	unsigned failures = openssl_memory_failures();
	bool recorded = tls_record_prepare();
	struct tls_profile *tp;
	int err;

	ERR_clear_error();
	tp = mem_zalloc(sizeof(*tp), profile_destructor);
	if (!tp)
		return tls_complain(&c, ENOMEM, "%s", strerror(ENOMEM));
	tp->server = server;
	tp->skip_verify = conf->insecure_skip_verify;
	tp->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (!tp->ctx || !recorded)
		err = tls_complain(&c, ENOMEM, "%s", tls_reason());
	else
		err = profile_setup(tp, conf, &c);
	if (!err && failures != openssl_memory_failures())
		err = tls_complain(&c, ENOMEM, "%s", strerror(ENOMEM));
	if (err)
		mem_deref(tp);
	else
		*tpp = tp;
	return err;
}

/* RFC 6066 section 3: SNI carries host names only, without a final dot. */
static int set_sni(SSL *ssl, const char *name)
{
	char host[256];
	size_t len = strlen(name);

	if (tls_identity_literal(name, NULL))
		return 0;
	if (len && name[len - 1] == '.')
		len--;
	if (!len || len >= sizeof(host))
		return EINVAL;
	memcpy(host, name, len);
	host[len] = '\0';
	return SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : ENOMEM;
}

static int session_setup(SSL *ssl, const struct tls_profile *tp, const char *name)
{
	int err = tls_record_attach(ssl, tp->server ? NULL : name, tp->skip_verify);

	if (err)
		return err;
	if (tp->server) {
		SSL_set_accept_state(ssl);
		return 0;
	}
	SSL_set_connect_state(ssl);
	return name ? set_sni(ssl, name) : 0;
}

int tls_session_alloc(SSL **sslp, struct tls_profile *tp, const char *name)
{
	SSL *ssl;
	int err;

	if (!tp->server && !tp->skip_verify && !name)
		return EINVAL;
	ERR_clear_error();
	ssl = SSL_new(tp->ctx);
	if (!ssl) {
		ERR_clear_error();
		return ENOMEM;
	}
	err = session_setup(ssl, tp, name);
	ERR_clear_error();
	if (err)
		SSL_free(ssl);
	else
		*sslp = ssl;
	return err;
}

int64_t tls_peer_not_after_s(SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);

	return rec ? rec->seen.not_after_s : 0;
}

int64_t tls_peer_verified_not_after_s(SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);

	return rec ? rec->seen.verified_not_after_s : 0;
}

int64_t tls_profile_not_after_s(const struct tls_profile *tp)
{
	return tp->own.not_after_s;
}

bool tls_profile_own(struct tls_own *own, const struct tls_profile *tp,
		     const struct config_trunk *trunk)
{
	X509 *cert = SSL_CTX_get0_certificate(tp->ctx);

	if (!cert)
		return false;
	*own = tp->own;
	if (trunk)
		tls_own_compare_names(own, cert, trunk);
	return true;
}

bool tls_peer_verified(SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);

	return rec && SSL_get0_peer_certificate(ssl) && !rec->skip_verify &&
	       rec->fault == TLS_FAULT_NONE && SSL_get_verify_result(ssl) == X509_V_OK;
}

bool tls_peer_proves(SSL *ssl, const char *name)
{
	return tls_peer_verified(ssl) &&
	       tls_identity_match(SSL_get0_peer_certificate(ssl), name);
}
