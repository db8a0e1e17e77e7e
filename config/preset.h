/*
 * Presets: what a kind of SIP peer is best probed with. One that a trunk or a profile
 * names lies between defaults and profiles, one that the defaults name under these.
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
 * Returns the level under one that was just read and inherited nothing yet: @base, which
 * is its profile, the defaults or the built-in one, with the preset that the level names
 * in its place, and no other. NULL when memory ran out, and remembered.
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
