/* Files that are read whole: bounded, and no copy of a secret is left behind. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

/*
 * Reads a file to its end; a pipe or a file of /proc, which have no size to trust, too.
 * Waits for a pipe's writers.
 *
 * @textp: the content and a zero behind it, to be freed with file_free()
 * @lenp: its bytes, without that zero
 * @max_bytes: of the content
 *
 * Returns 0; EFBIG: it is longer than @max_bytes; ENOMEM; errno of open() or read().
 */
int file_read(char **textp, size_t *lenp, const char *path, size_t max_bytes);

/* The same of what is open already, from where it stands. @fd stays the caller's. */
int file_read_fd(char **textp, size_t *lenp, int fd, size_t max_bytes);

/*
 * Reads a small file into @buf, a zero behind it. Never waits: a pipe that nobody writes
 * to is empty. On failure @buf holds what was read by then, to be wiped if it is secret.
 *
 * @size: bytes of @buf, at least 1; the content may have one less
 *
 * Returns 0 with *@lenp set; EFBIG: it does not fit; errno of open() or read().
 */
int file_read_into(char *buf, size_t *lenp, size_t size, const char *path);

/* Overwrites and frees what file_read() gave. @text: may be NULL. */
void file_free(char *text, size_t len);

#endif
