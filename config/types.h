/* Types of values that only a configuration of trunks has. */
#ifndef CONFIG_TYPES_H
#define CONFIG_TYPES_H

#include "config/reader/types.h"

extern const struct value_type type_host;
extern const struct value_type type_uri;
extern const struct value_type type_peer_uri;  /* one that requests are sent to */
extern const struct value_type type_collector; /* "udp:HOST:PORT", to a SIP URI */
extern const struct value_type type_codes;
extern const struct value_type type_template; /* a URI; {peer}, {local} or {host} in it */
extern const struct value_type type_local;    /* to struct config_local; taken whole */
extern const struct value_type type_search;   /* to struct config_search */
extern const struct value_type type_pause;    /* to struct config_pause */
extern const struct value_type type_dscp;     /* 0 to 63, or a name */
extern const struct value_type type_number_to; /* a number or user to call */
extern const struct value_type type_media;     /* to struct config_media */
extern const struct value_type type_degraded;  /* to struct config_call_degraded */
extern const struct value_type type_preset;    /* the name of one, to its number */

/* Those that read the whole from its parts (load_trunks.c). */
extern const struct value_type type_profile;  /* name of a profile, to struct layer * */
extern const struct value_type type_layer;    /* settings; more: struct section */
extern const struct value_type type_profiles; /* names and settings */
extern const struct value_type type_trunks;   /* an array; more: struct section */

extern const struct list_type list_templates;
extern const struct list_type list_buckets;
extern const struct list_type list_listens;
extern const struct list_type list_servers;
extern const struct list_type list_globs;
extern const struct list_type list_allows;
extern const struct list_type list_codecs;
extern const struct list_type list_numbers;

extern const struct pairs_type pairs_labels;
extern const struct pairs_type pairs_headers;

/* The schema of a SIP URI, also of one with {peer}, {local} or {host} in it. */
void type_schema_uri(struct schema *s, const struct field *f);

#endif
