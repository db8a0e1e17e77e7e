/* What of a target is there only at times: a probe under way, and what few have. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_state.h"

/* Attempts kept for those to come: as many as one turn of a busy loop begins. */
enum { SPARES_MAX = 1024 };

/* What those have who have none of their own. */
const struct target_more target_more_none = {0};

static void target_more_destructor(void *arg)
{
	struct target_more *m = arg;

	mem_deref(m->stream);
	mem_deref(m->call);
	mem_deref(m->account);
	mem_deref(m->resume);
	mem_deref(m->handshakes);
	mem_deref(m->exchange);
	mem_deref(m->marks);
	mem_deref(m->surveyed);
	/* It holds the configuration that the others may read. */
	mem_deref(m->unregistration);
}

/* Only what was made here is written to, and that was never const. */
static struct target_more *target_more_own(const struct target *t)
{
	return (struct target_more *)(uintptr_t)t->more;
}

struct target_more *target_more(struct target *t)
{
	struct target_more *m;

	if (t->more != &target_more_none)
		return target_more_own(t);
	m = mem_zalloc(sizeof(*m), target_more_destructor);
	if (m)
		t->more = m;
	return m;
}

void target_more_free(struct target *t)
{
	if (t->more != &target_more_none)
		mem_deref(target_more_own(t));
	t->more = &target_more_none;
}

/*
 * Of a probe that there is no memory for: it fails before another one begins, and needs
 * no more than to be told of. Main thread only.
 */
static struct attempt unprovided;

struct spare {
	struct spare *next;
};

/*
 * Attempts that have ended, the last first: it is in the cache still. malloc() has no
 * more than seven of a size at hand, and looks for the others. Main thread only.
 */
static struct spare *spares;
static unsigned spare_count;

static struct attempt *attempt_alloc(void)
{
	struct spare *s = spares;

	if (!s)
		return malloc(sizeof(struct attempt));
	spares = s->next;
	spare_count--;
	return (struct attempt *)(void *)s;
}

static void attempt_free(struct attempt *a)
{
	struct spare *s = (struct spare *)(void *)a;

	if (a == &unprovided)
		return;
	/* A sanitizer is to see the end of each. */
	if (SANITIZED || spare_count == SPARES_MAX) {
		free(a);
		return;
	}
	s->next = spares;
	spares = s;
	spare_count++;
}

static void attempt_clear(struct target *t)
{
	target_notes_free(t);
	free(t->attempt->elsewhere);
}

int attempt_begin(struct target *t, bool held)
{
	uint16_t retransmissions = 0;
	struct attempt *a = t->attempt;

	if (a) {
		retransmissions = held ? a->retransmissions : 0;
		attempt_clear(t);
	} else {
		a = attempt_alloc();
	}
	t->attempt = a ? a : &unprovided;
	*t->attempt = (struct attempt){
		.begun_unix_ns = clock_wall_ns(),
		.retransmissions = retransmissions,
		.held = held,
	};
	/* Not the wheel's time: we may have stood still while it turned. */
	t->begun_ns = clock_monotonic_ns();
	t->pending = true;
	t->refused = false;
	return a ? 0 : ENOMEM;
}

int64_t attempt_copied_ns(const struct target *t)
{
	const struct attempt *a = t->attempt;

	if (a)
		return a->copied_ns > a->sent_ns ? a->copied_ns : 0;
	return t->copied_us ? t->begun_ns + t->copied_us * CLOCK_NS_PER_US : 0;
}

void attempt_end(struct target *t)
{
	int64_t copied_ns = attempt_copied_ns(t);

	if (!t->attempt)
		return;
	t->copied_us =
		copied_ns ? (uint32_t)((copied_ns - t->begun_ns) / CLOCK_NS_PER_US) : 0;
	attempt_clear(t);
	attempt_free(t->attempt);
	t->attempt = NULL;
}

void attempt_drop(struct target *t)
{
	if (t->pending)
		attempt_end(t);
	t->pending = false;
}
