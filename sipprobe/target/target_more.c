#include "sipprobe/target/target_more.h"

#include "sipprobe/target/target_state.h"

const struct target_more target_more_none = {0};

static void target_more_destructor(void *arg)
{
	struct target_more *m = arg;

	mem_deref(m->stream);
	mem_deref(m->call);
	mem_deref(m->account);
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
