#include "base/flags.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/redact.h"
#include "base/suggest.h"

int flags_complain(struct flags *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->err_text, p->err_size, fmt, ap);
	va_end(ap);
	return EINVAL;
}

int flags_refuse(struct flags *p, const struct flag *f, const char *value,
		 const char *why)
{
	return flags_complain(p, "--%s: \"%.100s\" %s", f->name, redact(value).s, why);
}

void *flags_field(const struct flags *p, const struct flag *f)
{
	return (char *)p->out + f->offset;
}

int flags_set_switch(struct flags *p, const struct flag *f, const char *value)
{
	(void)value;
	*(bool *)flags_field(p, f) = true;
	return 0;
}

int flags_set_text(struct flags *p, const struct flag *f, const char *value)
{
	*(const char **)flags_field(p, f) = value;
	return 0;
}

int flags_choice(struct flags *p, const struct flag *f, const char *value, int *index)
{
	char why[128] = "is none of";

	for (int i = 0; f->choices[i]; i++) {
		size_t len = strlen(why);

		if (!strcmp(f->choices[i], value)) {
			*index = i;
			return 0;
		}
		snprintf(why + len, sizeof(why) - len, "%s %s", i ? "," : "",
			 f->choices[i]);
	}
	return flags_refuse(p, f, value, why);
}

int flags_set_choice(struct flags *p, const struct flag *f, const char *value)
{
	return flags_choice(p, f, value, flags_field(p, f));
}

/* Whether @word is all of @name before its dot, or all after it. */
static bool flags_is_part(const char *name, const char *word)
{
	const char *dot = strchr(name, '.');
	size_t len = strlen(word);

	return dot && (!strcmp(dot + 1, word) ||
		       (len == (size_t)(dot - name) && !strncmp(name, word, len)));
}

/* Name of the flag that was most likely meant, or NULL when none is near. */
static const char *flags_nearest(const struct flags *p, const char *word)
{
	struct suggest near = {.word = word};
	const char *whole = NULL;

	for (size_t i = 0; i < p->count; i++) {
		if (!whole && flags_is_part(p->rows[i].name, word))
			whole = p->rows[i].name;
		suggest_offer(&near, p->rows[i].name);
	}
	/* With the right name only the dashes are wrong. */
	return whole && !(near.best && !near.distance) ? whole : near.best;
}

static int flags_unknown(struct flags *p, const char *arg)
{
	char word[64];
	const char *near;

	redact_copy(word, sizeof(word), arg);
	word[strcspn(word, "=")] = '\0';
	near = flags_nearest(p, word + strspn(word, "-"));
	if (near)
		return flags_complain(p, "unknown flag %s, did you mean --%s?", word,
				      near);
	return flags_complain(p, "unknown flag %s", word);
}

static const struct flag *flags_by_name(const struct flags *p, const char *name)
{
	size_t len = strcspn(name, "=");

	for (size_t i = 0; i < p->count; i++)
		if (strlen(p->rows[i].name) == len &&
		    !strncmp(p->rows[i].name, name, len))
			return &p->rows[i];
	return NULL;
}

static const struct flag *flags_by_letter(const struct flags *p, char letter)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i].letter && p->rows[i].letter == letter)
			return &p->rows[i];
	return NULL;
}

/* A word's flag, and the value that is part of it; NULL for a word that is unknown. */
static const struct flag *flags_split(const struct flags *p, const char *word,
				      const char **value)
{
	const struct flag *f;
	const char *equals;

	*value = NULL;
	if (!strncmp(word, "--", 2)) {
		equals = strchr(word, '=');
		*value = equals ? equals + 1 : NULL;
		return flags_by_name(p, word + 2);
	}
	f = flags_by_letter(p, word[1]);
	if (f && word[2] && !f->metavar)
		return NULL; /* as in -help: one dash is missing */
	*value = f && word[2] ? word + 2 : NULL;
	return f;
}

static bool flags_seen(const struct flags *p, const struct flag *f)
{
	return p->seen >> (f - p->rows) & 1;
}

static int flags_set(struct flags *p, const struct flag *f, const char *value)
{
	int err = f->set(p, f, value);

	if (!err)
		p->seen |= UINT64_C(1) << (f - p->rows);
	return err;
}

/* Reads the flag at argv[*i], *fp then; moves *i on to a value that stands apart. */
static int flags_one(struct flags *p, int argc, char *const argv[], int *i,
		     const struct flag **fp)
{
	const char *value;
	const struct flag *f = flags_split(p, argv[*i], &value);

	if (!f)
		return flags_unknown(p, argv[*i]);
	if (flags_seen(p, f) && !f->repeats)
		return flags_complain(p, "--%s is given twice", f->name);
	if (value && !f->metavar)
		return flags_complain(p, "--%s takes no value", f->name);
	if (!value && f->metavar && !f->optional && *i + 1 < argc)
		value = argv[++*i];
	if (value ? !*value : f->metavar && !f->optional)
		return flags_complain(p, "--%s needs a value: --%s=%s", f->name, f->name,
				      f->metavar);
	*fp = f;
	return flags_set(p, f, value);
}

static int flags_argument(struct flags *p, const char *word)
{
	if (p->argument)
		return p->argument(p, word);
	return flags_complain(p, "unexpected argument \"%.100s\"", redact(word).s);
}

static void flags_fallbacks(struct flags *p)
{
	for (const struct flag *f = p->rows; f < p->rows + p->count; f++)
		if (f->fallback && !flags_seen(p, f))
			(void)f->set(p, f, f->fallback);
}

int flags_parse(struct flags *p, int argc, char *const argv[])
{
	const struct flag *f = NULL;
	int err = 0;

	for (int i = 0; i < argc && !err && !(f && f->last); i++) {
		if (argv[i][0] == '-' && (argv[i][1] || !p->argument))
			err = flags_one(p, argc, argv, &i, &f);
		else
			err = flags_argument(p, argv[i]);
	}
	flags_fallbacks(p);
	return err;
}

enum { HELP_COLUMNS = 80, HELP_INDENT = 6 };

/* Writes words, breaking lines before the last column. Returns the column reached. */
static int flags_help_words(FILE *out, const char *text, int column)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column + 1 + len >= HELP_COLUMNS) {
			fprintf(out, "\n%*s", HELP_INDENT - 1, "");
			column = HELP_INDENT - 1;
		}
		fprintf(out, " %.*s", len, text);
		column += 1 + len;
		text += len + (text[len] == ' ');
	}
	return column;
}

static void flags_help_one(FILE *out, const struct flag *f)
{
	int column = HELP_INDENT - 1;
	char more[80];

	fprintf(out, "  --%s", f->name);
	if (f->metavar)
		fprintf(out, f->optional ? "[=%s]" : "=%s", f->metavar);
	if (f->letter)
		fprintf(out, ", -%c", f->letter);
	fprintf(out, "\n%*s", column, "");
	column = flags_help_words(out, f->help, column);
	for (int i = 0; f->choices && f->choices[i]; i++) {
		snprintf(more, sizeof(more), "%s%s%s", i ? "" : "One of ", f->choices[i],
			 f->choices[i + 1] ? "," : ".");
		column = flags_help_words(out, more, column);
	}
	if (f->fallback) {
		snprintf(more, sizeof(more), "Default: %s", f->fallback);
		flags_help_words(out, more, column);
	}
	fputc('\n', out);
}

void flags_help(FILE *out, const struct flag *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].group)
			fprintf(out, "\n%s\n", rows[i].group);
		flags_help_one(out, &rows[i]);
	}
}
