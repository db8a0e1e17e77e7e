/* Certificates made on the fly, good and bad, for tests that speak TLS. */
#ifndef TESTS_SUPPORT_CA_H
#define TESTS_SUPPORT_CA_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Seconds from now; 0, 0: from an hour ago to a day ahead. */
struct ca_spec {
	const char *cn;
	const char *san; /* as OpenSSL writes it: "DNS:a.example,URI:sip:b.example" */
	const char *eku; /* "serverAuth", … or NULL */
	bool authority;
	long begins_s;
	long ends_s;
	unsigned rsa_bits;	    /* 0: an EC key */
	bool sha1;		    /* signed by it */
	bool aia;		    /* says where its issuer may be fetched */
	const struct ca_cert *like; /* has the subject's name and key of that one */
};

struct ca_cert {
	X509 *x509;
	EVP_PKEY *key;
};

/* @issuer: NULL signs itself. Ends the program on failure. */
void ca_make(struct ca_cert *c, const struct ca_spec *spec, const struct ca_cert *issuer);
void ca_drop(struct ca_cert *c);

/* A folder of its own for one test program, removed with all in it by ca_dir_remove(). */
const char *ca_dir_make(char buf[64]);
void ca_dir_remove(const char *dir);

/* Writes DIR/NAME and returns the path, in @path. Any of the pointers may be NULL. */
const char *ca_write(char path[128], const char *dir, const char *name,
		     const struct ca_cert *const *chain, const EVP_PKEY *key);

#endif
