#include "sipprobe/tls_watch.h"
#include "sipprobe/clock.h"
#include "sipprobe/sockets.h"
#include "sipprobe/tls_cache.h"

/*
 * A look is three stat() a profile, which also sees what inotify does not: files on NFS,
 * and links that are bent to another folder.
 */
#define LOOK_EVERY_NS (2 * CLOCK_NS_PER_S)

struct tls_watch {
	struct wheel_timer timer;
	struct core *core;
	const struct config_sip *sip; /* NULL: nobody listens for TLS */
	tls_watch_h *h;
	void *arg;
};

static void look_h(struct wheel_timer *timer, int64_t now_ns);

static void destructor(void *arg)
{
	struct tls_watch *w = arg;

	ticker_cancel(w->core->ticker, &w->timer);
}

int tls_watch_alloc(struct tls_watch **wp, struct core *core, tls_watch_h *h, void *arg)
{
	struct tls_watch *w = mem_zalloc(sizeof(*w), destructor);

	if (!w)
		return ENOMEM;
	w->core = core;
	w->h = h;
	w->arg = arg;
	ticker_start(core->ticker, &w->timer, clock_monotonic_ns() + LOOK_EVERY_NS,
		     look_h);
	*wp = w;
	return 0;
}

static struct tls_profile *shown(const struct tls_watch *w)
{
	struct tls_profile *profile;

	if (!w->sip || tls_cache_get(w->core->tls, &profile, &w->sip->tls, true, NULL, 0))
		return NULL;
	return profile;
}

static void tell_shown(const struct tls_watch *w)
{
	const struct engine_events *events = w->core->events;
	const struct tls_profile *profile = shown(w);

	if (events->listen_cert_h)
		events->listen_cert_h(profile ? w->sip->tls.cert_file : NULL,
				      profile ? tls_profile_not_after_s(profile) : 0,
				      w->core->arg);
}

void tls_watch_listening(struct tls_watch *w, const struct config_sip *sip)
{
	w->sip = NULL;
	for (size_t i = 0; i < sip->listen_count; i++)
		if (sip->listen[i].transport == CONFIG_TRANSPORT_TLS)
			w->sip = sip;
	tell_shown(w);
}

static void look_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct tls_watch *w = wheel_owner(timer, struct tls_watch, timer);
	const struct engine_events *events = w->core->events;
	struct tls_cache_look look;

	ticker_start(w->core->ticker, timer, now_ns + LOOK_EVERY_NS, look_h);
	if (!w->core->tls)
		return;
	tls_cache_look(w->core->tls, &look);
	if (look.changed) {
		if (w->sip)
			sockets_use_tls(w->core->sockets, shown(w));
		tell_shown(w);
		w->h(w->arg);
	}
	/* Nothing to tell while another's files are still unfit. */
	if (look.told && events->tls_files_h && (look.text[0] || !look.failed))
		events->tls_files_h(look.text[0] ? look.text : NULL, w->core->arg);
}
