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
	TAILQ_INIT(&h->failures);
	TAILQ_INIT(&h->successes);
}

static size_t history_track_bytes(const struct history *h)
{
	return sizeof(struct history_track) + h->probes * sizeof(struct history_probe);
}

struct history_track *history_track_alloc(struct history *h)
{
	size_t bytes = history_track_bytes(h);
	struct history_track *t;

	if (h->bytes + bytes > h->bytes_max / 2)
		return NULL;
	t = calloc(1, bytes);
	if (t)
		h->bytes += bytes;
	return t;
}

struct history_ladder *history_ladder_ref(struct history_ladder *l)
{
	if (l)
		atomic_fetch_add(&l->refs, 1);
	return l;
}

void history_ladder_unref(struct history_ladder *l)
{
	if (l && atomic_fetch_sub(&l->refs, 1) == 1)
		free(l);
}

static bool history_is_failure(const struct probe_result *r)
{
	return r->outcome != PROBE_RESPONSE || r->verdict != PROBE_UP;
}

/* Takes it out of the history; who still reads it may finish. */
static void history_forget(struct history *h, struct history_ladder *l)
{
	struct history_track *t = l->track;

	if (history_is_failure(&l->result))
		TAILQ_REMOVE(&h->failures, l, entry);
	else
		TAILQ_REMOVE(&h->successes, l, entry);
	h->bytes -= l->bytes;
	l->track = NULL;
	if (t->success == l)
		t->success = NULL;
	for (int i = 0; i < HISTORY_FAILURES; i++) {
		if (t->failures[i] != l)
			continue;
		memmove(&t->failures[i], &t->failures[i + 1],
			(size_t)(HISTORY_FAILURES - 1 - i) * sizeof(l));
		t->failures[HISTORY_FAILURES - 1] = NULL;
	}
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
	h->bytes -= history_track_bytes(h);
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

void history_add(const struct history *h, struct history_track *t,
		 struct history_probe probe)
{
	if (!t || !h->probes)
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

	if (!t)
		return false;
	if (history_is_failure(r) || history_is_watched(t, now_ns))
		return true;
	/* With half of the room for ladders gone, the rest is for failures. */
	if (!t->success)
		return h->bytes < h->bytes_max / 4 * 3;
	return now_ns - t->success->result.begun_unix_ns > SUCCESS_AGE_NS ||
	       now_ns < t->success->result.begun_unix_ns;
}

struct history_ladder *history_ladder_copy(const struct probe_result *r,
					   const struct ladder *l)
{
	size_t bytes = sizeof(struct history_ladder) + l->count * sizeof(l->entries[0]);
	struct history_ladder *copy;
	char *text;

	for (unsigned i = 0; i < l->count; i++)
		bytes += l->entries[i].len;
	copy = malloc(bytes);
	if (!copy)
		return NULL;
	memset(copy, 0, sizeof(*copy));
	atomic_init(&copy->refs, 1);
	copy->bytes = bytes;
	copy->result = *r;
	copy->count = l->count;
	copy->dropped = l->dropped;
	text = (char *)&copy->entries[l->count];
	for (unsigned i = 0; i < l->count; i++) {
		struct ladder_entry *e = &copy->entries[i];

		*e = l->entries[i];
		if (e->len)
			memcpy(text, e->text, e->len);
		e->text = text;
		text += e->len;
	}
	return copy;
}

static void history_make_room(struct history *h, struct history_ladder *oldest,
			      size_t bytes)
{
	struct history_ladder *next;

	for (; oldest && h->bytes + bytes > h->bytes_max; oldest = next) {
		next = TAILQ_NEXT(oldest, entry);
		history_forget(h, oldest);
	}
}

void history_keep(struct history *h, struct history_track *t, struct history_ladder *l)
{
	bool failure = history_is_failure(&l->result);

	if (failure && t->failures[HISTORY_FAILURES - 1])
		history_forget(h, t->failures[HISTORY_FAILURES - 1]);
	else if (!failure && t->success)
		history_forget(h, t->success);
	history_make_room(h, TAILQ_FIRST(&h->successes), l->bytes);
	history_make_room(h, TAILQ_FIRST(&h->failures), l->bytes);
	if (h->bytes + l->bytes > h->bytes_max) {
		history_ladder_unref(l);
		return;
	}
	l->track = t;
	h->bytes += l->bytes;
	if (failure) {
		TAILQ_INSERT_TAIL(&h->failures, l, entry);
		memmove(&t->failures[1], &t->failures[0],
			(HISTORY_FAILURES - 1) * sizeof(l));
		t->failures[0] = l;
	} else {
		TAILQ_INSERT_TAIL(&h->successes, l, entry);
		t->success = l;
	}
}

void history_late(struct history_track *t, int64_t now_unix_ns)
{
	if (t && t->failures[0])
		atomic_store(&t->failures[0]->late_ns, now_unix_ns);
}
