/* What a target's peer shows of itself, and whether that is what it showed before. */
#include "base/clock.h"
#include "sipprobe/portrait/sketch.h"
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

static void peer_take(struct target *t, struct acquaintance *a, const struct sketch *s,
		      uint32_t glance)
{
	const struct acquaintance_ear ear = {peer_shown_h, peer_changed_h, t};
	struct portrait *p;

	/* Without memory it is looked at again at the next answer. */
	if (gallery_take(&p, target_services(t)->gallery, s))
		return;
	(void)acquaintance_take(a, p, glance, clock_wall_ns(), &ear);
	mem_deref(p);
}

static void handshakes_destructor(void *arg)
{
	acquaintance_clear(arg);
}

/* Of a connection that this probe opened: a kept one shows nothing new. */
static void peer_note_handshake(struct target *t)
{
	struct tls_shown shown;
	struct sketch s;
	uint32_t glance;

	if (!t->stream || t->attempt.reused || !stream_shown(t->stream, &shown))
		return;
	if (!t->handshakes)
		t->handshakes = mem_zalloc(sizeof(*t->handshakes), handshakes_destructor);
	if (!t->handshakes)
		return;
	sketch_handshake(&s, shown.tls, shown.key, shown.root);
	glance = sketch_glance_of(&s);
	if (!acquaintance_recalls(t->handshakes, glance))
		peer_take(t, t->handshakes, &s, glance);
}

static void peer_note_answer(struct target *t, const struct guard_message *m)
{
	uint32_t glance = sketch_glance(m);
	struct sketch s;

	if (acquaintance_recalls(&t->peer, glance))
		return;
	sketch_answer(&s, m);
	peer_take(t, &t->peer, &s, glance);
}

static bool is_watched(const struct target *t)
{
	return t->settings->watch_changes && t->prober->portrays && t->cell &&
	       t->group->events->peer_changed_h && target_services(t)->gallery;
}

void target_peer_note(struct target *t, const struct guard_message *m)
{
	if (!is_watched(t) || !sketch_tells(m->code))
		return;
	peer_note_answer(t, m);
	peer_note_handshake(t);
}

void target_peer_free(struct target *t)
{
	acquaintance_clear(&t->peer);
	t->handshakes = mem_deref(t->handshakes);
}
