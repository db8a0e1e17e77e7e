#include "sipprobe/tls/tls_rehearsal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sipprobe/tls/tls_record.h"

struct tls_rehearsal {
	X509_STORE *store;
	int64_t at_s; /* 0: now */
};

static void rehearsal_destructor(void *arg)
{
	struct tls_rehearsal *r = arg;

	X509_STORE_free(r->store);
}

static int rehearsal_complain(char *text, size_t size, const char *path, int err,
			      const char *why)
{
	if (size)
		snprintf(text, size, "%s: %s", path, why);
	ERR_clear_error();
	return err;
}

/* OpenSSL does not tell a file that is not there from one without certificates. */
static int rehearsal_load(struct tls_rehearsal *r, const char *path, char *text,
			  size_t size)
{
	int err = access(path, R_OK) ? errno : 0;

	if (err)
		return rehearsal_complain(text, size, path, err, strerror(err));
	if (X509_STORE_load_file(r->store, path) == 1)
		return 0;
	return rehearsal_complain(text, size, path, EINVAL, "no certificate found");
}

int tls_rehearsal_alloc(struct tls_rehearsal **rp, const char *ca_file, int64_t at_s,
			char *err_text, size_t err_size)
{
	struct tls_rehearsal *r = mem_zalloc(sizeof(*r), rehearsal_destructor);
	int err;

	if (!r)
		return ENOMEM;
	r->at_s = at_s;
	r->store = X509_STORE_new();
	err = r->store ? rehearsal_load(r, ca_file, err_text, err_size) : ENOMEM;
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

static int rehearsal_setup(X509_STORE_CTX *ctx, const struct tls_rehearsal *r,
			   const struct tls_record *rec, int level)
{
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(ctx, r->store, tls_record_leaf(rec), rec->seen.chain) !=
		    1 ||
	    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1)
		return ENOMEM;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, level);
	if (r->at_s)
		X509_VERIFY_PARAM_set_time(param, (time_t)r->at_s);
	return 0;
}

void tls_rehearse(struct rehearsal *out, const struct tls_rehearsal *r, SSL *ssl)
{
	const struct tls_record *rec = tls_record_of(ssl);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	struct tls_record again = {0};

	*out = (struct rehearsal){0};
	if (ctx && rec && tls_record_leaf(rec) &&
	    !rehearsal_setup(ctx, r, rec, SSL_get_security_level(ssl))) {
		again.name = rec->name;
		out->done = true;
		out->success = tls_record_judge(&again, ctx);
		out->not_after_s = again.seen.verified_not_after_s;
		snprintf(out->text, sizeof(out->text), "%s", again.text);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}
