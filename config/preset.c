#include "config/preset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/reader/initial.h"

/* A profile as it is over a preset that is not its own. */
struct preset_mix {
	struct layer level;
	const struct layer *profile;
	struct preset_mix *next;
};

/* The text is gone after reading; that a row is set stays to be seen. */
static const cJSON set_here = {.type = cJSON_Object};

static void keep_no_text(struct layer *l)
{
	for (size_t i = 0; i < LAYER_FIELDS_MAX; i++)
		l->set[i] = l->set[i] ? &set_here : NULL;
	for (size_t i = 0; i < TLS_FIELDS_MAX; i++)
		l->tls_set[i] = l->tls_set[i] ? &set_here : NULL;
}

static struct layer *preset_level(struct walk *w, struct load *l, unsigned preset)
{
	struct layer *p = l->presets[preset - 1];

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p ||
	    initial_text(w, preset_text(preset - 1), &section_settings, p, p->set)) {
		free(p);
		walk_nomem(w);
		return NULL;
	}
	keep_no_text(p);
	p->up = &l->defaults;
	p->broken = l->defaults.broken;
	p->is_preset = true;
	p->applied = preset;
	layer_inherit(w, p);
	l->presets[preset - 1] = p;
	return p;
}

static struct layer *preset_mix(struct walk *w, struct load *l,
				const struct layer *profile, struct layer *preset)
{
	struct preset_mix *m = l->mixes;

	while (m && (m->profile != profile || m->level.up != preset))
		m = m->next;
	if (m)
		return &m->level;
	m = calloc(1, sizeof(*m));
	if (!m) {
		walk_nomem(w);
		return NULL;
	}
	m->level = *profile;
	m->level.up = preset;
	m->level.applied = preset->applied;
	m->level.settled_settings = m->level.settled_labels = false;
	layer_inherit_settings(&m->level);
	m->profile = profile;
	m->next = l->mixes;
	l->mixes = m;
	return &m->level;
}

struct layer *preset_under(struct walk *w, const struct layer *l, struct layer *base)
{
	struct load *load = (struct load *)(void *)w;
	unsigned preset = l->preset ? l->preset : base->preset;
	struct layer *p;

	/* The defaults name a preset for those above them; it stands over them. */
	if (base == &load->builtin || base->applied == preset)
		return base;
	p = preset_level(w, load, preset);
	if (!p || base == &load->defaults)
		return p;
	return preset_mix(w, load, base, p);
}

void preset_free(struct load *l)
{
	struct preset_mix *m;

	for (size_t i = 0; i < PRESETS_MAX; i++)
		free(l->presets[i]);
	while ((m = l->mixes)) {
		l->mixes = m->next;
		free(m);
	}
}
