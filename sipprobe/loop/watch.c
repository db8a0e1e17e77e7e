#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_stamps.h"
#include "sipprobe/loop/alarm.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/watch.h"

#define QUIET_NS (CLOCK_NS_PER_S / 2)
#define MOST_NS	 (5 * CLOCK_NS_PER_S)
#define LOOK_NS	 (2 * CLOCK_NS_PER_S) /* in which each name is looked at once */

enum { LOOK_FILES = 256 }; /* at a time: about a millisecond */

/* Where files are looked for, and what the names of those that matter look like. */
struct pattern {
	struct le le;
	char *folder; /* may be a pattern itself */
	char *name;
};

/* A folder that is there. */
struct folder {
	struct le le;
	int wd;
	char *path;
	const struct pattern *of;
	bool seen; /* by the search that goes on */
};

struct watch {
	struct list patterns;
	struct list folders;
	struct alarm *alarm;
	struct alarm *search; /* for folders that come, go or are replaced */
	struct file_stamps names;
	struct alarm *look; /* NULL: no names */
	int64_t first_ns;   /* of the changes not told yet; 0: there are none */
	int fd;
	watch_h *h;
	void *arg;
};

static void pattern_destructor(void *arg)
{
	struct pattern *p = arg;

	list_unlink(&p->le);
	mem_deref(p->folder);
	mem_deref(p->name);
}

static void folder_destructor(void *arg)
{
	struct folder *f = arg;

	list_unlink(&f->le);
	mem_deref(f->path);
}

static void watch_destructor(void *arg)
{
	struct watch *w = arg;

	list_flush(&w->folders);
	list_flush(&w->patterns);
	mem_deref(w->alarm);
	mem_deref(w->search);
	mem_deref(w->look);
	file_stamps_clear(&w->names);
	if (w->fd < 0)
		return;
	fd_close(w->fd);
	(void)close(w->fd);
}

static int add_folder(struct watch *w, const struct pattern *p, const char *path, int wd)
{
	struct folder *f = mem_zalloc(sizeof(*f), folder_destructor);

	if (!f)
		return ENOMEM;
	if (str_dup(&f->path, path)) {
		mem_deref(f);
		return ENOMEM;
	}
	f->wd = wd;
	f->of = p;
	f->seen = true;
	list_append(&w->folders, &f->le, f);
	return 0;
}

static struct folder *find_folder(const struct watch *w, const struct pattern *p,
				  const char *path, int wd)
{
	for (struct le *le = w->folders.head; le; le = le->next) {
		struct folder *f = le->data;

		if (f->wd == wd && f->of == p && !strcmp(f->path, path))
			return f;
	}
	return NULL;
}

/* The same folder has the same descriptor, however often it is asked for. */
static int see_folder(bool *came, struct watch *w, const struct pattern *p,
		      const char *path)
{
	struct folder *f;
	int wd = inotify_add_watch(w->fd, path,
				   IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO |
					   IN_MOVED_FROM | IN_MASK_ADD | IN_ONLYDIR);

	/* A folder that is not there, or that we may not look into, has no files yet. */
	if (wd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : errno;
	f = find_folder(w, p, path, wd);
	if (f) {
		f->seen = true;
		return 0;
	}
	*came = true;
	return add_folder(w, p, path, wd);
}

static int see_folders(bool *came, struct watch *w, const struct pattern *p)
{
	glob_t g = {0};
	int err = 0, rc = glob(p->folder, 0, NULL, &g);

	for (size_t i = 0; !rc && i < g.gl_pathc && !err; i++)
		err = see_folder(came, w, p, g.gl_pathv[i]);
	globfree(&g);
	return rc == GLOB_NOSPACE ? ENOMEM : err;
}

/* Forgets folders that are not there any more, or not where they were. */
static bool drop_unseen(struct watch *w)
{
	bool any = false;

	for (struct le *le = w->folders.head, *next; le; le = next) {
		struct folder *f = le->data;

		next = le->next;
		if (f->seen)
			continue;
		mem_deref(f);
		any = true;
	}
	return any;
}

/* Whether other folders are there than before; a search that fails says nothing. */
static int watch_search(bool *changed, struct watch *w)
{
	int err = 0;

	*changed = false;
	for (struct le *le = w->folders.head; le; le = le->next)
		((struct folder *)le->data)->seen = false;
	for (struct le *le = w->patterns.head; le && !err; le = le->next)
		err = see_folders(changed, w, le->data);
	if (!err && drop_unseen(w))
		*changed = true;
	return err;
}

static int add_pattern(struct watch *w, const char *text)
{
	const char *slash = strrchr(text, '/');
	size_t len = slash && slash != text ? (size_t)(slash - text) : 1;
	struct pattern *p;
	int err;

	if (len >= PATH_MAX)
		return ENAMETOOLONG;
	p = mem_zalloc(sizeof(*p), pattern_destructor);
	if (!p)
		return ENOMEM;
	err = str_dup(&p->name, slash ? slash + 1 : text) |
	      str_dup(&p->folder, slash ? text : ".");
	if (err) {
		mem_deref(p);
		return ENOMEM;
	}
	p->folder[len] = '\0';
	list_append(&w->patterns, &p->le, p);
	return 0;
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
		if (!fnmatch(f->of->name, e->name, FNM_PERIOD) ||
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

static void watch_search_h(void *arg)
{
	struct watch *w = arg;
	bool changed;

	(void)watch_search(&changed, w);
	if (changed)
		watch_note(w);
	alarm_set(w->search, clock_monotonic_ns() + LOOK_NS);
}

static void watch_look_later(struct watch *w)
{
	int64_t turns = (int64_t)(w->names.count + LOOK_FILES - 1) / LOOK_FILES;

	alarm_set(w->look, clock_monotonic_ns() + LOOK_NS / turns);
}

static void watch_look_h(void *arg)
{
	struct watch *w = arg;

	if (file_stamps_look(&w->names, LOOK_FILES))
		watch_note(w);
	watch_look_later(w);
}

int watch_names(struct watch *w, const char *const *names, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = file_stamps_add(&w->names, names[i]);
	if (err || !w->names.count || w->look)
		return err;
	err = alarm_alloc(&w->look, watch_look_h, w);
	if (!err)
		watch_look_later(w);
	return err;
}

void watch_catch_up(struct watch *w)
{
	bool changed;

	if (!w)
		return;
	(void)watch_search(&changed, w);
	(void)file_stamps_look(&w->names, w->names.count);
}

void watch_succeed(struct watch *w, struct watch *old)
{
	bool changed = false;

	if (old)
		(void)watch_search(&changed, old);
	if (old && (take_events(old) || old->first_ns || changed ||
		    file_stamps_differ(&w->names, &old->names)))
		watch_note(w);
	mem_deref(old);
}

int watch_alloc(struct watch **wp, const char *const *patterns, size_t count, watch_h *h,
		void *arg)
{
	struct watch *w = mem_zalloc(sizeof(*w), watch_destructor);
	bool changed;
	int err;

	if (!w)
		return ENOMEM;
	w->h = h;
	w->arg = arg;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = w->fd < 0 ? errno : 0;
	if (!err)
		err = alarm_alloc(&w->alarm, watch_alarm_h, w);
	if (!err)
		err = alarm_alloc(&w->search, watch_search_h, w);
	for (size_t i = 0; i < count && !err; i++)
		err = add_pattern(w, patterns[i]);
	if (!err)
		err = watch_search(&changed, w);
	if (!err)
		err = fd_listen(w->fd, FD_READ, watch_ready_h, w);
	if (err) {
		mem_deref(w);
		return err;
	}
	alarm_set(w->search, clock_monotonic_ns() + LOOK_NS);
	*wp = w;
	return 0;
}

void watch_free(struct watch *w)
{
	mem_deref(w);
}
