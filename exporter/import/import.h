/* `siptrunk_exporter import`: other servers' configurations turned into one of ours. */
#ifndef EXPORTER_IMPORT_IMPORT_H
#define EXPORTER_IMPORT_IMPORT_H

#include <stddef.h>
#include <stdio.h>

/* The largest file that is read, in bytes. */
enum { IMPORT_FILE_MAX = 16 * 1024 * 1024 };

/*
 * Runs the subcommand: prints a configuration on standard output and, on standard error,
 * what it left out.
 *
 * @argv: what follows the word import, NULL at [argc]
 *
 * Returns the exit code: 0; 1 for a file that cannot be used, where the others are
 * imported all the same, or when there is no trunk; 2 for a wrong command line.
 */
int import_cli(int argc, char *const argv[]);

/* One text to be imported, and what it is called in messages. */
struct import_text {
	const char *file;
	const char *text; /* need not be terminated */
	size_t len;
};

/*
 * The same for texts in memory.
 *
 * @source:   "kamailio", "opensips", "asterisk" or "freeswitch"
 * @out:      gets the configuration, only when there is one
 * @notes:    gets a line for all that was left out
 * @unusable: texts that could not be used, each with a note
 *
 * Returns 0; ENOENT for an unknown source; ENODATA when there was no trunk, EINVAL when
 * a text that cannot be used may be why; EFBIG; ENOMEM.
 */
int import_run(FILE *out, FILE *notes, const char *source,
	       const struct import_text *texts, size_t count, size_t *unusable);

#endif
