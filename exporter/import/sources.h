/* Sources that an import can be made from, as the command line names them. */
#ifndef EXPORTER_IMPORT_SOURCES_H
#define EXPORTER_IMPORT_SOURCES_H

#include "exporter/import/model.h"

enum { IMPORT_SOURCES = 4 };

extern const struct import_source *const import_sources[IMPORT_SOURCES];

/* NULL: there is none of this name. */
const struct import_source *import_source_find(const char *name);

#endif
