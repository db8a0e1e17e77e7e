#include "sipprobe/trunk/trunk_registrar.h"

#include <string.h>

#include "base/clock.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target.h"

struct registrar {
	struct wheel_timer timer; /* moves on */
	struct ticker *ticker;
	void (*move_h)(void *arg);
	void *arg;
	bool alone; /* there is no other check */
	struct resolve_address listed[RESOLVE_ADDRESSES_MAX];
	size_t count;
	size_t at;	/* the one of them that is registered at */
	uint64_t tried; /* those that failed since one answered, a bit each */
};

_Static_assert(RESOLVE_ADDRESSES_MAX <= 64, "a bit for each address");

static void registrar_destructor(void *arg)
{
	struct registrar *r = arg;

	ticker_cancel(r->ticker, &r->timer);
}

int registrar_alloc(struct registrar **rp, const struct config_settings *s,
		    struct ticker *ticker, void (*move_h)(void *arg), void *arg)
{
	struct registrar *r;

	if (!(s->methods & 1U << CONFIG_METHOD_REGISTER) || !s->registration ||
	    s->registration->at != CONFIG_REGISTER_AT_FIRST)
		return 0;
	r = mem_zalloc(sizeof(*r), registrar_destructor);
	if (!r)
		return ENOMEM;
	r->ticker = ticker;
	r->move_h = move_h;
	r->arg = arg;
	r->alone = s->methods == 1U << CONFIG_METHOD_REGISTER;
	*rp = r;
	return 0;
}

static bool registrar_same(const struct resolve_address *a,
			   const struct resolve_address *b)
{
	return a->transport == b->transport && sa_cmp(&a->sa, &b->sa, SA_ALL);
}

static bool registrar_is_listed(const struct registrar *r,
				const struct resolve_result *res)
{
	if (r->count != res->count)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (!registrar_same(&r->listed[i], &res->addresses[i]))
			return false;
	return true;
}

/* An address that stays goes on being the one; else it is the best of the new ones. */
void registrar_list(struct registrar *r, const struct resolve_result *res)
{
	size_t at = 0;
	bool same;

	if (!r)
		return;
	same = registrar_is_listed(r, res);
	for (size_t i = 0; i < res->count && r->count; i++)
		if (registrar_same(&r->listed[r->at], &res->addresses[i]))
			at = i;
	memcpy(r->listed, res->addresses, res->count * sizeof(r->listed[0]));
	r->count = res->count;
	r->at = at;
	if (!same)
		r->tried = 0;
}

const struct resolve_address *registrar_listed(const struct registrar *r, size_t *count)
{
	*count = r->count;
	return r->listed;
}

bool registrar_wants(const struct registrar *r, enum config_method method,
		     const struct resolve_address *a)
{
	return !r || method != CONFIG_METHOD_REGISTER || !r->count ||
	       registrar_same(&r->listed[r->at], a);
}

static bool registrar_is_its(const struct registrar *r, const struct target *target)
{
	return r && target_prober(target) == prober_of(CONFIG_METHOD_REGISTER);
}

bool registrar_is_apart(const struct registrar *r, const struct target *target)
{
	return registrar_is_its(r, target) && !r->alone;
}

size_t registrar_count(const struct registrar *r)
{
	return r->count;
}

/*
 * Whether another address may do better. Refused credentials and a final no would be the
 * same there, and what fails on our side is not the address's fault.
 */
static bool registrar_fails(const struct probe_result *last)
{
	switch (last->outcome) {
	case PROBE_RESPONSE:
		return last->code == 408 || last->code / 100 == 5;
	case PROBE_AUTH:
	case PROBE_INTERNAL:
		return false;
	default:
		return true;
	}
}

bool registrar_next(struct registrar *r, const struct resolve_address **a)
{
	size_t i = 0;

	r->tried |= UINT64_C(1) << r->at;
	while (i < r->count && r->tried >> i & 1)
		i++;
	if (i == r->count)
		r->tried = 0;
	r->at = i < r->count ? i : 0;
	*a = &r->listed[r->at];
	return i < r->count;
}

static void registrar_move_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct registrar *r = wheel_owner(timer, struct registrar, timer);

	(void)now_ns;
	r->move_h(r->arg);
}

/* Later, since its target is still at work. */
void registrar_result(struct registrar *r, const struct target *target,
		      const struct probe_result *last)
{
	enum health_state state = target_state(target);

	if (!registrar_is_its(r, target) || r->count < 2)
		return;
	if (last->verdict != PROBE_DOWN)
		r->tried = 0;
	else if (registrar_fails(last) &&
		 (state == HEALTH_DOWN || state == HEALTH_UNKNOWN))
		ticker_start(r->ticker, &r->timer, clock_monotonic_ns(),
			     registrar_move_h);
}
