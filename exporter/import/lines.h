/* A text taken apart into its lines. */
#ifndef EXPORTER_IMPORT_LINES_H
#define EXPORTER_IMPORT_LINES_H

#include "exporter/import/model.h"

/*
 * Calls @take for each line with im->at set to it, until something failed.
 *
 * @take: its text is in the import's memory, to be changed at will, without line end
 */
void lines_each(struct import *im, const char *text, size_t len,
		void (*take)(struct import *im, char *line, void *arg), void *arg);

/* Takes white space off both ends, in place. */
char *lines_trim(char *text);

#endif
