/* A file's state, by which a later look tells whether it has changed. */
#ifndef BASE_FILE_STAMP_H
#define BASE_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The inode's time of change moves with every write, with a rename (as does the inode
 * itself) and with a chmod() that lets us read the file; unlike the time of modification
 * nobody can set it back.
 */
struct file_stamp {
	int err; /* of stat(); the rest is zero then */
	uint64_t dev;
	uint64_t ino;
	int64_t size_bytes;
	int64_t changed_ns; /* wall clock */
};

/* The state of the file behind @path, links followed; all zeros where @path is NULL. */
struct file_stamp file_stamp_of(const char *path);

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

#endif
