#include <string.h>

#include "config/layer.h"
#include "config/types.h"

static bool same_settings(const struct config_settings *a,
			  const struct config_settings *b)
{
	for (size_t i = 0; i < section_settings.count && a != b; i++) {
		const struct field *f = &section_settings.fields[i];

		/* Rows past the settings, labels, are the trunk's own. */
		if (f->offset < sizeof(*a) && !f->type->equal(f, a, b))
			return false;
	}
	return true;
}

bool config_trunk_equal(const struct config_trunk *a, const struct config_trunk *b)
{
	if (strcmp(a->name, b->name) || strcmp(a->uri, b->uri) ||
	    !type_same_text(a->profile, b->profile) || a->label_count != b->label_count)
		return false;
	for (unsigned i = 0; i < a->label_count; i++)
		if (strcmp(a->labels[i].name, b->labels[i].name) ||
		    strcmp(a->labels[i].value, b->labels[i].value))
			return false;
	return same_settings(a->settings, b->settings);
}
