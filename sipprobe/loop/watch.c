#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sipprobe/watch.h"
#include "base/clock.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/alarm.h"

#define QUIET_NS (CLOCK_NS_PER_S / 2)
#define MOST_NS	 (5 * CLOCK_NS_PER_S)

/* A folder, and what the names in it that matter look like. */
struct folder {
	struct le le;
	int wd;
	char *path;
	char *pattern;
};

struct watch {
	struct list folders;
	struct alarm *alarm;
	int64_t first_ns; /* of the changes not told yet; 0: there are none */
	int fd;
	watch_h *h;
	void *arg;
};

static void folder_destructor(void *arg)
{
	struct folder *f = arg;

	list_unlink(&f->le);
	mem_deref(f->path);
	mem_deref(f->pattern);
}

static void watch_destructor(void *arg)
{
	struct watch *w = arg;

	list_flush(&w->folders);
	mem_deref(w->alarm);
	if (w->fd < 0)
		return;
	fd_close(w->fd);
	(void)close(w->fd);
}

static int add_folder(struct watch *w, const char *path, const char *pattern)
{
	struct folder *f = mem_zalloc(sizeof(*f), folder_destructor);
	int err;

	if (!f)
		return ENOMEM;
	err = str_dup(&f->path, path) | str_dup(&f->pattern, pattern);
	if (err) {
		mem_deref(f);
		return ENOMEM;
	}
	f->wd = inotify_add_watch(w->fd, path,
				  IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO |
					  IN_MOVED_FROM | IN_MASK_ADD | IN_ONLYDIR);
	err = f->wd < 0 ? errno : 0;
	if (err)
		mem_deref(f);
	else
		list_append(&w->folders, &f->le, f);
	/* A folder that is not there, or that we may not look into, has no files yet. */
	return err == ENOENT || err == EACCES || err == ENOTDIR ? 0 : err;
}

static int add_pattern(struct watch *w, const char *text)
{
	const char *slash = strrchr(text, '/');
	char folder[4096] = ".";
	glob_t g = {0};
	int err = 0;

	if (slash && (size_t)(slash - text) >= sizeof(folder))
		return ENAMETOOLONG;
	if (slash) {
		size_t len = slash == text ? 1 : (size_t)(slash - text);

		memcpy(folder, text, len);
		folder[len] = '\0';
	}
	if (!glob(folder, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc && !err; i++)
			err = add_folder(w, g.gl_pathv[i], slash ? slash + 1 : text);
	globfree(&g);
	return err;
}

/* A file that is made is told when it is written and closed; a link is all there. */
static bool is_whole(const struct folder *f, const struct inotify_event *e)
{
	char path[8192];
	struct stat st;

	if (!(e->mask & IN_CREATE))
		return true;
	(void)re_snprintf(path, sizeof(path), "%s/%s", f->path, e->name);
	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static bool watch_matters(const struct watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	for (struct le *le = w->folders.head; le; le = le->next) {
		const struct folder *f = le->data;

		if (f->wd != e->wd || !e->len || !is_whole(f, e))
			continue;
		/* "..data": files of a mounted secret or map change with this link. */
		if (!fnmatch(f->pattern, e->name, FNM_PERIOD) ||
		    !strncmp(e->name, "..", 2))
			return true;
	}
	return false;
}

static void watch_alarm_h(void *arg)
{
	struct watch *w = arg;

	w->first_ns = 0;
	w->h(w->arg);
}

static void watch_note(struct watch *w)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t at_ns = now_ns + QUIET_NS;

	if (!w->first_ns)
		w->first_ns = now_ns;
	if (at_ns > w->first_ns + MOST_NS)
		at_ns = w->first_ns + MOST_NS;
	alarm_set(w->alarm, at_ns);
}

/* Takes what the kernel has; returns whether anything in it matters. */
static bool take_events(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[16384];
	bool any = false;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(buf + at);

			any |= watch_matters(w, e);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	return any;
}

static void watch_ready_h(int flags, void *arg)
{
	struct watch *w = arg;

	(void)flags;
	if (take_events(w))
		watch_note(w);
}

void watch_succeed(struct watch *w, struct watch *old)
{
	if (old && (take_events(old) || old->first_ns))
		watch_note(w);
	mem_deref(old);
}

int watch_alloc(struct watch **wp, const char *const *patterns, size_t count, watch_h *h,
		void *arg)
{
	struct watch *w = mem_zalloc(sizeof(*w), watch_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = w->fd < 0 ? errno : 0;
	if (!err)
		err = alarm_alloc(&w->alarm, watch_alarm_h, w);
	for (size_t i = 0; i < count && !err; i++)
		err = add_pattern(w, patterns[i]);
	if (!err)
		err = fd_listen(w->fd, FD_READ, watch_ready_h, w);
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

void watch_free(struct watch *w)
{
	mem_deref(w);
}
