/* One load under way: what the walker fills before it becomes a struct config. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/layer.h"

enum { PRESETS_MAX = 16 };

struct preset_mix;

struct load {
	struct walk w; /* first: the readers of whole sections find the load by it */
	struct report report;
	struct report warned;
	struct pool pool;
	struct doc doc; /* the main file */

	struct layer builtin;
	struct layer defaults;
	struct layer *profiles;
	size_t profile_count;
	struct set profile_names;	    /* value: 1 + index */
	struct layer *lowest;		    /* the preset of the defaults, or NULL */
	struct layer *presets[PRESETS_MAX]; /* those that were asked for above them */
	struct preset_mix *mixes;
	struct doc_path root;
	struct doc_path profiles_at;

	struct config_trunk *trunks;
	size_t trunk_count;
	size_t trunk_size;
	struct set trunk_names; /* value: 1 + index */
	struct set kept_ports;	/* of connections that are kept; value: 1 + index */

	const char **files; /* by rank */
	size_t *file_first; /* index of each file's first trunk */
	size_t file_count;

	const char *schema;
	const double *buckets;
	size_t bucket_count;
	struct config_native native;
	struct config_metrics metrics;
	struct config_sip sip;
	struct config_dns dns;
	struct config_probe probe;
	struct config_calls calls;
	struct config_hep hep;
	struct config_status status;
	const char *const *globs;
	size_t glob_count;
	bool watch;
	const cJSON *file_set[16];
	const cJSON *histogram_set[4];
	const cJSON *metrics_set[3];
	const cJSON *sip_set[4];
	const cJSON *sip_tls_set[TLS_FIELDS_MAX];
	const cJSON *dns_set[2];
	const cJSON *probe_set[2];
	const cJSON *calls_set[6];
	const cJSON *hep_set[2];
	const cJSON *status_set[2];
};

extern const struct section section_file;	/* base: struct load */
extern const struct section section_trunk_file; /* base: struct load */

/*
 * Whether a trunk's calls go together with the file's "calls". @level: as read, at @at;
 * @t: made of it
 */
bool load_check_call(struct load *l, const struct layer *level, const struct doc_path *at,
		     const struct config_trunk *t);

/* Remembers a file; its index is its rank in messages. 0 or ENOMEM. */
int load_add_file(struct load *l, const char *path);

/* The main file must not be taken for a file of trunks by a wide pattern. */
int load_mark_main(struct load *l, const char *path);

/*
 * Takes a document apart by a section of struct load.
 *
 * Returns 0, also when values were wrong and reported; EINVAL for no JSON; ENOMEM.
 */
int load_walk(struct load *l, struct doc *d, const struct section *s, const cJSON **set);

/* The patterns of "trunk_files" as absolute ones, in the arena. 0 or ENOMEM. */
int load_absolute_globs(struct load *l, struct arena *a, const char *const **out);

/* Reads what "trunk_files" names. As load_walk(). */
int load_globs(struct load *l);

#endif
