#include "tests/simulation/kernel/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

static struct file *files;

static void files_check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

void files_make(struct file *f, const char *name)
{
	f->fd = memfd_create(name, 0);
	files_check(f->fd >= 0, name);
	(void)snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	f->next = files;
	files = f;
}

void files_write(struct file *f, const void *p, size_t size)
{
	files_check(!ftruncate(f->fd, 0) && pwrite(f->fd, p, size, 0) == (ssize_t)size,
		    f->path);
	f->size = size;
	f->written_ns = world_now_ns();
}

int __wrap_stat(const char *path, struct stat *st)
{
	const struct file *f = files;

	while (f && strcmp(f->path, path) != 0)
		f = f->next;
	if (!f) {
		errno = ENOENT;
		return -1;
	}
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0600;
	st->st_ino = (ino_t)f->fd;
	st->st_size = (off_t)f->size;
	st->st_ctim.tv_sec = f->written_ns / WORLD_S;
	st->st_ctim.tv_nsec = f->written_ns % WORLD_S;
	st->st_mtim = st->st_ctim;
	return 0;
}

int __wrap_stat64(const char *path, struct stat *st)
{
	return __wrap_stat(path, st);
}
