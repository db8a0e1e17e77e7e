/* One import of texts in memory, for the tests of this room. */
#ifndef TESTS_UNIT_EXPORTER_IMPORT_IMPORTED_H
#define TESTS_UNIT_EXPORTER_IMPORT_IMPORTED_H

#include <stdio.h>
#include <stdlib.h>

#include "exporter/import/import.h"

struct imported {
	int err;
	char *out;
	char *notes;
	size_t unusable;
};

static inline struct imported import_make(const char *source,
					  const struct import_text *texts, size_t count)
{
	struct imported im = {0};
	size_t out_len = 0, notes_len = 0;
	FILE *out = open_memstream(&im.out, &out_len);
	FILE *notes = open_memstream(&im.notes, &notes_len);

	im.err = import_run(out, notes, source, texts, count, &im.unusable);
	fclose(out);
	fclose(notes);
	return im;
}

static inline void imported_free(struct imported *im)
{
	free(im->out);
	free(im->notes);
}

#endif
