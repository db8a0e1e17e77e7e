#include "exporter/metrics/catalogue.h"

#include <string.h>

/* Endings that a family's name may have more or less, by type. */
static const struct {
	enum catalogue_type type;
	bool added; /* else left off */
	const char *text;
} endings[] = {
	{CATALOGUE_COUNTER, false, "_total"},	{CATALOGUE_INFO, false, "_info"},
	{CATALOGUE_HISTOGRAM, true, "_bucket"}, {CATALOGUE_HISTOGRAM, true, "_sum"},
	{CATALOGUE_HISTOGRAM, true, "_count"},
};

static bool is_called(const struct catalogue_family *f, struct slice name)
{
	size_t len = strlen(f->name), i;

	if (name.l == len && !memcmp(name.p, f->name, len))
		return true;
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *longer = endings[i].added ? name.p : f->name;
		size_t end = strlen(endings[i].text);
		size_t short_len = endings[i].added ? len : name.l;
		size_t long_len = endings[i].added ? name.l : len;

		if (f->type == endings[i].type && long_len == short_len + end &&
		    !memcmp(name.p, f->name, short_len) &&
		    !memcmp(longer + short_len, endings[i].text, end))
			return true;
	}
	return false;
}

void catalogue_want(bool *wanted, struct slice name)
{
	size_t i;

	for (i = 0; i < catalogue_count; i++)
		wanted[i] = wanted[i] || is_called(&catalogue[i], name);
}
