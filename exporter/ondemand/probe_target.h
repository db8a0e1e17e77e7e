/* Meaning of "target" and "profile" of a probe on demand. */
#ifndef EXPORTER_ONDEMAND_PROBE_TARGET_H
#define EXPORTER_ONDEMAND_PROBE_TARGET_H

#include "config/config.h"

enum { PROBE_TARGET_MAX = 1024, PROBE_PROFILE_MAX = 256 }; /* bytes */

struct probe_target {
	const char *trunk; /* its name, or NULL for a URI */
	char uri[PROBE_TARGET_MAX + 32];
	const char *path; /* of ws://HOST/PATH, a part of what was asked; or NULL */
	const struct config_settings *settings;
};

/*
 * @trunk:   the configured trunk of that name, or NULL
 * @text:    as asked for; no trunk: a URI, ws://HOST:PORT/PATH, or what becomes one with
 *           "sip:" before it; stays while @out is used
 * @profile: whose settings to take instead, or NULL
 * @methods: asked for, by bits 1 << enum config_method; INVITE is for a configured trunk
 *           that has it, and by nobody's profile
 * @why:     on failure, a sentence
 *
 * Returns 0 or EINVAL.
 */
int probe_target_find(struct probe_target *out, const struct config *conf,
		      const struct config_trunk *trunk, const char *text,
		      const char *profile, unsigned methods, char *why, size_t why_size);

/* Names of the methods, by enum config_method; NULL at the end. */
extern const char *const probe_target_methods[];

/* A method's bit, 1 << enum config_method. Returns false, untouched, for another word. */
bool probe_target_method(unsigned *bits, const char *text);

#define PROBE_TARGET_METHODS "OPTIONS, REGISTER or INVITE"

#endif
