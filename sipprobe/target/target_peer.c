/* What a target's peer shows of itself, and whether that is what it showed before. */
#include "base/clock.h"
#include "sipprobe/fingerprint/fingerprint_read.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/transport/stream.h"

static void peer_shown_h(unsigned traits, void *arg)
{
	const struct target *t = arg;

	t->group->events->peer_shown_h(t->cell, traits, t->group->arg);
}

static void peer_changed_h(const struct peer_change *c, void *arg)
{
	const struct target *t = arg;

	t->group->events->peer_changed_h(t->cell, c, t->group->arg);
}

static void peer_take(struct target *t, struct fingerprint_history *a,
		      const struct fingerprint_draft *s, uint32_t raw_hash)
{
	const struct fingerprint_handlers handlers = {peer_shown_h, peer_changed_h, t};
	struct fingerprint *p;

	/* Without memory it is looked at again at the next answer. */
	if (fingerprint_table_take(&p, target_services(t)->fingerprints, s))
		return;
	(void)fingerprint_history_add(a, p, raw_hash, clock_wall_ns(), &handlers);
	mem_deref(p);
}

static void handshakes_destructor(void *arg)
{
	fingerprint_history_clear(arg);
}

/* Of a connection that this probe opened: a kept one shows nothing new. */
static void peer_note_handshake(struct target *t)
{
	struct target_more *more;
	struct tls_shown shown;
	struct fingerprint_draft s;
	uint32_t raw_hash;

	if (!t->more->stream || t->attempt->reused ||
	    !stream_shown(t->more->stream, &shown))
		return;
	more = target_more(t);
	if (!more->handshakes)
		more->handshakes =
			mem_zalloc(sizeof(*more->handshakes), handshakes_destructor);
	if (!more->handshakes)
		return;
	fingerprint_read_handshake(&s, shown.tls, shown.key, shown.root);
	raw_hash = fingerprint_draft_hash(&s);
	if (!fingerprint_history_knows(t->more->handshakes, raw_hash))
		peer_take(t, t->more->handshakes, &s, raw_hash);
}

static void peer_note_answer(struct target *t, const struct guard_message *m)
{
	uint32_t raw_hash = fingerprint_raw_hash(m);
	struct fingerprint_draft s;

	if (fingerprint_history_knows(&t->peer, raw_hash))
		return;
	fingerprint_read_answer(&s, m);
	peer_take(t, &t->peer, &s, raw_hash);
}

static bool is_watched(const struct target *t)
{
	return t->settings->watch_changes && t->prober->fingerprinted && t->cell &&
	       t->group->events->peer_changed_h && target_services(t)->fingerprints;
}

void target_peer_note(struct target *t, const struct guard_message *m)
{
	if (!is_watched(t) || !fingerprint_tells(m->code))
		return;
	peer_note_answer(t, m);
	peer_note_handshake(t);
}

void target_peer_free(struct target *t)
{
	fingerprint_history_clear(&t->peer);
}
