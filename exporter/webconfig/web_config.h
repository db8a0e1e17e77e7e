/*
 * The file of --web.config.file: TLS, headers and users of the HTTP server, in the format
 * that Prometheus' exporter-toolkit made common.
 */
#ifndef EXPORTER_WEBCONFIG_WEB_CONFIG_H
#define EXPORTER_WEBCONFIG_WEB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/reader/errors.h"
#include "config/reader/pair.h"

struct web_texts {
	const char *const *list;
	size_t count;
};

struct web_numbers {
	const int *list;
	size_t count;
};

struct web_pairs {
	const struct config_pair *list;
	size_t count;
};

/* In the order of the names in the file. */
enum web_client_auth {
	WEB_CLIENT_NONE,
	WEB_CLIENT_REQUEST,
	WEB_CLIENT_REQUIRE,
	WEB_CLIENT_REQUIRE_ANY, /* the same, by its newer name */
	WEB_CLIENT_VERIFY_IF_GIVEN,
	WEB_CLIENT_REQUIRE_AND_VERIFY,
};

enum web_tls_version { WEB_TLS10, WEB_TLS11, WEB_TLS12, WEB_TLS13 };

struct web_tls_conf {
	const char *cert_file, *key_file, *client_ca_file; /* or NULL */
	const char *cert, *key, *client_ca;   /* the same in the file itself */
	int client_auth;		      /* enum web_client_auth */
	struct web_texts client_allowed_sans; /* none: any */
	int min_version, max_version;	      /* enum web_tls_version */
	struct web_numbers ciphers; /* into web_cipher_names; none: the default */
	struct web_numbers curves;  /* into web_curve_names; none: the default */
	bool server_order;	    /* our order of ciphers rules, not the client's */
};

struct web_config {
	bool empty; /* no document: blanks and comments at most */
	bool tls_on;
	struct web_tls_conf tls;
	bool http2; /* taken for the format's sake: HTTP/1.1 is what is served */
	struct web_pairs headers;
	struct web_pairs users; /* name and bcrypt hash */
	struct arena arena;	/* holds all of it */
};

/*
 * Reads and checks a file, but not the certificates that it names. It is YAML whatever
 * its name.
 *
 * @errs: zeroed by the caller; freed with config_errors_clear()
 *
 * Returns 0; EINVAL with at least one error; ENOMEM.
 */
int web_config_load(struct web_config **cp, const char *path, struct config_errors *errs);

/* The same from memory. @path names the text in messages and its folder. */
int web_config_parse(struct web_config **cp, const char *text, size_t len,
		     const char *path, struct config_errors *errs);

/*
 * Whether strangers get further by @c than by @than: no password is asked for any more,
 * or clients' certificates are verified less, or any of them will do.
 */
bool web_config_is_more_open(const struct web_config *c, const struct web_config *than);

/* Secrets are overwritten. NULL is ignored. */
void web_config_free(struct web_config *c);

#endif
