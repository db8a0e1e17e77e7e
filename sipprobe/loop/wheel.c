#include "sipprobe/loop/wheel.h"

#include "sipprobe/loop/cache.h"
#include "sipprobe/loop/compat.h"

/*
 * Level 0 holds the next 256 ticks one by one, each level above 256 times coarser. A
 * timer sinks a level when the wheel turns to its slot, and fires from level 0. A bit a
 * slot says which are in use, so that an idle wheel is never walked tick by tick. What is
 * past the last level's reach comes round there until it is not.
 */
enum {
	WHEEL_BITS = 8,
	WHEEL_SLOTS = 1 << WHEEL_BITS,
	WHEEL_LEVELS = 4,
	WHEEL_WORDS = WHEEL_SLOTS / 64,
	WHEEL_LOOK = 16,	/* timers of a slot that are looked at before they sink */
	WHEEL_OWNER_SIZE = 300, /* about what a timer is the head of: a target */
};

struct level {
	struct wheel_timer *slots[WHEEL_SLOTS];
	uint64_t used[WHEEL_WORDS];
};

struct wheel {
	struct level levels[WHEEL_LEVELS];
	uint64_t tick; /* fired up to and with this one */
};

int wheel_alloc(struct wheel **wp, int64_t now_ns)
{
	struct wheel *w = mem_zalloc(sizeof(*w), NULL);

	if (!w)
		return ENOMEM;
	w->tick = (uint64_t)(now_ns / WHEEL_TICK_NS);
	*wp = w;
	return 0;
}

static void link_timer(struct wheel_timer **head, struct wheel_timer *t)
{
	t->next = *head;
	t->pprev = head;
	if (t->next)
		t->next->pprev = &t->next;
	*head = t;
}

/* A slot that holds nothing any more is none to wake up for. @head: a slot, or another */
static void slot_left(struct wheel *w, struct wheel_timer *const *head)
{
	uintptr_t at = (uintptr_t)head - (uintptr_t)w->levels;
	uintptr_t slot = at % sizeof(w->levels[0]) / sizeof(*head);

	if (at < sizeof(w->levels))
		w->levels[at / sizeof(w->levels[0])].used[slot / 64] &=
			~(1ULL << (slot % 64));
}

static void unlink_timer(struct wheel *w, struct wheel_timer *t)
{
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	else
		slot_left(w, t->pprev);
	t->pprev = NULL;
}

static uint64_t tick_of(int64_t at_ns)
{
	return (uint64_t)((at_ns + WHEEL_TICK_NS - 1) / WHEEL_TICK_NS);
}

/* @earliest: the first tick that has not been fired yet */
static void wheel_place(struct wheel *w, struct wheel_timer *t, uint64_t earliest)
{
	uint64_t tick = tick_of(t->at_ns);
	unsigned lvl = 0;
	unsigned slot;

	if (t->at_ns < 0 || tick < earliest)
		tick = earliest;
	while (lvl < WHEEL_LEVELS - 1 &&
	       tick - w->tick >= 1ULL << (WHEEL_BITS * (lvl + 1)))
		lvl++;
	slot = (unsigned)(tick >> (WHEEL_BITS * lvl)) % WHEEL_SLOTS;
	link_timer(&w->levels[lvl].slots[slot], t);
	w->levels[lvl].used[slot / 64] |= 1ULL << (slot % 64);
}

void wheel_start(struct wheel *w, struct wheel_timer *t, int64_t at_ns, wheel_h *h)
{
	if (t->pprev)
		unlink_timer(w, t);
	t->at_ns = at_ns;
	t->h = h;
	wheel_place(w, t, w->tick + 1);
}

void wheel_cancel(struct wheel *w, struct wheel_timer *t)
{
	if (t->pprev)
		unlink_timer(w, t);
}

/* Takes a slot's timers over into @list. */
static void take_slot(struct level *l, unsigned slot, struct wheel_timer **list)
{
	*list = l->slots[slot];
	if (*list)
		(*list)->pprev = list;
	l->slots[slot] = NULL;
	l->used[slot / 64] &= ~(1ULL << (slot % 64));
}

static void wheel_cascade(struct wheel *w, unsigned lvl)
{
	unsigned slot = (unsigned)(w->tick >> (WHEEL_BITS * lvl)) % WHEEL_SLOTS;
	struct wheel_timer *list;

	if (slot == 0 && lvl < WHEEL_LEVELS - 1)
		wheel_cascade(w, lvl + 1);
	take_slot(&w->levels[lvl], slot, &list);
	while (list) {
		struct wheel_timer *t = list;

		if (t->next)
			__builtin_prefetch(t->next->next);
		unlink_timer(w, t);
		wheel_place(w, t, w->tick);
	}
}

/* A timer set long ago is out of the cache, and so is the object it heads. */
static void wheel_fetch(const struct wheel_timer *t)
{
	if (!t)
		return;
	cache_fetch(t, WHEEL_OWNER_SIZE);
	__builtin_prefetch(t->next);
}

static void fire_tick(struct wheel *w, int64_t now_ns)
{
	unsigned slot = (unsigned)w->tick % WHEEL_SLOTS;
	struct wheel_timer *list;

	if (slot == 0)
		wheel_cascade(w, 1);
	take_slot(&w->levels[0], slot, &list);
	while (list) {
		struct wheel_timer *t = list;

		unlink_timer(w, t);
		/* The next one is fetched while this one works. */
		wheel_fetch(list);
		t->h(t, now_ns);
	}
}

/* The first slot in use at or after @from, or WHEEL_SLOTS. */
static unsigned next_used(const struct level *l, unsigned from)
{
	for (unsigned word = from / 64; word < WHEEL_WORDS; word++) {
		uint64_t bits = l->used[word];

		if (word == from / 64)
			bits &= ~0ULL << (from % 64);
		if (bits)
			return word * 64 + (unsigned)__builtin_ctzll(bits);
	}
	return WHEEL_SLOTS;
}

static bool level_empty(const struct level *l)
{
	return next_used(l, 0) == WHEEL_SLOTS;
}

/*
 * The next tick with something to do: a slot of level 0 in use before its turn ends, or
 * the turn of a higher level that has to sink. UINT64_MAX: nothing at all.
 *
 * @sinks: level of the slot that does, 0 where it is another tick
 */
static uint64_t next_tick(const struct wheel *w, unsigned *sinks)
{
	*sinks = 0;
	for (unsigned lvl = 0; lvl < WHEEL_LEVELS; lvl++) {
		unsigned shift = WHEEL_BITS * lvl;
		uint64_t turn = (w->tick >> shift) + 1;
		unsigned slot = (unsigned)turn % WHEEL_SLOTS;
		unsigned used = slot ? next_used(&w->levels[lvl], slot) : WHEEL_SLOTS;

		if (used < WHEEL_SLOTS) {
			*sinks = lvl;
			return (turn + (used - slot)) << shift;
		}
		/* Slots behind us belong to the next turn, which a cascade begins. */
		if (!level_empty(&w->levels[lvl]))
			return ((w->tick >> (shift + WHEEL_BITS)) + 1)
			       << (shift + WHEEL_BITS);
	}
	return UINT64_MAX;
}

/*
 * When the first timer of a slot that sinks from @tick on is due: with few of them it is
 * not worth a turn that does nothing but let them sink.
 */
static uint64_t first_tick(const struct wheel *w, unsigned lvl, uint64_t tick)
{
	unsigned shift = WHEEL_BITS * lvl;
	const struct wheel_timer *t = w->levels[lvl].slots[(tick >> shift) % WHEEL_SLOTS];
	uint64_t first = tick + (1ULL << shift);

	for (int i = 0; t; t = t->next, i++) {
		if (i == WHEEL_LOOK)
			return tick;
		if (tick_of(t->at_ns) < first)
			first = tick_of(t->at_ns);
	}
	return first;
}

int64_t wheel_next_ns(const struct wheel *w)
{
	unsigned sinks;
	uint64_t tick = next_tick(w, &sinks);

	if (sinks)
		tick = first_tick(w, sinks, tick);
	return tick == UINT64_MAX ? INT64_MAX : (int64_t)tick * WHEEL_TICK_NS;
}

int64_t wheel_due_ns(const struct wheel_timer *t)
{
	return t->pprev ? (int64_t)tick_of(t->at_ns) * WHEEL_TICK_NS : INT64_MAX;
}

int64_t wheel_run(struct wheel *w, int64_t now_ns)
{
	uint64_t now = (uint64_t)(now_ns / WHEEL_TICK_NS);
	unsigned sinks;
	uint64_t tick;

	while ((tick = next_tick(w, &sinks)) <= now) {
		w->tick = tick;
		fire_tick(w, now_ns);
	}
	if (w->tick < now)
		w->tick = now;
	return wheel_next_ns(w);
}
