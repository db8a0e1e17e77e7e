/* What a configuration changes of another: its trunks, by their names. */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include <stdint.h>

#include "config/config.h"

/* A trunk counts once: one that was changed and paused is paused. */
enum config_turn {
	CONFIG_TURN_ADDED, /* paused or not */
	CONFIG_TURN_REMOVED,
	CONFIG_TURN_CHANGED,
	CONFIG_TURN_PAUSED,
	CONFIG_TURN_RESUMED,
	CONFIG_TURNS,
};

/* "added", "removed", … */
const char *config_turn_name(enum config_turn turn);

struct config_turned {
	enum config_turn turn;
	const struct config_trunk *trunk; /* of the old one, if removed; else the new */
};

/* Who a trunk of the new one is in the old one, by name. */
struct config_kin {
	size_t old; /* its place there, or CONFIG_NO_KIN */
	bool equal; /* config_trunk_equal() */
};

#define CONFIG_NO_KIN SIZE_MAX

struct config_diff {
	struct config_turned *list; /* those of the new one first, each in its order */
	size_t count;
	size_t counts[CONFIG_TURNS];
	struct config_kin *kin; /* of each trunk of the new one, in its order */
};

/*
 * @d:    to be freed with config_diff_clear(); holds pointers into both
 * @from: the configuration in force
 *
 * Returns 0 or ENOMEM.
 */
int config_diff(struct config_diff *d, const struct config *from,
		const struct config *to);
void config_diff_clear(struct config_diff *d);

#endif
