/*
 * What a load has read, in order: the names, and a digest (SHA-256) over all bytes, so
 * that whoever comes later can tell whether a load would read the same.
 */
#ifndef CONFIG_READER_READINGS_H
#define CONFIG_READER_READINGS_H

#include <stdbool.h>
#include <stddef.h>

struct hash_hd_st;

enum { READINGS_DIGEST = 32 };

/* A file, or a pattern and what matched it. */
struct readings_entry {
	const char *name; /* the caller's */
	bool pattern;
};

/* Zeroed at first. */
struct readings {
	struct hash_hd_st *hash; /* GnuTLS' */
	struct readings_entry *list;
	size_t count;
	size_t size;
	bool lost; /* there is no digest: forgone, GnuTLS failed, or memory ran out, … */
	int err;   /* … which is ENOMEM here */
};

void readings_add_file(struct readings *r, const char *name, const void *bytes,
		       size_t len);

/* @matches: names, in order */
void readings_add_pattern(struct readings *r, const char *pattern, char *const *matches,
			  size_t count);

/* The same bytes may mean something else another time: there is to be no digest. */
void readings_forgo(struct readings *r);

/* Ends it; nothing is added any more. Returns false where there is no digest. */
bool readings_digest(struct readings *r, unsigned char digest[READINGS_DIGEST]);

/*
 * Reads all of a list once more. Returns whether the digest is the same: false as well
 * where something cannot be read, or is no plain file, which may give its bytes but once.
 *
 * @max_bytes: of a file
 */
bool readings_same(const struct readings_entry *list, size_t count,
		   const unsigned char digest[READINGS_DIGEST], size_t max_bytes);

void readings_clear(struct readings *r);

#endif
