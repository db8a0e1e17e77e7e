/* Files by their names, and which of them changed since the last look. */
#ifndef BASE_FILE_STAMPS_H
#define BASE_FILE_STAMPS_H

#include <stdbool.h>

#include "base/file_stamp.h"
#include "base/set.h"

struct file_stamped {
	char *path;
	struct file_stamp stamp;
};

/* All zeros is none. */
struct file_stamps {
	struct set names; /* value: 1 + index */
	struct file_stamped *list;
	size_t count;
	size_t size;
	size_t next; /* where the next look begins */
};

/* Adds a file, as it is now; one that is known stays as it was seen. 0 or ENOMEM. */
int file_stamps_add(struct file_stamps *s, const char *path);

/*
 * Looks at @most files, where the look before ended, and round.
 *
 * Returns whether any has come, changed or gone.
 */
bool file_stamps_look(struct file_stamps *s, size_t most);

/* Whether a file of both was seen as another. */
bool file_stamps_differ(const struct file_stamps *a, const struct file_stamps *b);

void file_stamps_clear(struct file_stamps *s);

#endif
