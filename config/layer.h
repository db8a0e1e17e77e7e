/*
 * Settings in layers: built-in, `defaults`, a profile, a trunk. A level holds what it
 * sets itself and, once it inherited, all that it does not.
 */
#ifndef CONFIG_LAYER_H
#define CONFIG_LAYER_H

#include "config/config.h"
#include "config/reader/walk.h"

enum {
	LAYER_FIELDS_MAX = 48,
	TLS_FIELDS_MAX = 12,
	WEBSOCKET_FIELDS_MAX = 4,
	LAYER_LABELS_MAX = 64, /* of one level */
};

struct layer {
	struct config_settings s; /* first: the rows of settings fit it alone as well */
	const struct config_pair *labels; /* sorted by name */
	size_t label_count;
	/* A trunk's own. */
	const char *name;
	const char *uri;
	struct layer *profile;
	unsigned preset;  /* 1 + its number; 0: none */
	unsigned applied; /* the preset that lies under it, in the same way */
	bool is_preset;
	struct layer *origin; /* what this is a copy of, over something else; or NULL */

	const cJSON *set[LAYER_FIELDS_MAX]; /* what this level sets itself, by row */
	const cJSON *tls_set[TLS_FIELDS_MAX];
	const cJSON *websocket_set[WEBSOCKET_FIELDS_MAX];
	struct layer *up; /* NULL: the built-in one */
	struct doc_path at;
	struct doc *doc;
	bool broken; /* something was wrong in it or above it */

	/* After layer_settle(). */
	bool settled_settings;
	bool settled_labels;
	const struct config_settings *final;
	const struct config_pair *final_labels;
	size_t final_label_count;
};

extern const struct section section_tls;
extern const struct section section_local;    /* base: struct config_local */
extern const struct section section_settings; /* base: struct layer */
extern const struct section section_trunk;    /* base: struct layer */

/*
 * Reads an object into a zeroed level and fills what it leaves open from its profile or
 * else @up, which must outlive it. Returns whether nothing was wrong.
 */
bool layer_read(struct walk *w, struct layer *l, const struct section *s,
		const struct doc_path *at, struct layer *up);

/* Fills what a level leaves open from l->up. */
void layer_inherit(struct walk *w, struct layer *l);

/* The same but for labels. */
void layer_inherit_settings(struct layer *l);

/*
 * Makes the settings that trunks get: derives what follows from other settings, checks
 * settings against each other, stores equal ones once. Done, and reported, once for a
 * level.
 */
void layer_settle(struct walk *w, struct layer *l);

/*
 * The settings as far as the level itself knows them, not checked against each other: a
 * trunk may yet set what is missing. For probes on demand, which have no schedule.
 *
 * Returns NULL when memory ran out.
 */
const struct config_settings *layer_settings(struct walk *w, const struct layer *l);

/* Whether the level itself turns the verification of certificates off. */
bool layer_is_insecure(const struct layer *l);

#endif
