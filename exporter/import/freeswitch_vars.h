/* Variables of FreeSWITCH's preprocessor, $${name}. */
#ifndef EXPORTER_IMPORT_FREESWITCH_VARS_H
#define EXPORTER_IMPORT_FREESWITCH_VARS_H

#include "exporter/import/model.h"

/* All zeros is none. */
struct freeswitch_vars {
	struct set values; /* by name; value: its text */
};

/* Sets what "name=value" says, in place of what was set before. */
void freeswitch_vars_set(struct import *im, struct freeswitch_vars *v, const char *text);

/*
 * A text with its variables' values, which may hold others. Those that nobody sets stay,
 * as "${" says; so does all that is more than a value may be. NULL: no memory.
 */
const char *freeswitch_expand(struct import *im, const struct freeswitch_vars *v,
			      const char *text);

void freeswitch_vars_clear(struct freeswitch_vars *v);

#endif
