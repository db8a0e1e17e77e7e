#include <string.h>

#include "base/clock.h"
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

bool config_trunk_binds(const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;

	return s->registration && s->registration->bind &&
	       !config_pause_at(&s->pause, clock_wall_ns() / CLOCK_NS_PER_S) &&
	       s->methods & 1U << CONFIG_METHOD_REGISTER;
}

bool config_trunk_binds_alike(const struct config_trunk *a, const struct config_trunk *b)
{
	const struct config_settings *s = a->settings, *o = b->settings;
	const char *const texts[][2] = {
		{a->uri, b->uri},
		{s->outbound_proxy, o->outbound_proxy},
		{s->request_uri, o->request_uri},
		{s->from, o->from},
		{s->contact, o->contact},
		{s->local.address, o->local.address},
		{s->auth ? s->auth->username : NULL, o->auth ? o->auth->username : NULL},
	};

	if (!config_trunk_binds(a) || !config_trunk_binds(b) ||
	    s->local.port != o->local.port ||
	    !type_same_text(s->registration->aor, o->registration->aor))
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!type_same_text(texts[i][0], texts[i][1]))
			return false;
	return true;
}
