/*
 * As whom a target's peer sees us, by each answer; and, where `mirror` asks for it, what
 * becomes of our messages on the way. Never while it is down: a success begins a round.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/way/mirror_ask.h"

enum { ROUNDS_AT_ONCE = 16 }; /* of all targets; who finds no place asks after the next */

/* Of one whose trunk asks for it. */
struct target_mirror {
	struct mirror_ask *ask; /* NULL: none is under way */
	struct mirror_found found;
	int last; /* signs of the last round; -1: none */
	bool again;
	int64_t next_ns;
};

static void mirror_stop(struct target *t)
{
	if (t->more->mirror && t->more->mirror->ask) {
		t->more->mirror->ask = mem_deref(t->more->mirror->ask);
		target_services(t)->mirrors--;
	}
}

void target_mirror_free(struct target *t)
{
	mirror_stop(t);
	if (t->more->mirror)
		target_more(t)->mirror = mem_deref(t->more->mirror);
}

/* A sign that is new, or gone, is asked for once more at once: twice before it is said.
 */
static void mirror_done_h(int signs, void *arg)
{
	struct target *t = arg;
	struct target_mirror *m = t->more->mirror;
	int64_t now_ns = clock_monotonic_ns();
	bool settled = true;

	m->ask = NULL;
	target_services(t)->mirrors--;
	if (signs >= 0) {
		mirror_conclude(&m->found, &m->last, (unsigned)signs);
		settled = m->found.known && m->found.signs == (unsigned)signs;
	}
	m->again = !settled && !m->again;
	m->next_ns = m->again ? now_ns
			      : now_ns + t->settings->mirror->every_us * CLOCK_NS_PER_US;
	if (m->found.known && t->group->events->mirrored_h)
		t->group->events->mirrored_h(t->cell, m->found.signs, t->group->arg);
}

static bool mirror_is_due(const struct target *t, int64_t now_ns)
{
	return t->group->events->mirrored_h && !t->more->unregistration &&
	       (t->address.transport == CONFIG_TRANSPORT_UDP ||
		t->address.transport == CONFIG_TRANSPORT_TCP) &&
	       target_services(t)->mirrors < ROUNDS_AT_ONCE &&
	       !(t->more->mirror &&
		 (t->more->mirror->ask || now_ns < t->more->mirror->next_ns));
}

/* Returns whether there is any, now or by now. */
static bool mirror_memory(struct target *t)
{
	struct target_more *more = target_more(t);

	if (more && !more->mirror) {
		more->mirror = mem_zalloc(sizeof(*more->mirror), NULL);
		if (more->mirror)
			more->mirror->last = -1;
	}
	return more && more->mirror;
}

static void mirror_begin(struct target *t)
{
	const struct mirror_request rq = {
		.trunk = t->owner->conf,
		.peer = t->address.sa,
		.transport = t->address.transport,
		.agent = target_services(t)->agent,
		.ticker = target_services(t)->ticker,
		.sockets = target_services(t)->sockets,
	};

	if (!mirror_is_due(t, clock_monotonic_ns()) || !mirror_memory(t))
		return;
	if (!mirror_ask_start(&t->more->mirror->ask, &rq, mirror_done_h, t))
		target_services(t)->mirrors++;
}

void target_mirror_move(struct target *t)
{
	/* It reads the description that was. */
	mirror_stop(t);
}

static uint32_t mirror_hash(uint32_t hash, const struct pl *text)
{
	for (size_t i = 0; i < text->l; i++)
		hash = hash32_byte(hash, (unsigned char)text->p[i]);
	return hash;
}

static void mirror_tell(struct target *t, const struct guard_message *m, bool stream)
{
	struct guard_message sent;
	struct mirror_view view;

	if (t->request.buf && t->cell &&
	    !guard_datagram(&sent, t->request.buf, t->request.len, NULL) &&
	    mirror_read(&view, &sent, m, stream))
		t->group->events->seen_as_h(t->cell, &view, t->group->arg);
}

void target_mirror_note(struct target *t, const struct guard_message *m)
{
	bool stream = t->address.transport != CONFIG_TRANSPORT_UDP;
	uint32_t hash = mirror_hash(HASH32_START, &m->received);

	if (!stream)
		hash = mirror_hash(hash, &m->rport);
	/* Our own end may have changed, too, when the way out is chosen anew. */
	if (hash != t->mirror_hash && t->group->events->seen_as_h)
		mirror_tell(t, m, stream);
	t->mirror_hash = hash;
	if (t->settings->mirror)
		mirror_begin(t);
}
