/* Model of an import: trunks with settings, whatever they came from. */
#ifndef EXPORTER_IMPORT_MODEL_H
#define EXPORTER_IMPORT_MODEL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/set.h"
#include "exporter/import/import.h"

/* Settings that a source can make; model.c says what each is called. */
enum import_key {
	IMPORT_INTERVAL,
	IMPORT_TIMEOUT,
	IMPORT_PAUSED,
	IMPORT_OUTBOUND_PROXY,
	IMPORT_FROM,
	IMPORT_LOCAL_ADDRESS,
	IMPORT_METHOD, /* JSON: a string, or an array of them */
	IMPORT_REGISTER_AOR,
	IMPORT_USERNAME,
	IMPORT_PASSWORD_FILE,
	IMPORT_KEYS,
};

enum { IMPORT_TRUNKS_MAX = 1000000 };

/* A place in a file. */
struct import_at {
	const char *file;
	unsigned line;
};

struct import_trunk {
	STAILQ_ENTRY(import_trunk) entry;
	const char *name;
	const char *uri;
	const char *values[IMPORT_KEYS]; /* NULL: not set */
	const char *label;		 /* one at most, with its value, or NULL */
	const char *label_value;
	struct import_at at;
};

STAILQ_HEAD(import_trunks, import_trunk);

struct import {
	struct import_at at; /* the text being read, and the line */
	FILE *notes;
	struct arena arena;
	struct set names;   /* of trunks */
	struct set secrets; /* names of files */
	struct import_trunks trunks;
	size_t trunk_count;
	void *state; /* of the source */
	int err;     /* the first that happened; kept */
};

/* A source: reads texts one by one, then says what trunks they make. */
struct import_source {
	const char *name;
	const char *file; /* what such a file is usually called */
	const char *about;
	void (*read)(struct import *im, const char *text, size_t len);
	void (*finish)(struct import *im); /* or NULL */
	void (*clear)(struct import *im);  /* or NULL: frees what im->state holds */
};

extern const struct import_source import_kamailio;
extern const struct import_source import_asterisk;
extern const struct import_source import_freeswitch;

/* Remembers an error; the first one stays. Returns false. */
bool import_fail(struct import *im, int err);

/* `FILE:LINE: sentence` among the notes. Bytes that are not printable show as '?'. */
__attribute__((format(printf, 3, 4))) void
import_note(struct import *im, struct import_at at, const char *fmt, ...);

/* Text in the import's memory; NULL when that ran out, and remembered. */
char *import_copy(struct import *im, const char *text, size_t len);
__attribute__((format(printf, 2, 3))) char *import_format(struct import *im,
							  const char *fmt, ...);

/*
 * Makes a SIP URI of a text that may be one or the host of one: without angle brackets,
 * with a scheme. NULL, and a note, when it is none, or no peer can be there.
 *
 * @what: what the text is, for the note
 */
const char *import_uri(struct import *im, struct import_at at, const char *what,
		       const char *text);

/* The same of an end of ours, which may have any address, the unspecified one too. */
const char *import_uri_of_ours(struct import *im, struct import_at at, const char *what,
			       const char *text);

/*
 * The URI with ;transport=, unless it says so itself, or @transport is NULL or "udp". As
 * it was, and a note, when that is none.
 */
const char *import_uri_transport(struct import *im, struct import_at at, const char *uri,
				 const char *transport);

/*
 * A new trunk, at im->at unless moved. Names get a number at the end where there was one
 * like it.
 *
 * @uri: from import_uri()
 *
 * Returns NULL, noted or remembered.
 */
struct import_trunk *import_trunk_add(struct import *im, struct import_at at,
				      const char *name, const char *uri);

/*
 * Sets what the configuration can hold, else notes why not. False then. @value is kept,
 * so it has to live in the import's memory or be static.
 */
bool import_set(struct import *im, struct import_trunk *t, enum import_key key,
		struct import_at at, const char *value);

/* As import_set(), for IMPORT_FROM and others that are SIP URIs. */
bool import_set_uri(struct import *im, struct import_trunk *t, enum import_key key,
		    struct import_at at, const char *value);

/* The interval or timeout, brought into its range with a note. */
bool import_set_seconds(struct import *im, struct import_trunk *t, enum import_key key,
			struct import_at at, const char *value);

/*
 * The name of a file for a password, different for each call, and a note that tells to
 * put there what stands at @at. The password itself is nobody's to show.
 */
const char *import_secret(struct import *im, struct import_at at, const char *name);

/* Makes settings agree that were each right alone. */
void import_settle(struct import *im);

/* Writes the configuration. */
void import_emit(const struct import *im, FILE *out);

/* The name of a key in the configuration, "auth.username". */
const char *import_key_section(enum import_key key); /* or NULL */
const char *import_key_name(enum import_key key);
bool import_key_raw(enum import_key key); /* its values are JSON already */

#endif
