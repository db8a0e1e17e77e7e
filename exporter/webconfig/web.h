/*
 * The rules of --web.config.file, as they are in force. The file and the certificates
 * that it names are looked at again whenever someone connects or asks; a broken change is
 * logged once, and what was in force stays. One that asks less of people may be the half
 * of a file that is being written: it counts once the file has stood still for two
 * seconds.
 */
#ifndef EXPORTER_WEBCONFIG_WEB_H
#define EXPORTER_WEBCONFIG_WEB_H

#include <stdbool.h>

#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_config.h"
#include "exporter/webconfig/web_tls.h"

struct web;

/* One reading, unchanging. */
struct web_rules {
	const struct web_config *conf;
	struct web_tls *tls; /* NULL: plain HTTP */
};

/*
 * @path: the file, kept by the caller; NULL: none, and everything is allowed
 * @errs: zeroed by the caller, who frees them
 *
 * Returns 0; EINVAL with at least one error; errno.
 */
int web_alloc(struct web **wp, const char *path, struct config_errors *errs);

/* After every web_put(). */
void web_free(struct web *w);

/* Whether connections are TLS: as the file said first, for a change needs a restart. */
bool web_is_tls(const struct web *w);

/*
 * The rules in force now, read afresh if the files have changed. Each is given back by
 * web_put(). Any thread.
 */
const struct web_rules *web_get(struct web *w);
void web_put(struct web *w, const struct web_rules *rules);

/* What became of the file, and what is shown who connects. */
struct web_state {
	bool used;	      /* there is a file */
	bool successful;      /* its last reading, that of what it names included */
	int64_t read_unix_ns; /* of the reading in force */
	int64_t not_after_s;  /* earliest end in the chain shown; 0: plain HTTP */
};

/* As of now: files that changed are read first, as for who connects. Any thread. */
void web_state(struct web_state *out, struct web *w);

/* Those who judge passwords; NULL without a file. */
struct web_auth *web_auth(struct web *w);

/* Ends what is under way on other threads. */
void web_stop(struct web *w);

/* Reads a file and all it names and frees it again. Returns as web_alloc(). */
int web_check(const char *path, struct config_errors *errs);

#endif
