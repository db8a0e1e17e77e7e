/*
 * Settings in layers: built-in, `defaults`, a profile, a trunk. A level holds what it
 * sets itself and, once it inherited, all that it does not.
 */
#ifndef CONFIG_LEVEL_H
#define CONFIG_LEVEL_H

#include "config/walk.h"

enum {
	LEVEL_FIELDS_MAX = 48,
	TLS_FIELDS_MAX = 12,
};

struct level {
	struct config_settings s; /* first: the rows of settings fit it alone as well */
	const struct config_pair *labels; /* sorted by name */
	size_t label_count;
	/* A trunk's own. */
	const char *name;
	const char *uri;
	struct level *profile;
	unsigned preset;  /* 1 + its number; 0: none */
	unsigned applied; /* the preset that lies under it, in the same way */
	bool is_preset;

	const cJSON *set[LEVEL_FIELDS_MAX]; /* what this level sets itself, by row */
	const cJSON *tls_set[TLS_FIELDS_MAX];
	struct level *up; /* NULL: the built-in one */
	struct spot at;
	struct doc *doc;
	bool broken; /* something was wrong in it or above it */

	/* After level_settle(). */
	bool settled_settings;
	bool settled_labels;
	const struct config_settings *final;
	const struct config_pair *final_labels;
	size_t final_label_count;
};

extern const struct section section_tls;
extern const struct section section_local;    /* base: struct config_local */
extern const struct section section_settings; /* base: struct level */
extern const struct section section_trunk;    /* base: struct level */

/*
 * Reads an object into a zeroed level and fills what it leaves open from its profile or
 * else @up, which must outlive it. Returns whether nothing was wrong.
 */
bool level_read(struct walk *w, struct level *l, const struct section *s,
		const struct spot *at, struct level *up);

/* Fills what a level leaves open from l->up. */
void level_inherit(struct walk *w, struct level *l);

/* The same but for labels. */
void level_inherit_settings(struct level *l);

/* Reads an object that is our own text, as level_builtin() does and returns. */
int level_text(struct walk *w, const char *text, const struct section *s, void *base,
	       const cJSON **set);

/*
 * What trunks get: derives what follows from other settings, checks settings against
 * each other, stores equal ones once. Done, and reported, once for a level.
 */
void level_settle(struct walk *w, struct level *l);

/*
 * The settings as far as the level itself knows them, not checked against each other: a
 * trunk may yet set what is missing. For probes on demand, which have no schedule.
 *
 * Returns NULL when memory ran out.
 */
const struct config_settings *level_settings(struct walk *w, const struct level *l);

/* Whether the level itself turns the verification of certificates off. */
bool level_is_insecure(const struct level *l);

/*
 * Reads the tables' own defaults of a section, and of those inside it.
 *
 * Returns 0 or ENOMEM; EINVAL would be a mistake in the tables.
 */
int level_builtin(struct walk *w, const struct section *s, void *base, const cJSON **set);

#endif
