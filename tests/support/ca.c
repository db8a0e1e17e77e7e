#include "tests/support/ca.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A test without its certificates proves nothing. */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ca: %s failed\n", what);
	abort();
}

static void set_subject(X509 *x, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(x);

	if (cn)
		must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						(const unsigned char *)cn, -1, -1,
						0) == 1,
		     "subject");
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

	if (!value)
		return;
	must(e && X509_add_ext(x, e, -1) == 1, value);
	X509_EXTENSION_free(e);
}

void ca_make(struct ca_cert *c, const struct ca_spec *spec, const struct ca_cert *issuer)
{
	static long serial = 1000;
	static time_t now;
	bool dated = spec->begins_s || spec->ends_s;
	X509 *x = X509_new();

	c->x509 = x;
	if (spec->like && EVP_PKEY_up_ref(spec->like->key))
		c->key = spec->like->key;
	else
		c->key = spec->rsa_bits ? EVP_RSA_gen(spec->rsa_bits)
					: EVP_EC_gen("P-256");
	must(x && c->key, "allocation");
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	/* One now for all: certificates made in two seconds still end in the same one. */
	if (!now)
		now = time(NULL);
	X509_time_adj(X509_getm_notBefore(x), dated ? spec->begins_s : -3600, &now);
	X509_time_adj(X509_getm_notAfter(x), dated ? spec->ends_s : 86400, &now);
	X509_set_pubkey(x, c->key);
	set_subject(x, spec->cn);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer->x509 : x));
	add_extension(x, NID_basic_constraints,
		      spec->authority ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(x, NID_subject_alt_name, spec->san);
	add_extension(x, NID_ext_key_usage, spec->eku);
	if (spec->aia)
		add_extension(x, NID_info_access,
			      "caIssuers;URI:http://ca.example/ca.crt");
	must(X509_sign(x, issuer ? issuer->key : c->key,
		       spec->sha1 ? EVP_sha1() : EVP_sha256()) > 0,
	     "signature");
}

void ca_drop(struct ca_cert *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	*c = (struct ca_cert){NULL, NULL};
}

const char *ca_dir_make(char buf[64])
{
	snprintf(buf, 64, "/tmp/unit-tls-XXXXXX");
	must(mkdtemp(buf) != NULL, "mkdtemp");
	return buf;
}

void ca_dir_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

const char *ca_write(char path[128], const char *dir, const char *name,
		     const struct ca_cert *const *chain, const EVP_PKEY *key)
{
	FILE *f;

	snprintf(path, 128, "%s/%s", dir, name);
	f = fopen(path, "w");
	must(f != NULL, path);
	for (; chain && *chain; chain++)
		must(PEM_write_X509(f, (*chain)->x509) == 1, path);
	if (key)
		must(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1, path);
	must(fclose(f) == 0, path);
	return path;
}
