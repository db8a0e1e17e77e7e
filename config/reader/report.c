#include "config/reader/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "config/reader/doc.h"

enum { PATH_MAX_BYTES = 512 };

struct text {
	char *buf;
	size_t size;
	size_t len;
	bool cut;
};

/* A whole character or escape, or nothing: no half of one is ever shown. */
static void report_append(struct text *t, const char *s, size_t len)
{
	if (t->cut || len >= t->size - t->len) {
		t->cut = true;
		return;
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
	t->buf[t->len] = '\0';
}

static void report_escape(struct text *t, const char *s)
{
	while (*s && !t->cut) {
		unsigned char c = (unsigned char)*s;
		size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		char esc[8];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && (s[1] & 0xe0) == 0x80)) {
			snprintf(esc, sizeof(esc), "\\u%04x",
				 c == 0xc2 ? (unsigned char)s[1] : c);
			report_append(t, esc, 6);
		} else if (c == '"' || c == '\\') {
			snprintf(esc, sizeof(esc), "\\%c", c);
			report_append(t, esc, 2);
		} else {
			report_append(t, s, strnlen(s, len));
		}
		s += strnlen(s, len);
	}
}

struct quoted quote(const char *text)
{
	struct quoted q = {"\""};
	struct text t = {.buf = q.s, .size = sizeof(q.s) - 4, .len = 1};

	report_escape(&t, redact(text).s);
	strcpy(q.s + t.len, t.cut ? "…" : "\"");
	return q;
}

static bool report_is_plain(const char *key)
{
	for (const char *p = key; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-$", *p))
			return false;
	return *key;
}

static void report_path_add(struct text *t, const struct doc_path *at)
{
	char num[32];

	if (!at || (!at->up && !at->key))
		return;
	report_path_add(t, at->up);
	if (!at->key) {
		snprintf(num, sizeof(num), "[%zu]", at->index);
		report_append(t, num, strlen(num));
	} else if (report_is_plain(at->key)) {
		if (t->len)
			report_append(t, ".", 1);
		report_append(t, at->key, strlen(at->key));
	} else {
		struct quoted q = quote(at->key);

		report_append(t, "[", 1);
		report_append(t, q.s, strlen(q.s));
		report_append(t, "]", 1);
	}
}

static char *report_path(const struct doc_path *at)
{
	char buf[PATH_MAX_BYTES] = "";
	struct text t = {.buf = buf, .size = sizeof(buf)};

	report_path_add(&t, at);
	return strdup(t.len ? buf : "$");
}

char *report_vformat(const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return NULL;
	text = malloc((size_t)len + 1);
	if (text)
		vsnprintf(text, (size_t)len + 1, fmt, ap);
	return text;
}

static void report_error_free(struct config_error *e)
{
	free(e->path);
	free(e->json_path);
	free(e->message);
}

static bool report_is_before(const struct config_error *a, unsigned rank_a,
			     const struct config_error *b, unsigned rank_b)
{
	if (rank_a != rank_b)
		return rank_a < rank_b;
	return a->line != b->line ? a->line < b->line : a->col < b->col;
}

static int report_insert(struct report *r, struct config_error e, unsigned rank)
{
	struct config_errors *errs = r->errs;
	size_t i = errs->count;

	if (!errs->list) {
		errs->list = calloc(CONFIG_ERRORS_MAX, sizeof(*errs->list));
		if (!errs->list)
			return ENOMEM;
	}
	for (; i && report_is_before(&e, rank, &errs->list[i - 1], r->rank[i - 1]); i--) {
		errs->list[i] = errs->list[i - 1];
		r->rank[i] = r->rank[i - 1];
	}
	errs->list[i] = e;
	r->rank[i] = rank;
	errs->count++;
	return 0;
}

bool report_full(const struct report *r)
{
	return r->errs->count >= CONFIG_ERRORS_MAX;
}

__attribute__((format(printf, 5, 0))) static void
report_add(struct report *r, struct config_error e, const char *path, unsigned rank,
	   const char *fmt, va_list ap)
{
	r->found++;
	if (report_full(r)) {
		free(e.json_path);
		r->errs->dropped++;
		return;
	}
	e.path = strdup(path);
	e.message = report_vformat(fmt, ap);
	if (!e.path || !e.json_path || !e.message || report_insert(r, e, rank)) {
		report_error_free(&e);
		r->err = ENOMEM;
	}
}

void report_offset(struct report *r, struct doc *d, const struct doc_path *at,
		   size_t offset, const char *fmt, va_list ap)
{
	struct config_error e = {0};

	if (!report_full(r)) {
		doc_locate(d, offset, &e.line, &e.col);
		e.json_path = report_path(at);
	}
	report_add(r, e, d->path, d->rank, fmt, ap);
}

bool report_value(struct report *r, struct doc *d, const struct doc_path *at,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_offset(r, d, at, d->nodes[at->node->valueint].value, fmt, ap);
	va_end(ap);
	return false;
}

void report_key(struct report *r, struct doc *d, const struct doc_path *at,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_offset(r, d, at, d->nodes[at->node->valueint].key, fmt, ap);
	va_end(ap);
}

void report_file(struct report *r, const char *path, unsigned rank, const char *fmt, ...)
{
	struct config_error e = {0};
	va_list ap;

	if (!report_full(r))
		e.json_path = strdup("$");
	va_start(ap, fmt);
	report_add(r, e, path, rank, fmt, ap);
	va_end(ap);
}

void report_place(struct report *r, const struct config_error *place, unsigned rank,
		  const char *fmt, ...)
{
	struct config_error e = {.line = place->line, .col = place->col};
	va_list ap;

	if (!report_full(r))
		e.json_path = strdup(place->json_path);
	va_start(ap, fmt);
	report_add(r, e, place->path, rank, fmt, ap);
	va_end(ap);
}

void config_errors_clear(struct config_errors *errs)
{
	for (size_t i = 0; i < errs->count; i++)
		report_error_free(&errs->list[i]);
	free(errs->list);
	for (size_t i = 0; i < errs->wanted_count; i++)
		free(errs->wanted[i]);
	free(errs->wanted);
	memset(errs, 0, sizeof(*errs));
}

static void report_print(const struct config_errors *errs, const char *kind, FILE *out)
{
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *e = &errs->list[i];

		fprintf(out, "%s:", e->path);
		if (e->line)
			fprintf(out, "%u:%u:", e->line, e->col);
		if (e->line || strcmp(e->json_path, "$"))
			fprintf(out, " %s:", e->json_path);
		fprintf(out, " %s%s\n", kind, e->message);
	}
	if (errs->dropped)
		fprintf(out, "… and %zu more\n", errs->dropped);
}

void config_errors_print(const struct config_errors *errs, FILE *out)
{
	report_print(errs, "", out);
}

void config_warnings_print(const struct config_errors *warnings, FILE *out)
{
	report_print(warnings, "warning: ", out);
}
