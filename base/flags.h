/*
 * Command lines: a table of flags drives reading and --help. Flags stand as
 * `--name=value` or `--name value`, those with a letter as `-wvalue` or `-w value` too.
 */
#ifndef BASE_FLAGS_H
#define BASE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FLAGS_MAX = 64 }; /* rows of a table */

struct flag;
struct flags;

/*
 * Takes a flag's value.
 *
 * @value: NULL where the flag takes none, or where it may be left out and is
 *
 * Returns 0; or EINVAL, after flags_refuse() or flags_complain().
 */
typedef int(flag_set_h)(struct flags *p, const struct flag *f, const char *value);

struct flag {
	const char *group; /* heading of --help, where a new one begins */
	const char *name;
	char letter;		    /* short form; 0: none */
	const char *metavar;	    /* of the value; NULL: it takes none */
	bool optional;		    /* the value may be left out, and only follows '=' */
	bool repeats;		    /* may be given more than once */
	bool last;		    /* nothing after it is read, as after --help */
	const char *fallback;	    /* value where it is not given; NULL: none */
	const char *const *choices; /* allowed values, NULL at the end; NULL: any */
	flag_set_h *set;
	size_t offset; /* in `out`, of the field that it sets */
	int number;    /* for a handler of several flags */
	const char *help;
};

struct flags {
	const struct flag *rows;
	size_t count; /* at most FLAGS_MAX */
	void *out;
	/* Takes a word that is no flag, "-" among them; NULL: there may be none. */
	int (*argument)(struct flags *p, const char *word);
	char *err_text; /* on failure, a sentence for people */
	size_t err_size;
	uint64_t seen; /* bits by row; zero before */
};

/*
 * Reads @argv from its first word on, then sets the fallbacks of all flags that were not
 * given, also after a failure. An unknown flag is told with the nearest one.
 *
 * Returns 0 or EINVAL.
 */
int flags_parse(struct flags *p, int argc, char *const argv[]);

/* Field of `out` that a flag sets. */
void *flags_field(const struct flags *p, const struct flag *f);

/* Handlers for fields of type bool, const char * and int (an index of `choices`). */
flag_set_h flags_set_switch;
flag_set_h flags_set_text;
flag_set_h flags_set_choice;

/* Finds @value among the choices. Returns 0; or EINVAL, told, *@index untouched. */
int flags_choice(struct flags *p, const struct flag *f, const char *value, int *index);

/* Tells that a value cannot be: `--name: "value" @why`. Returns EINVAL. */
int flags_refuse(struct flags *p, const struct flag *f, const char *value,
		 const char *why);

/* Tells any other fault. Returns EINVAL. */
__attribute__((format(printf, 2, 3))) int flags_complain(struct flags *p, const char *fmt,
							 ...);

/* Writes every flag with its help, by groups, within 80 columns. */
void flags_help(FILE *out, const struct flag *rows, size_t count);

#endif
