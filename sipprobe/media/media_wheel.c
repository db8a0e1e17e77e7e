#include <sys/timerfd.h>

#include "sipprobe/media/media_private.h"

enum {
	WHEEL_SLOT_FULL = 25, /* sessions: their packets leave within a quarter of a ms */
	WHEEL_STRIDE = 7,     /* no divisor of the slots: 0, 7, 14, 1, 8, … */
};

/* Behind by more than this, the thread goes on instead of sending a burst. */
#define WHEEL_BEHIND_NS (100 * CLOCK_NS_PER_MS)

static int64_t media_wheel_due_ns(const struct media *m, int64_t tick)
{
	return m->epoch_ns + tick * MEDIA_TICK_NS;
}

/* The next tick, from m->tick on, at which a session sends; INT64_MAX: none does. */
static int64_t media_wheel_next(const struct media *m)
{
	for (int64_t tick = m->tick; tick < m->tick + MEDIA_SLOTS; tick++)
		if (m->slot_load[tick % MEDIA_SLOTS])
			return tick;
	return INT64_MAX;
}

/* Wakes us when something is due and not before: few calls cost few wake-ups. */
static void media_wheel_arm(struct media *m)
{
	int64_t tick = media_wheel_next(m), at_ns;
	struct itimerspec its = {0};

	if (tick == m->armed_tick)
		return;
	m->armed_tick = tick;
	if (tick != INT64_MAX) {
		at_ns = media_wheel_due_ns(m, tick);
		its.it_value.tv_sec = at_ns / CLOCK_NS_PER_S;
		its.it_value.tv_nsec = at_ns % CLOCK_NS_PER_S;
	}
	(void)timerfd_settime(m->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

/*
 * The first that is not full, in an order that keeps those in use apart: each that is in
 * use is a wake-up in every 20 ms, and packets that are sent together are late together.
 */
static int media_wheel_slot(const struct media *m)
{
	int best = 0;

	for (int i = 0; i < MEDIA_SLOTS; i++) {
		int slot = i * WHEEL_STRIDE % MEDIA_SLOTS;

		if (m->slot_load[slot] < WHEEL_SLOT_FULL)
			return slot;
		if (m->slot_load[slot] < m->slot_load[best])
			best = slot;
	}
	return best;
}

/* After a rest there is nothing to catch up with. */
static void media_wheel_catch_up(struct media *m)
{
	int64_t now = (wire_now_ns() - m->epoch_ns) / MEDIA_TICK_NS + 1;

	if (media_wheel_next(m) == INT64_MAX && now > m->tick)
		m->tick = now;
}

void media_wheel_join(struct media *m, struct media_session *s)
{
	media_wheel_catch_up(m);
	s->slot = media_wheel_slot(m);
	list_append(&m->slots[s->slot], &s->slot_le, s);
	m->slot_load[s->slot]++;
	media_wheel_arm(m);
}

void media_wheel_leave(struct media *m, struct media_session *s)
{
	if (s->slot < 0)
		return;
	list_unlink(&s->slot_le);
	m->slot_load[s->slot]--;
	s->slot = -1;
	media_wheel_arm(m);
}

static void media_wheel_tick(struct media *m, int64_t due_ns, int64_t now_ns)
{
	struct le *le = list_head(&m->slots[m->tick % MEDIA_SLOTS]);

	for (; le; le = le->next) {
		struct media_session *s = le->data;

		if (now_ns - due_ns > WHEEL_BEHIND_NS)
			session_skip_due(s);
		else
			session_send_due(m, s, due_ns);
	}
}

void media_wheel_turn(struct media *m)
{
	int64_t now_ns = wire_now_ns();

	for (;;) {
		int64_t tick = media_wheel_next(m);

		if (tick == INT64_MAX || media_wheel_due_ns(m, tick) > now_ns)
			break;
		m->tick = tick;
		media_wheel_tick(m, media_wheel_due_ns(m, tick), now_ns);
		m->tick++;
	}
	media_wheel_arm(m);
}
