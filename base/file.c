#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_FIRST_BYTES = 16384 };

struct file_text {
	char *text;
	size_t len;
	size_t size;
};

void file_free(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

/* The first block fits what fstat() tells, if that is anything: most files take one. */
static size_t file_first_size(int fd, size_t max_bytes)
{
	struct stat st;
	size_t size = 0;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
		size = (size_t)st.st_size;
	if (size > max_bytes)
		size = max_bytes;
	return size < FILE_FIRST_BYTES ? FILE_FIRST_BYTES : size + 2;
}

/* Twice as much each time, and in the end no more than shows that it is too long. */
static size_t file_next_size(const struct file_text *t, size_t first, size_t max_bytes)
{
	if (!t->size)
		return first;
	return t->size < max_bytes / 2 ? t->size * 2 : max_bytes + 2;
}

/* realloc() would leave a copy of a password where the text has been. */
static int file_grow(struct file_text *t, size_t size)
{
	char *more;

	if (size <= t->size)
		return EFBIG;
	more = malloc(size);
	if (!more)
		return ENOMEM;
	if (t->len)
		memcpy(more, t->text, t->len);
	file_free(t->text, t->len);
	t->text = more;
	t->size = size;
	return 0;
}

/* One read() that signals do not end. *@np: bytes, 0 at the end of the file. */
static int file_read_some(size_t *np, int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	*np = (size_t)n;
	return 0;
}

int file_read_fd(char **textp, size_t *lenp, int fd, size_t max_bytes)
{
	struct file_text t = {NULL, 0, 0};
	size_t first = file_first_size(fd, max_bytes);
	size_t n = 0;
	int err = 0;

	do {
		if (t.size - t.len < 2)
			err = file_grow(&t, file_next_size(&t, first, max_bytes));
		if (!err)
			err = file_read_some(&n, fd, t.text + t.len, t.size - t.len - 1);
		t.len += err ? 0 : n;
		if (!err && t.len > max_bytes)
			err = EFBIG;
	} while (!err && n);
	if (err) {
		file_free(t.text, t.len);
		return err;
	}
	t.text[t.len] = '\0';
	*textp = t.text;
	*lenp = t.len;
	return 0;
}

int file_read(char **textp, size_t *lenp, const char *path, size_t max_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return errno;
	err = file_read_fd(textp, lenp, fd, max_bytes);
	close(fd);
	return err;
}

/* A buffer that is full may hold all of it: one byte more decides. */
static int file_fill(char *buf, size_t *lenp, size_t size, int fd)
{
	size_t len = 0, n = 0;
	char more;
	int err;

	do {
		bool full = len == size - 1;

		err = file_read_some(&n, fd, full ? &more : buf + len,
				     full ? 1 : size - 1 - len);
		if (!err && n && full)
			err = EFBIG;
		else if (!err)
			len += n;
	} while (!err && n);
	buf[len] = '\0';
	if (!err)
		*lenp = len;
	return err;
}

int file_read_into(char *buf, size_t *lenp, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	buf[0] = '\0';
	if (fd < 0)
		return errno;
	err = file_fill(buf, lenp, size, fd);
	close(fd);
	return err;
}
