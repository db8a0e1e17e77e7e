#include "exporter/store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* A success is shown as an example of how it should be; that needs no fresher one. */
#define SUCCESS_AGE_NS (60 * CLOCK_NS_PER_S)

#define GAP_UNIT_NS (100 * CLOCK_NS_PER_MS)

void history_init(struct history *h, unsigned probes, size_t bytes)
{
	*h = (struct history){
		.probes = probes < HISTORY_PROBES_MAX ? probes : HISTORY_PROBES_MAX,
		.bytes_max = bytes,
	};
	TAILQ_INIT(&h->successes);
	TAILQ_INIT(&h->earlier);
	TAILQ_INIT(&h->last);
	TAILQ_INIT(&h->well);
}

static size_t history_ring_bytes(const struct history *h)
{
	return h->probes * sizeof(struct history_probe);
}

static bool history_is_well(const struct history_track *t)
{
	return t->probes && !t->failures[0];
}

/* A ring where there is room for one, now or again. */
static void history_ring_make(struct history *h, struct history_track *t)
{
	size_t bytes = history_ring_bytes(h);

	if (t->probes || !bytes || h->bytes + bytes > h->bytes_max / 2)
		return;
	t->probes = calloc(1, bytes);
	if (!t->probes)
		return;
	h->bytes += bytes;
	if (history_is_well(t))
		TAILQ_INSERT_TAIL(&h->well, t, entry);
}

static void history_ring_free(struct history *h, struct history_track *t)
{
	if (!t->probes)
		return;
	if (history_is_well(t))
		TAILQ_REMOVE(&h->well, t, entry);
	free(t->probes);
	h->bytes -= history_ring_bytes(h);
	t->probes = NULL;
	t->count = t->next = 0;
}

static struct history_track *history_track_make(struct history *h)
{
	struct history_track *t = calloc(1, sizeof(*t));

	if (t)
		h->bytes += sizeof(*t);
	return t;
}

struct history_track *history_track_alloc(struct history *h)
{
	struct history_track *t = NULL;

	if (h->bytes + sizeof(*t) <= h->bytes_max / 2)
		t = history_track_make(h);
	if (t)
		history_ring_make(h, t);
	return t;
}

static bool history_is_failure(const struct probe_result *r)
{
	return r->outcome != PROBE_RESPONSE || r->verdict != PROBE_UP;
}

static void history_enlist(struct history_ladders *list, struct history_ladder *l)
{
	if (l->in)
		TAILQ_REMOVE(l->in, l, entry);
	l->in = list;
	if (list)
		TAILQ_INSERT_TAIL(list, l, entry);
}

/* Takes a failure from its target's. */
static void history_unlist_failure(struct history *h, struct history_ladder *l)
{
	struct history_track *t = l->track;

	for (int i = 0; i < HISTORY_FAILURES; i++) {
		if (t->failures[i] != l)
			continue;
		memmove(&t->failures[i], &t->failures[i + 1],
			(size_t)(HISTORY_FAILURES - 1 - i) * sizeof(l));
		t->failures[HISTORY_FAILURES - 1] = NULL;
	}
	/* It may be its last since long, in its place by age. */
	if (t->failures[0] && t->failures[0]->in != &h->last)
		history_enlist(&h->last, t->failures[0]);
	else if (!t->failures[0] && t->probes)
		TAILQ_INSERT_TAIL(&h->well, t, entry);
}

/* Takes it out of the history; who still reads it may finish. */
static void history_forget(struct history *h, struct history_ladder *l)
{
	struct history_track *t = l->track;

	history_enlist(NULL, l);
	h->bytes -= l->bytes;
	if (t->success == l)
		t->success = NULL;
	else
		history_unlist_failure(h, l);
	l->track = NULL;
	history_ladder_unref(l);
}

void history_track_free(struct history *h, struct history_track *t)
{
	if (!t)
		return;
	if (t->success)
		history_forget(h, t->success);
	while (t->failures[0])
		history_forget(h, t->failures[0]);
	history_ring_free(h, t);
	h->bytes -= sizeof(*t);
	free(t);
}

struct history_probe history_pack(const struct probe_result *r, int64_t gap_ns)
{
	int64_t us = r->phase_ns[PROBE_PHASE_ANSWER] / CLOCK_NS_PER_US;
	int64_t gap_ds = (gap_ns + GAP_UNIT_NS / 2) / GAP_UNIT_NS;
	struct history_probe p = {
		.code = (uint16_t)(r->code & 0x3ff),
		.outcome = (uint16_t)(r->outcome & 0xf),
		.verdict = (uint16_t)(r->verdict & 0x3),
	};

	p.latency_us = us < HISTORY_NO_LATENCY ? (uint32_t)us : HISTORY_NO_LATENCY - 1;
	if (r->outcome != PROBE_RESPONSE || us < 0)
		p.latency_us = HISTORY_NO_LATENCY;
	if (gap_ds > 0)
		p.gap_ds = gap_ds < UINT16_MAX ? (uint16_t)gap_ds : UINT16_MAX;
	return p;
}

void history_add(struct history *h, struct history_track *t, struct history_probe probe)
{
	if (!t)
		return;
	history_ring_make(h, t);
	if (!t->probes)
		return;
	t->probes[t->next] = probe;
	t->next = (uint16_t)(t->next + 1 == (int)h->probes ? 0 : t->next + 1);
	if (t->count < h->probes)
		t->count++;
}

struct history_probe history_get(const struct history *h, const struct history_track *t,
				 unsigned i)
{
	unsigned at = t->next + h->probes - 1 - i;

	return t->probes[at < h->probes ? at : at - h->probes];
}

static bool history_is_watched(const struct history_track *t, int64_t now_ns)
{
	return atomic_load_explicit(&t->watched_until_ns, memory_order_relaxed) > now_ns;
}

bool history_wants(const struct history *h, const struct history_track *t,
		   const struct probe_result *r)
{
	int64_t now_ns = r->begun_unix_ns;

	if (history_is_failure(r))
		return h->bytes_max;
	if (!t)
		return false;
	if (history_is_watched(t, now_ns))
		return true;
	/* With half of the room for ladders gone, the rest is for failures. */
	if (!t->success)
		return h->bytes < h->bytes_max / 4 * 3;
	return now_ns - t->success->result.begun_unix_ns > SUCCESS_AGE_NS ||
	       now_ns < t->success->result.begun_unix_ns;
}

bool history_lacks_probes(const struct history *h, const struct history_track *t)
{
	return h->bytes_max && h->probes && !(t && t->probes);
}

bool history_lacks_failures(const struct history *h, const struct history_track *t)
{
	if (!t)
		return h->bytes_max;
	return t->forgot && !t->failures[HISTORY_FAILURES - 1];
}

/* Lets the oldest of a list go until there is room; who lost one is told of it. */
static void history_make_room(struct history *h, struct history_ladders *list,
			      size_t bytes)
{
	struct history_ladder *oldest;

	while (h->bytes + bytes > h->bytes_max && (oldest = TAILQ_FIRST(list)) != NULL) {
		if (list != &h->successes)
			oldest->track->forgot = true;
		history_forget(h, oldest);
	}
}

/* Targets that are well need their last probes less than a failure needs its ladder. */
static void history_give_up_rings(struct history *h, size_t bytes)
{
	struct history_track *t;

	while (h->bytes + bytes > h->bytes_max && (t = TAILQ_FIRST(&h->well)) != NULL)
		history_ring_free(h, t);
}

/* Whether there is room now. */
static bool history_make_room_for(struct history *h, bool failure, size_t bytes)
{
	history_make_room(h, &h->successes, bytes);
	if (failure) {
		history_make_room(h, &h->earlier, bytes);
		history_give_up_rings(h, bytes);
		history_make_room(h, &h->last, bytes);
	}
	return h->bytes + bytes <= h->bytes_max;
}

static void history_keep_failure(struct history *h, struct history_track *t,
				 struct history_ladder *l)
{
	if (history_is_well(t))
		TAILQ_REMOVE(&h->well, t, entry);
	if (t->failures[0])
		history_enlist(&h->earlier, t->failures[0]);
	memmove(&t->failures[1], &t->failures[0], (HISTORY_FAILURES - 1) * sizeof(l));
	t->failures[0] = l;
	t->forgot = t->forgot && !t->failures[HISTORY_FAILURES - 1];
	history_enlist(&h->last, l);
}

/* The ladder that a new one takes the place of, if there is no other place for it. */
static void history_forget_for(struct history *h, struct history_track *t, bool failure)
{
	struct history_ladder *l =
		failure ? t->failures[HISTORY_FAILURES - 1] : t->success;

	if (l)
		history_forget(h, l);
}

void history_keep(struct history *h, struct history_track **tp, struct history_ladder *l)
{
	bool failure = history_is_failure(&l->result), room;
	size_t bytes = l->bytes + (*tp ? 0 : sizeof(**tp));

	if (*tp)
		history_forget_for(h, *tp, failure);
	room = (*tp || failure) && history_make_room_for(h, failure, bytes);
	if (room && !*tp)
		*tp = history_track_make(h);
	if (!room || !*tp) {
		if (*tp)
			(*tp)->forgot = (*tp)->forgot || failure;
		history_ladder_unref(l);
		return;
	}
	l->track = *tp;
	h->bytes += l->bytes;
	if (failure) {
		history_keep_failure(h, *tp, l);
		return;
	}
	history_enlist(&h->successes, l);
	(*tp)->success = l;
}

bool history_ladder_has_audio(const struct history_ladder *l)
{
	return l->media && (l->media->near.wav || l->media->near.packet_count);
}

static void history_forget_heard(struct history *h, struct history_ladders *list)
{
	struct history_ladder *l, *next;

	for (l = TAILQ_FIRST(list); l; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (history_ladder_has_audio(l))
			history_forget(h, l);
	}
}

/* A failure that goes makes the one before it its target's last, in another list. */
void history_forget_audio(struct history *h)
{
	history_forget_heard(h, &h->earlier);
	history_forget_heard(h, &h->last);
}

void history_late(struct history_track *t, int64_t now_unix_ns)
{
	if (t && t->failures[0])
		atomic_store(&t->failures[0]->late_ns, now_unix_ns);
}
