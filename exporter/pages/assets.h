/* The files in exporter/web, part of the program: pages need nothing from elsewhere. */
#ifndef EXPORTER_PAGES_ASSETS_H
#define EXPORTER_PAGES_ASSETS_H

#include <stddef.h>

struct asset {
	const char *name;
	const char *type; /* Content-Type; "": a template, not served as it is */
	const unsigned char *data;
	size_t size;
};

extern const struct asset assets[];
extern const size_t assets_count;
extern const char assets_hash[]; /* of all of them */

/* By "HASH/NAME", for a browser; NULL for what it is not served. */
const struct asset *assets_find(const char *path);

/* By name. NULL: there is none. */
const struct asset *assets_template(const char *name);

#endif
