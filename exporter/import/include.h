/* Which of the texts at hand an #include of Asterisk's, or of FreeSWITCH's, means. */
#ifndef EXPORTER_IMPORT_INCLUDE_H
#define EXPORTER_IMPORT_INCLUDE_H

#include "exporter/import/model.h"

/*
 * Whether a path, which may hold '*' and '?', means a file as the command line names it.
 * The folder counts as far as both have one.
 */
bool include_means(const char *path, const char *file);

#endif
