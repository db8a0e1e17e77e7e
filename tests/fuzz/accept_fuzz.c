/*
 * Accept and Accept-Encoding: always a renderer of ours, whatever case the field is in
 * and whatever else it names; and of fields made by the grammar the one that RFC 9110
 * 12.5.1 says, by a reading of its own. Input: the field's bytes; or, made of them,
 * media ranges with their qualities.
 */
#include <ctype.h>
#include <string.h>

#include "exporter/metrics/negotiate.h"
#include "tests/fuzz/fuzz.h"

enum { RANGES_MAX = 12 };

static const struct renderer *choose(const char **escaping, const char *accept)
{
	const struct renderer *r;

	*escaping = "";
	r = negotiate_renderer(escaping, accept, renderers, renderer_count);
	must(!*escaping || !strcmp(*escaping, "allow-utf-8") ||
	     !strcmp(*escaping, "underscores") || !strcmp(*escaping, "values"));
	for (size_t i = 0; i < renderer_count; i++)
		if (renderers[i] == r)
			return r;
	must(!"a renderer of ours");
	return NULL;
}

/* Names, parameters and values are the same in any case. */
static void case_check(const char *text)
{
	const char *as_is, *upper;
	char *copy = strdup(text);

	must(copy);
	for (char *p = copy; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	must(choose(&as_is, text) == choose(&upper, copy) && as_is == upper);
	must(negotiate_gzip(text) == negotiate_gzip(copy));
	free(copy);
}

/* What nobody here can send changes nothing, and costs nothing. */
static void foreign_check(const char *text)
{
	static const char foreign[] = "image/x-none;q=0.9, ";
	char *copy = malloc(sizeof(foreign) + strlen(text));
	const char *as_is, *beside;

	must(copy);
	sprintf(copy, "%s%s", foreign, text);
	must(choose(&as_is, text) == choose(&beside, copy) && as_is == beside);
	must(negotiate_gzip(text) == negotiate_gzip(copy));
	free(copy);
}

/* A field by the grammar, and how it is to be read: kind 0 any, 1 a type's, 2 one. */
struct made {
	char text[RANGES_MAX * 160];
	size_t count;
	struct {
		unsigned kind, which;
		int quality;
	} ranges[RANGES_MAX];
};

static void range_add(struct made *m, const uint8_t p[3])
{
	unsigned kind = p[0] % 3, which = p[1] % (unsigned)renderer_count;
	const struct renderer *r = renderers[which];
	size_t used = strlen(m->text);
	int quality = p[2] % 101 * 10;
	char range[160];

	if (kind == 0)
		snprintf(range, sizeof(range), "*/*");
	else if (kind == 1)
		snprintf(range, sizeof(range), "%s/*", r->type);
	else
		snprintf(range, sizeof(range), "%s/%s;%s", r->type, r->subtype,
			 r->params);
	snprintf(m->text + used, sizeof(m->text) - used, "%s%s;q=%d.%03d",
		 used ? "," : "", range, quality / 1000, quality % 1000);
	m->ranges[m->count].kind = kind;
	m->ranges[m->count].which = which;
	m->ranges[m->count++].quality = quality;
}

/* How closely range @i names a renderer: 0 not at all, 1 any, 2 its type, 3 itself. */
static unsigned closeness(const struct made *m, size_t i, const struct renderer *r)
{
	const struct renderer *named = renderers[m->ranges[i].which];

	if (m->ranges[i].kind == 0)
		return 1;
	if (m->ranges[i].kind == 1)
		return strcmp(named->type, r->type) ? 0 : 2;
	return named == r ? 3 : 0;
}

/* The quality that the closest range gives it, the first of several; @close: how close */
static int quality_of(const struct made *m, const struct renderer *r, unsigned *close)
{
	int quality = 0;

	*close = 0;
	for (size_t i = 0; i < m->count; i++) {
		unsigned c = closeness(m, i, r);

		if (c > *close) {
			*close = c;
			quality = m->ranges[i].quality;
		}
	}
	return quality;
}

static void made_check(const uint8_t *data, size_t size)
{
	const struct renderer *got;
	struct made m = {.count = 0};
	const char *escaping;
	unsigned close, got_close;
	int got_quality;

	for (; size >= 3 && m.count < RANGES_MAX; data += 3, size -= 3)
		range_add(&m, data);
	if (!m.count)
		return;
	got = choose(&escaping, m.text);
	got_quality = quality_of(&m, got, &got_close);
	must(got_quality || got == renderers[0]);
	for (size_t i = 0; i < renderer_count; i++) {
		int quality = quality_of(&m, renderers[i], &close);

		must(quality <= got_quality);
		must(quality != got_quality || close <= got_close || !quality);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	case_check(text);
	foreign_check(text);
	free(text);
	made_check(data, size);
	return 0;
}
