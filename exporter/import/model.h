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
	const char *wanted; /* the name, before a number made it unlike others */
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
	const struct import_text *texts;
	size_t text_count;
	bool *taken;	 /* texts that were read, or are being read */
	size_t unusable; /* texts that cannot be used, each with a note */
	int err;	 /* the first that happened; kept */
};

/* A source: reads texts one by one, then says what trunks they make. */
struct import_source {
	const char *name;
	const char *file; /* what such a file is usually called */
	const char *about;
	void (*plan)(
		struct import *im); /* or NULL: looks at all texts before the first */
	bool (*waits)(struct import *im,
		      size_t i); /* or NULL: text [i] is part of another */
	void (*read)(struct import *im, const char *text, size_t len);
	void (*finish)(struct import *im); /* or NULL */
	void (*clear)(struct import *im);  /* or NULL: frees what im->state holds */
};

extern const struct import_source import_kamailio;
extern const struct import_source import_opensips; /* the same reader */
extern const struct import_source import_asterisk;
extern const struct import_source import_freeswitch;

/* Remembers an error; the first one stays. Returns false. */
bool import_fail(struct import *im, int err);

/* Notes that the text at hand cannot be used, and why; the others still are. */
__attribute__((format(printf, 3, 4))) void
import_unusable(struct import *im, struct import_at at, const char *fmt, ...);

/* Reads text [i] with a source's reader, once; im->at is as before afterwards. */
void import_read_text(struct import *im, const struct import_source *s, size_t i);

/* `FILE:LINE: sentence` among the notes. Bytes that are not printable show as '?'. */
__attribute__((format(printf, 3, 4))) void
import_note(struct import *im, struct import_at at, const char *fmt, ...);

/* Text in the import's memory; NULL when that ran out, and remembered. */
char *import_copy(struct import *im, const char *text, size_t len);
__attribute__((format(printf, 2, 3))) char *import_format(struct import *im,
							  const char *fmt, ...);

/*
 * Makes a SIP URI of a text that may be one or the host of one: without angle brackets,
 * with a scheme; a password in it, and headers behind it, are left out with a note. NULL,
 * and a note, when it is none, or no peer can be there.
 *
 * @what: what the text is, for the note
 */
const char *import_uri(struct import *im, struct import_at at, const char *what,
		       const char *text);

/* The same of an end of ours, which may have any address, the unspecified one too. */
const char *import_uri_of_ours(struct import *im, struct import_at at, const char *what,
			       const char *text);

/*
 * The URI with ;transport=, unless it says so itself, or @transport is NULL or "udp".
 * NULL, and a note, when that is none that can be probed, as sctp.
 *
 * @who: whose it is, for the note
 */
const char *import_uri_transport(struct import *im, struct import_at at, const char *who,
				 const char *uri, const char *transport);

/* "HOST", "HOST:PORT" or "[IPv6]:PORT" of a URI, to name a trunk; NULL: no memory. */
const char *import_uri_host_name(struct import *im, const char *uri);

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

/* Sets the label, one a trunk, when its value can be one, else notes why not. */
void import_set_label(struct import *im, struct import_trunk *t, struct import_at at,
		      const char *label, const char *value);

/* As import_set(), for IMPORT_FROM and others that are SIP URIs. */
bool import_set_uri(struct import *im, struct import_trunk *t, enum import_key key,
		    struct import_at at, const char *value);

/*
 * Sets the address of record, and notes at @note that a REGISTER of this trunk only asks.
 *
 * @at: of @aor
 */
void import_set_register(struct import *im, struct import_trunk *t, struct import_at at,
			 const char *aor, struct import_at note);

/* The interval or timeout, brought into its range with a note. */
bool import_set_seconds(struct import *im, struct import_trunk *t, enum import_key key,
			struct import_at at, const char *value);

/*
 * The name of a file for a password, different for each call, and a note that tells to
 * put there what stands at @at. The password itself is nobody's to show.
 */
const char *import_secret(struct import *im, struct import_at at, const char *name);

/*
 * Makes settings agree that were each right alone, and leaves out, with a note, trunks
 * that are an earlier one once more: of the same name, URI and settings.
 */
void import_settle(struct import *im);

/* Writes the configuration. */
void import_emit(const struct import *im, FILE *out);

/* The name of a key in the configuration, "auth.username". */
const char *import_key_section(enum import_key key); /* or NULL */
const char *import_key_name(enum import_key key);
bool import_key_raw(enum import_key key); /* its values are JSON already */

#endif
