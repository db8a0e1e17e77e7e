/*
 * Presets: what a kind of SIP peer is best probed with, between defaults and profiles.
 * docs/presets.md says of each why, and where that is from.
 */
#ifndef CONFIG_PRESET_H
#define CONFIG_PRESET_H

#include "config/layer.h"

/* By rising @n; NULL past the last. */
const char *preset_name(unsigned n);

/* The settings that a preset makes, as the JSON text of a level. */
const char *preset_text(unsigned n);

/*
 * Returns the level under one that was just read: @base, its profile or the defaults,
 * with the level's preset (its own, or the base's) under the profile and over the
 * defaults. NULL when memory ran out, and remembered.
 */
struct layer *preset_under(struct walk *w, const struct layer *l, struct layer *base);

/* Whether a level is a preset's: nothing in a file sets what it sets. */
static inline bool preset_is(const struct layer *l)
{
	return l->is_preset;
}

struct load;
void preset_free(struct load *l);

#endif
