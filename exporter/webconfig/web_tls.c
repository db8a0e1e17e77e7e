#include "exporter/webconfig/web_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "exporter/webconfig/web_config.h"
#include "exporter/webconfig/web_priority.h"

enum { PEM_MAX = 16 << 20 }; /* bytes of a file of certificates or keys */

struct web_tls {
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
	int client_auth;
	const struct web_texts *sans;
	int64_t not_after_s; /* earliest of the chain shown */
};

/* A PEM text: the file's, or the one that stands in the configuration. */
struct pem {
	const char *name; /* for messages */
	gnutls_datum_t text;
	char *read; /* to be freed */
};

__attribute__((format(printf, 3, 4))) static int
web_tls_fail(char *err_text, size_t err_size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err_text, err_size, fmt, ap);
	va_end(ap);
	return EINVAL;
}

static int pem_load(struct pem *p, const char *file, const char *inline_text,
		    const char *key, char *err_text, size_t err_size)
{
	size_t len = inline_text ? strlen(inline_text) : 0;
	int err;

	p->name = file ? file : key;
	p->text.data = (unsigned char *)(uintptr_t)inline_text;
	if (file) {
		err = file_read(&p->read, &len, file, PEM_MAX);
		if (err) {
			web_tls_fail(err_text, err_size, "%s: %s", file, strerror(err));
			return err;
		}
		p->text.data = (unsigned char *)p->read;
	}
	p->text.size = (unsigned)len;
	return 0;
}

static void pem_free(struct pem *p)
{
	file_free(p->read, p->text.size);
}

static int64_t earliest_end_s(const gnutls_x509_crt_t *list, unsigned count)
{
	int64_t end_s = INT64_MAX;

	for (unsigned i = 0; i < count; i++) {
		time_t at_s = gnutls_x509_crt_get_expiration_time(list[i]);

		if (at_s < end_s)
			end_s = at_s;
	}
	return end_s;
}

/* Whether the first certificate's key is an RSA key, and when the first of them ends. */
static int look_at_chain(bool *rsa, int64_t *not_after_s, const struct pem *cert,
			 char *err_text, size_t err_size)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	int rc = gnutls_x509_crt_list_import2(&list, &count, &cert->text,
					      GNUTLS_X509_FMT_PEM, 0);
	int algorithm;

	if (rc < 0)
		return web_tls_fail(err_text, err_size, "%s: no certificate (%s)",
				    cert->name, gnutls_strerror(rc));
	algorithm = gnutls_x509_crt_get_pk_algorithm(list[0], NULL);
	*rsa = algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS;
	*not_after_s = earliest_end_s(list, count);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return 0;
}

static int load_pair(struct web_tls *t, bool *rsa, const struct web_tls_conf *conf,
		     char *err_text, size_t err_size)
{
	struct pem cert = {0}, key = {0};
	int rc, err;

	err = pem_load(&cert, conf->cert_file, conf->cert, "cert", err_text, err_size);
	if (!err)
		err = pem_load(&key, conf->key_file, conf->key, "key", err_text,
			       err_size);
	if (!err)
		err = look_at_chain(rsa, &t->not_after_s, &cert, err_text, err_size);
	if (!err) {
		rc = gnutls_certificate_set_x509_key_mem(t->cred, &cert.text, &key.text,
							 GNUTLS_X509_FMT_PEM);
		if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
			err = web_tls_fail(err_text, err_size, "%s: not the key of %s",
					   key.name, cert.name);
		else if (rc < 0)
			err = web_tls_fail(err_text, err_size, "%s: no private key (%s)",
					   key.name, gnutls_strerror(rc));
	}
	pem_free(&cert);
	pem_free(&key);
	return err;
}

static int load_authorities(struct web_tls *t, const struct web_tls_conf *conf,
			    char *err_text, size_t err_size)
{
	struct pem ca = {0};
	int rc, err;

	if (!conf->client_ca && !conf->client_ca_file)
		return 0;
	err = pem_load(&ca, conf->client_ca_file, conf->client_ca, "client_ca", err_text,
		       err_size);
	if (!err) {
		rc = gnutls_certificate_set_x509_trust_mem(t->cred, &ca.text,
							   GNUTLS_X509_FMT_PEM);
		if (rc <= 0)
			err = web_tls_fail(err_text, err_size, "%s: no certificate",
					   ca.name);
	}
	pem_free(&ca);
	return err;
}

static int make_priority(struct web_tls *t, const struct web_tls_conf *conf, bool rsa,
			 char *err_text, size_t err_size)
{
	char text[WEB_PRIORITY_BYTES];
	const char *fault = web_priority_text(text, conf, rsa);
	int rc;

	if (fault)
		return web_tls_fail(err_text, err_size, "%s", fault);
	rc = gnutls_priority_init(&t->priority, text, NULL);
	return rc < 0 ? web_tls_fail(err_text, err_size, "GnuTLS takes no \"%s\": %s",
				     text, gnutls_strerror(rc))
		      : 0;
}

int web_tls_alloc(struct web_tls **tp, const struct web_tls_conf *conf, char *err_text,
		  size_t err_size)
{
	struct web_tls *t = calloc(1, sizeof(*t));
	bool rsa = false;
	int err;

	if (!t || gnutls_certificate_allocate_credentials(&t->cred) < 0) {
		free(t);
		web_tls_fail(err_text, err_size, "%s", strerror(ENOMEM));
		return ENOMEM;
	}
	t->client_auth = conf->client_auth;
	t->sans = &conf->client_allowed_sans;
	err = load_pair(t, &rsa, conf, err_text, err_size);
	if (!err)
		err = load_authorities(t, conf, err_text, err_size);
	if (!err)
		err = make_priority(t, conf, rsa, err_text, err_size);
	if (err)
		web_tls_free(t);
	else
		*tp = t;
	return err;
}

void web_tls_free(struct web_tls *t)
{
	if (!t)
		return;
	gnutls_certificate_free_credentials(t->cred);
	if (t->priority)
		gnutls_priority_deinit(t->priority);
	free(t);
}

int64_t web_tls_not_after_s(const struct web_tls *t)
{
	return t->not_after_s;
}

static bool is_listed(const struct web_texts *sans, const char *name, size_t len)
{
	for (size_t i = 0; i < sans->count; i++)
		if (strlen(sans->list[i]) == len && !memcmp(sans->list[i], name, len))
			return true;
	return false;
}

static bool san_allowed(const struct web_texts *sans, int type, const char *name,
			size_t len)
{
	char address[INET6_ADDRSTRLEN];

	if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME ||
	    type == GNUTLS_SAN_URI)
		return is_listed(sans, name, len);
	if (type != GNUTLS_SAN_IPADDRESS || (len != 4 && len != 16))
		return false;
	inet_ntop(len == 4 ? AF_INET : AF_INET6, name, address, sizeof(address));
	return is_listed(sans, address, strlen(address));
}

static bool cert_allowed(const struct web_texts *sans, gnutls_x509_crt_t cert)
{
	for (unsigned i = 0;; i++) {
		char name[1024];
		size_t len = sizeof(name);
		int type =
			gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			return false;
		if (san_allowed(sans, type, name, len))
			return true;
	}
}

static int check_sans(const struct web_texts *sans, const gnutls_datum_t *peer)
{
	gnutls_x509_crt_t cert;
	bool allowed = false;

	if (!sans->count)
		return 0;
	if (gnutls_x509_crt_init(&cert) < 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	if (gnutls_x509_crt_import(cert, peer, GNUTLS_X509_FMT_DER) >= 0)
		allowed = cert_allowed(sans, cert);
	gnutls_x509_crt_deinit(cert);
	return allowed ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* Within the handshake: what is refused here never sends a request. */
static int web_tls_verify_h(gnutls_session_t session)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st want = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
				      .data = (unsigned char *)purpose};
	const struct web_tls *t = gnutls_db_get_ptr(session);
	unsigned count = 0, status = 0;
	const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, &count);

	/* GnuTLS itself refuses those without one where one is required. */
	if (!peers || !count || t->client_auth < WEB_CLIENT_VERIFY_IF_GIVEN)
		return 0;
	if (gnutls_certificate_verify_peers(session, &want, 1, &status) < 0 || status)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return check_sans(t->sans, &peers[0]);
}

int web_tls_session(struct web_tls *t, gnutls_session_t session)
{
	static const gnutls_certificate_request_t requests[] = {
		[WEB_CLIENT_NONE] = GNUTLS_CERT_IGNORE,
		[WEB_CLIENT_REQUEST] = GNUTLS_CERT_REQUEST,
		[WEB_CLIENT_REQUIRE] = GNUTLS_CERT_REQUIRE,
		[WEB_CLIENT_REQUIRE_ANY] = GNUTLS_CERT_REQUIRE,
		[WEB_CLIENT_VERIFY_IF_GIVEN] = GNUTLS_CERT_REQUEST,
		[WEB_CLIENT_REQUIRE_AND_VERIFY] = GNUTLS_CERT_REQUIRE,
	};
	int rc = gnutls_priority_set(session, t->priority);

	if (rc >= 0)
		rc = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->cred);
	gnutls_certificate_server_set_request(session, requests[t->client_auth]);
	/* The session database is not used: its pointer is free to find us by. */
	gnutls_db_set_ptr(session, t);
	gnutls_session_set_verify_function(session, web_tls_verify_h);
	return rc;
}
