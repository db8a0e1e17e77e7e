/*
 * Basic authentication against bcrypt hashes. A password that was right once costs a
 * keyed hash from then on, not a bcrypt each scrape. Anything that bcrypt must decide is
 * decided on a thread of its own, at a low priority and taking turns between networks:
 * neither a probe nor a scrape with the right password waits for a flood of wrong ones.
 */
#ifndef EXPORTER_WEBCONFIG_WEB_AUTH_H
#define EXPORTER_WEBCONFIG_WEB_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/webconfig/web_config.h"

struct web_auth;

enum web_verdict {
	WEB_ALLOWED,
	WEB_DENIED,
	WEB_LATER, /* bcrypt must say */
	WEB_BUSY,  /* not now: stopping, or without memory */
};

/* Runs once on the checking thread, or in web_auth_stop(). */
typedef void(web_verdict_h)(enum web_verdict v, void *arg);

/* The things that a request is judged by. */
struct web_claim {
	const struct web_pairs *users;
	const char *authorization; /* the request's field, or NULL */
	uint8_t network[16];	   /* who asks, as far as taking turns goes */
};

/* Returns 0 or errno. */
int web_auth_alloc(struct web_auth **ap);

/* Ends the thread; what still waits is WEB_BUSY, and so is all that follows. */
void web_auth_stop(struct web_auth *a);
void web_auth_free(struct web_auth *a);

/* Judges by what is known already, in a few microseconds. */
enum web_verdict web_auth_known(struct web_auth *a, const struct web_claim *claim);

/*
 * Has bcrypt judge. The claim is copied; @h may run before this returns.
 *
 * Returns 0, or errno and @h does not run.
 */
int web_auth_check(struct web_auth *a, const struct web_claim *claim, web_verdict_h *h,
		   void *arg);

/* How often bcrypt has run. */
uint64_t web_auth_checks(struct web_auth *a);

/* Returns NULL for a bcrypt hash that can be checked, or what is wrong with it. */
const char *web_auth_hash_check(const char *hash);

#endif
