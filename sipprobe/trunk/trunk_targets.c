/* A trunk's targets: one for each of its addresses and checks. */
#include "sipprobe/trunk/trunk_targets.h"

#include <stdlib.h>

#include "sipprobe/target/probers.h"
#include "sipprobe/target/target.h"
#include "sipprobe/trunk/trunk_heirs.h"
#include "sipprobe/trunk/trunk_parts.h"

bool trunk_same_address(const struct target *target, const struct resolve_address *a)
{
	const struct resolve_address *have = target_address(target);

	return have->transport == a->transport && sa_cmp(&have->sa, &a->sa, SA_ALL);
}

static bool is_listed(const struct target *target, const struct resolve_result *res)
{
	for (size_t i = 0; i < res->count; i++)
		if (trunk_same_address(target, &res->addresses[i]))
			return true;
	return false;
}

static void note_formers(struct heirs *heirs, const struct trunk *t,
			 const struct resolve_result *res)
{
	for (unsigned i = 0; i < t->target_count; i++)
		heirs_note(heirs, t->targets[i], !is_listed(t->targets[i], res));
}

int64_t trunk_busy_until_ns(const struct trunk *t, const struct resolve_result *res)
{
	int64_t last_ns = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		int64_t until_ns = target_busy_until_ns(t->targets[i]);

		if (until_ns > last_ns && !is_listed(t->targets[i], res))
			last_ns = until_ns;
	}
	return last_ns;
}

/* An address that left DNS leaves the metrics, and takes its target along. */
static void remove_unlisted(struct trunk *t, const struct resolve_result *res)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		if (is_listed(t->targets[i], res))
			t->targets[kept++] = t->targets[i];
		else
			target_remove(t->targets[i]);
	}
	t->target_count = (uint16_t)kept;
}

static struct target *find_target(const struct trunk *t, const struct resolve_address *a,
				  const struct prober *prober)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (trunk_same_address(t->targets[i], a) &&
		    target_prober(t->targets[i]) == prober)
			return t->targets[i];
	return NULL;
}

static int add_checks(struct trunk *t, const struct resolve_address *a,
		      struct heirs *heirs, int64_t resolve_ns)
{
	int err = 0;

	for (unsigned i = 0; i < CONFIG_METHODS && !err; i++) {
		const struct prober *prober = prober_of((enum config_method)i);
		struct target *have = find_target(t, a, prober);

		if (!(t->owner.conf->settings->methods & 1U << i))
			continue;
		if (have) {
			target_reprioritize(have, a, resolve_ns);
			continue;
		}
		err = target_alloc(&t->targets[t->target_count], &t->group->targets,
				   &t->owner, prober, a, resolve_ns);
		if (!err)
			heirs_settle(heirs, t->targets[t->target_count++]);
	}
	return err;
}

static int add_listed(struct trunk *t, const struct resolve_result *res,
		      struct heirs *heirs, int64_t resolve_ns)
{
	size_t checks = (size_t)__builtin_popcount(t->owner.conf->settings->methods);
	struct target **grown =
		realloc(t->targets, res->count * checks * sizeof(struct target *));
	int err = 0;

	if (!grown)
		return ENOMEM;
	t->targets = grown;
	for (size_t i = 0; i < res->count && !err; i++)
		err = add_checks(t, &res->addresses[i], heirs, resolve_ns);
	return err;
}

int trunk_set_addresses(struct trunk *t, const struct resolve_result *res,
			struct health first, int64_t resolve_ns)
{
	struct heirs heirs = {
		.trunk = (enum health_state)t->sum,
		.first = first,
	};

	note_formers(&heirs, t, res);
	remove_unlisted(t, res);
	return add_listed(t, res, &heirs, resolve_ns);
}
