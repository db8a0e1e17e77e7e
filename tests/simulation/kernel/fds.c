#include "tests/simulation/kernel/fds.h"

#include <errno.h>
#include <string.h>

#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/threads.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/kernel/wrapped.h"

enum { FIRST = 1 << 20 }; /* lower ones are the real kernel's */

struct fd {
	const struct fd_kind *kind; /* NULL: free */
	void *thing;
	fd_h *h; /* NULL: the loop does not wait for it */
	void *arg;
	int wants;
	bool queued;
	bool listed;  /* in an epoll of the other thread */
	bool awaited; /* … on which it waits */
};

static struct {
	struct fd *list;
	int count;
	unsigned open;
	bool none;
} fds;

static struct fd *fds_at(int fd)
{
	return fd >= FIRST && fd < FIRST + fds.count ? &fds.list[fd - FIRST] : NULL;
}

static int fds_lowest(void)
{
	int i = 0;

	while (i < fds.count && fds.list[i].kind)
		i++;
	if (i == fds.count) {
		fds.count = fds.count ? 2 * fds.count : 64;
		fds.list = memory_more(fds.list, (size_t)fds.count * sizeof(*fds.list));
		memset(&fds.list[i], 0, (size_t)(fds.count - i) * sizeof(*fds.list));
	}
	return i;
}

int fds_open(const struct fd_kind *kind, void *thing)
{
	struct fd *f;
	bool queued;
	int i;

	if (fds.none) {
		errno = EMFILE;
		return -1;
	}
	i = fds_lowest();
	f = &fds.list[i];
	queued = f->queued;
	*f = (struct fd){.kind = kind, .thing = thing, .queued = queued};
	fds.open++;
	return FIRST + i;
}

void *fds_get(int fd, const struct fd_kind *kind)
{
	const struct fd *f = fds_at(fd);

	if (f && f->kind == kind)
		return f->thing;
	errno = f && f->kind ? ENOTSOCK : EBADF;
	return NULL;
}

static int fds_ready(const struct fd *f)
{
	if (!f->kind || !f->h)
		return 0;
	/* Errors are told of unasked. */
	return f->kind->ready(f->thing) & (f->wants | FD_EXCEPT);
}

int fds_look(int fd, int wants)
{
	const struct fd *f = fds_at(fd);

	return f && f->kind ? f->kind->ready(f->thing) & wants : 0;
}

void fds_list(int fd)
{
	struct fd *f = fds_at(fd);

	if (f)
		f->listed = true;
}

void fds_wait(int fd)
{
	struct fd *f = fds_at(fd);

	if (f)
		f->awaited = true;
}

void fds_touch(int fd)
{
	struct fd *f = fds_at(fd);

	if (f && f->awaited)
		threads_wake();
	if (!f || f->queued || !fds_ready(f))
		return;
	f->queued = true;
	world_ready(fd);
}

int fds_take(int fd)
{
	struct fd *f = fds_at(fd);

	f->queued = false;
	return fds_ready(f);
}

void fds_turn(int fd, int flags)
{
	const struct fd *f = fds_at(fd);

	if (f->kind && f->h)
		f->h(flags, f->arg);
}

void fds_exhaust(bool none)
{
	fds.none = none;
}

unsigned fds_count(void)
{
	return fds.open;
}

int __wrap_fd_listen(int fd, int flags, fd_h *h, void *arg)
{
	struct fd *f = fds_at(fd);

	if (!f || !f->kind)
		return EBADF;
	f->h = h;
	f->arg = arg;
	f->wants = flags;
	fds_touch(fd);
	return 0;
}

void __wrap_fd_close(int fd)
{
	struct fd *f = fds_at(fd);

	if (f)
		f->h = NULL;
}

int __wrap_close(int fd)
{
	struct fd *f = fds_at(fd);

	if (!f)
		return __real_close(fd);
	if (!f->kind) {
		errno = EBADF;
		return -1;
	}
	if (f->listed)
		threads_forget(fd);
	f->listed = f->awaited = false;
	f->kind->close(f->thing);
	f->kind = NULL;
	f->h = NULL;
	fds.open--;
	return 0;
}
