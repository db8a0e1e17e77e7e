/* What web_yaml*.c share: one reading, and how they look at a node. */
#ifndef EXPORTER_WEBCONFIG_WEB_YAML_PRIVATE_H
#define EXPORTER_WEBCONFIG_WEB_YAML_PRIVATE_H

#include <yaml.h>

#include "exporter/webconfig/web_yaml.h"

/* What a message shows of the file's text, with the NUL. */
enum { WEB_YAML_SHOWN_BYTES = 40 };

struct web_yaml {
	const char *path;
	yaml_document_t doc;
	struct arena *arena;
	struct config_errors *errs;
	int err; /* of the machinery */
	bool bad;
};

struct web_at {
	const struct web_at *up; /* NULL: the root */
	const char *key;	 /* NULL: `index` of a list */
	size_t index;
	const yaml_node_t *node;
};

struct web_yaml_pair {
	const yaml_node_t *key;
	const yaml_node_t *value;
};

/* Says what is wrong at @where. Returns false, for readers that say so. */
__attribute__((format(printf, 4, 5))) bool web_yaml_wrong(struct web_yaml *y,
							  const struct web_at *at,
							  const yaml_node_t *where,
							  const char *fmt, ...);

/* Notes that memory ran out. Returns false. */
bool web_yaml_no_memory(struct web_yaml *y);

/* What the file holds, as a message may show it: bytes that print, and not too many. */
const char *web_yaml_shown(char buf[WEB_YAML_SHOWN_BYTES], const char *text);

/* The text of a scalar. */
const char *web_yaml_scalar(const yaml_node_t *node);

/* Whether a value is left empty or is YAML's null. */
bool web_yaml_is_null(const yaml_node_t *node);

/* Whether a value is of a type, and without tags and NULs; if not, says so. */
bool web_yaml_is_type(struct web_yaml *y, const struct web_at *at, yaml_node_type_t type);

/* A copy in the arena, or NULL when memory ran out, which is noted. */
const char *web_yaml_keep(struct web_yaml *y, const char *text);

/* The entries of a mapping. */
size_t web_yaml_pair_count(const struct web_at *at);
struct web_yaml_pair web_yaml_pair(struct web_yaml *y, const struct web_at *at, size_t i);

/* Whether an entry's key is a text that was not there before; if not, says so. */
bool web_yaml_key_good(struct web_yaml *y, const struct web_at *at, size_t i);

#endif
