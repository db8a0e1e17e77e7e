#include "config/preset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/reader/initial.h"

/* A profile, or the defaults, as it is over something else than when it was read. */
struct preset_mix {
	struct layer level;
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
	for (size_t i = 0; i < WEBSOCKET_FIELDS_MAX; i++)
		l->websocket_set[i] = l->websocket_set[i] ? &set_here : NULL;
}

static struct layer *preset_read(struct walk *w, unsigned preset, struct layer *up)
{
	struct layer *p = calloc(1, sizeof(*p));

	if (!p ||
	    initial_text(w, preset_text(preset - 1), &section_settings, p, p->set)) {
		free(p);
		walk_nomem(w);
		return NULL;
	}
	keep_no_text(p);
	p->up = up;
	p->broken = up->broken;
	p->is_preset = true;
	p->applied = preset;
	layer_inherit(w, p);
	return p;
}

static struct layer *preset_mix(struct walk *w, struct load *l, struct layer *level,
				struct layer *under)
{
	struct preset_mix *m = l->mixes;

	while (m && (m->level.origin != level || m->level.up != under))
		m = m->next;
	if (m)
		return &m->level;
	m = calloc(1, sizeof(*m));
	if (!m) {
		walk_nomem(w);
		return NULL;
	}
	m->level = *level;
	m->level.origin = level;
	m->level.up = under;
	m->level.applied = under->applied;
	m->level.settled_settings = m->level.settled_labels = false;
	layer_inherit_settings(&m->level);
	m->next = l->mixes;
	l->mixes = m;
	return &m->level;
}

/* The preset of the defaults: under them. */
static struct layer *preset_lowest(struct walk *w, struct load *l, unsigned preset)
{
	if (!l->lowest)
		l->lowest = preset_read(w, preset, &l->builtin);
	return l->lowest;
}

/* Another: over the defaults, whose own preset it takes the place of. */
static struct layer *preset_level(struct walk *w, struct load *l, unsigned preset)
{
	struct layer **p = &l->presets[preset - 1];
	struct layer *under = &l->defaults;

	if (!*p && under->applied)
		under = preset_mix(w, l, under, &l->builtin);
	if (!*p && under)
		*p = preset_read(w, preset, under);
	return *p;
}

struct layer *preset_under(struct walk *w, const struct layer *l, struct layer *base)
{
	struct load *load = (struct load *)(void *)w;
	struct layer *p;

	if (!l->preset)
		return base;
	if (base == &load->builtin)
		return preset_lowest(w, load, l->preset);
	p = preset_level(w, load, l->preset);
	if (!p || base == &load->defaults)
		return p;
	return base->up == p ? base : preset_mix(w, load, base, p);
}

void preset_free(struct load *l)
{
	struct preset_mix *m;

	free(l->lowest);
	for (size_t i = 0; i < PRESETS_MAX; i++)
		free(l->presets[i]);
	while ((m = l->mixes)) {
		l->mixes = m->next;
		free(m);
	}
}
