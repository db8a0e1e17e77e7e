#include "sipprobe/dns/resolv_watch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file_stamp.h"
#include "sipprobe/dns/resolv_conf.h"
#include "sipprobe/loop/compat.h"

/*
 * A stat() also sees what inotify does not: links that are bent to another folder, as
 * systemd-resolved's, and a file that is mounted over ours.
 */
#define LOOK_EVERY_NS (2 * CLOCK_NS_PER_S)

struct resolv_watch {
	struct wheel_timer timer;
	struct ticker *ticker;
	const char *path;
	resolv_watch_h *h;
	void *arg;
	struct file_stamp seen;
	bool unread; /* it changed, and may be half written */
	bool wanted;
	struct resolv_conf known;
};

static void resolv_watch_destructor(void *arg)
{
	struct resolv_watch *w = arg;

	ticker_cancel(w->ticker, &w->timer);
}

/* Whether the file says something new. */
static bool resolv_watch_look(struct resolv_watch *w)
{
	struct file_stamp now = file_stamp_of(w->path);
	struct resolv_conf rc;

	if (!file_stamp_equal(&now, &w->seen)) {
		w->seen = now;
		w->unread = true;
		return false;
	}
	if (!w->unread)
		return false;
	w->unread = false;
	if (resolv_conf_read(&rc, w->path) || !memcmp(&rc, &w->known, sizeof(rc)))
		return false;
	w->known = rc;
	return true;
}

static void resolv_watch_look_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct resolv_watch *w = wheel_owner(timer, struct resolv_watch, timer);

	ticker_start(w->ticker, &w->timer, now_ns + LOOK_EVERY_NS, resolv_watch_look_h);
	if (resolv_watch_look(w) && w->wanted)
		w->h(w->arg);
}

int resolv_watch_alloc(struct resolv_watch **wp, struct ticker *ticker, const char *path,
		       resolv_watch_h *h, void *arg)
{
	struct resolv_watch *w = mem_zalloc(sizeof(*w), resolv_watch_destructor);

	if (!w)
		return ENOMEM;
	w->ticker = ticker;
	w->path = path;
	w->h = h;
	w->arg = arg;
	w->seen = file_stamp_of(path);
	(void)resolv_conf_read(&w->known, path);
	ticker_start(ticker, &w->timer, clock_monotonic_ns() + LOOK_EVERY_NS,
		     resolv_watch_look_h);
	*wp = w;
	return 0;
}

void resolv_watch_want(struct resolv_watch *w, bool wanted)
{
	w->wanted = wanted;
}
