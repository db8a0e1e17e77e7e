#include "sipprobe/transport/tls_watch.h"

#include "base/clock.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"

/*
 * A look is three stat() a profile, which also sees what inotify does not: files on NFS,
 * and links that are bent to another folder.
 */
#define LOOK_EVERY_NS (2 * CLOCK_NS_PER_S)

struct tls_watch {
	struct wheel_timer timer;
	struct ticker *ticker;
	struct sockets *sockets;
	struct tls_cache *cache;      /* NULL: nothing is in force yet */
	const struct config_sip *sip; /* NULL: nobody listens for TLS */
	const struct tls_watch_events *events;
	void *arg;
};

static void tls_watch_look_h(struct wheel_timer *timer, int64_t now_ns);

static void tls_watch_destructor(void *arg)
{
	struct tls_watch *w = arg;

	ticker_cancel(w->ticker, &w->timer);
}

int tls_watch_alloc(struct tls_watch **wp, struct ticker *ticker, struct sockets *sockets,
		    const struct tls_watch_events *events, void *arg)
{
	struct tls_watch *w = mem_zalloc(sizeof(*w), tls_watch_destructor);

	if (!w)
		return ENOMEM;
	w->ticker = ticker;
	w->sockets = sockets;
	w->events = events;
	w->arg = arg;
	ticker_start(ticker, &w->timer, clock_monotonic_ns() + LOOK_EVERY_NS,
		     tls_watch_look_h);
	*wp = w;
	return 0;
}

static struct tls_profile *tls_watch_shown(const struct tls_watch *w)
{
	struct tls_profile *profile;

	if (!w->sip || tls_cache_get(w->cache, &profile, &w->sip->tls, true, NULL, 0))
		return NULL;
	return profile;
}

static void tell_shown(const struct tls_watch *w)
{
	const struct tls_profile *profile = tls_watch_shown(w);
	struct tls_own own;
	bool shown = profile && tls_profile_own(&own, profile, NULL);

	w->events->listen_cert_h(shown ? w->sip->tls.cert_file : NULL,
				 shown ? &own : NULL, w->arg);
}

void tls_watch_follow(struct tls_watch *w, struct tls_cache *cache,
		      const struct config_sip *sip)
{
	w->cache = cache;
	w->sip = NULL;
	for (size_t i = 0; i < sip->listen_count; i++)
		if (sip->listen[i].transport == CONFIG_TRANSPORT_TLS)
			w->sip = sip;
	tell_shown(w);
}

static void tls_watch_look_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct tls_watch *w = wheel_owner(timer, struct tls_watch, timer);
	struct tls_cache_look look;

	ticker_start(w->ticker, timer, now_ns + LOOK_EVERY_NS, tls_watch_look_h);
	if (!w->cache)
		return;
	tls_cache_look(w->cache, &look);
	if (look.changed) {
		if (w->sip)
			sockets_use_tls(w->sockets, tls_watch_shown(w));
		tell_shown(w);
		w->events->replaced_h(w->arg);
	}
	/* Nothing to tell while another's files are still unfit. */
	if (look.told && (look.text[0] || !look.failed))
		w->events->files_h(look.text[0] ? look.text : NULL, w->arg);
}
