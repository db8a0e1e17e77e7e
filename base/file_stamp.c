#include "base/file_stamp.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/clock.h"

struct file_stamp file_stamp_of(const char *path)
{
	struct stat st;

	if (!path)
		return (struct file_stamp){0};
	if (stat(path, &st))
		return (struct file_stamp){.err = errno};
	return (struct file_stamp){
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size_bytes = st.st_size,
		.changed_ns = clock_of_timespec(&st.st_ctim),
	};
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->err == b->err && a->dev == b->dev && a->ino == b->ino &&
	       a->size_bytes == b->size_bytes && a->changed_ns == b->changed_ns;
}
