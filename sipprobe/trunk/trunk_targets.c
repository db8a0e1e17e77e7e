/* A trunk's targets: one for each of its addresses and checks. */
#include "sipprobe/trunk/trunk_targets.h"

#include <stdlib.h>

#include "sipprobe/dns/address_set.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target.h"
#include "sipprobe/trunk/trunk_heirs.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "sipprobe/trunk/trunk_registrar.h"

static bool same_address(const struct resolve_address *a, const struct resolve_address *b)
{
	return a->transport == b->transport && sa_cmp(&a->sa, &b->sa, SA_ALL);
}

bool trunk_same_address(const struct target *target, const struct resolve_address *a)
{
	return same_address(target_address(target), a);
}

static bool is_listed(const struct target *target, const struct resolve_result *res)
{
	for (size_t i = 0; i < res->count; i++)
		if (trunk_same_address(target, &res->addresses[i]))
			return true;
	return false;
}

/* Whether servers failed at the question that gave it. */
static bool is_unanswered(const struct resolve_address *a,
			  const struct resolve_result *res)
{
	for (size_t i = 0; i < res->unanswered_count; i++)
		if (res->unanswered[i] == a->from)
			return true;
	return false;
}

static bool stays(const struct target *target, const struct resolve_result *res)
{
	return is_listed(target, res) || is_unanswered(target_address(target), res);
}

/* Whether there are addresses that have no target yet. */
static bool has_more(const struct trunk *t, const struct resolve_result *res)
{
	for (size_t i = 0; i < res->count; i++) {
		unsigned k = 0;

		while (k < t->target_count &&
		       !trunk_same_address(trunk_targets(t)[k], &res->addresses[i]))
			k++;
		if (k == t->target_count)
			return true;
	}
	return false;
}

static void note_formers(struct heirs *heirs, const struct trunk *t,
			 const struct resolve_result *res)
{
	for (unsigned i = 0; i < t->target_count; i++)
		heirs_note(heirs, trunk_targets(t)[i],
			   !is_listed(trunk_targets(t)[i], res));
}

int64_t trunk_busy_until_ns(const struct trunk *t, const struct resolve_result *res)
{
	int64_t last_ns = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		int64_t until_ns = target_busy_until_ns(trunk_targets(t)[i]);

		if (until_ns > last_ns && !stays(trunk_targets(t)[i], res))
			last_ns = until_ns;
	}
	return last_ns;
}

/* An address that left DNS leaves the metrics, and takes its target along. */
static void remove_unlisted(struct trunk *t, const struct resolve_result *res)
{
	unsigned kept = 0;

	t->group->targets.expecting = trunk_registrar(t) || has_more(t, res);
	for (unsigned i = 0; i < t->target_count; i++) {
		if (is_listed(trunk_targets(t)[i], res))
			trunk_targets(t)[kept++] = trunk_targets(t)[i];
		else
			target_remove(trunk_targets(t)[i]);
	}
	t->group->targets.expecting = false;
	t->target_count = (uint16_t)kept;
}

static struct target *find_target(const struct trunk *t, const struct resolve_address *a,
				  const struct prober *prober)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (trunk_same_address(trunk_targets(t)[i], a) &&
		    target_prober(trunk_targets(t)[i]) == prober)
			return trunk_targets(t)[i];
	return NULL;
}

static int add_checks(struct trunk *t, const struct resolve_address *a,
		      struct heirs *heirs, int64_t resolve_ns)
{
	int err = 0;

	for (unsigned i = 0; i < CONFIG_METHODS && !err; i++) {
		const struct prober *prober = prober_of((enum config_method)i);
		struct target *have = find_target(t, a, prober);

		if (!(t->owner.conf->settings->methods & 1U << i) ||
		    !registrar_wants(trunk_registrar(t), (enum config_method)i, a))
			continue;
		if (have) {
			target_reprioritize(have, a, resolve_ns);
			continue;
		}
		err = target_alloc(&trunk_targets(t)[t->target_count], &t->group->targets,
				   &t->owner, prober, a, resolve_ns);
		if (!err)
			heirs_settle(heirs, trunk_targets(t)[t->target_count++]);
	}
	return err;
}

/* For @count targets in all. Returns 0 or ENOMEM. */
static int make_room(struct trunk *t, size_t count)
{
	struct target **grown;

	if (count <= 1 && !t->many)
		return 0;
	grown = realloc(t->many ? t->list : NULL, count * sizeof(struct target *));
	if (!grown)
		return ENOMEM;
	if (!t->many)
		grown[0] = t->one;
	t->list = grown;
	t->many = true;
	return 0;
}

static int add_listed(struct trunk *t, const struct resolve_result *res,
		      struct heirs *heirs, int64_t resolve_ns)
{
	size_t checks = (size_t)__builtin_popcount(t->owner.conf->settings->methods);
	int err = make_room(t, res->count * checks);

	for (size_t i = 0; i < res->count && !err; i++)
		err = add_checks(t, &res->addresses[i], heirs, resolve_ns);
	return err;
}

static int keep_one(struct address_set *all, const struct resolve_address *a,
		    const struct resolve_result *res)
{
	for (size_t i = 0; i < res->count; i++)
		if (same_address(&res->addresses[i], a))
			return 0;
	return is_unanswered(a, res) ? address_set_add(all, a) : 0;
}

/* Adds those in use whose questions were not answered. A registrar knows them all. */
static int keep_unanswered(struct address_set *all, const struct trunk *t,
			   const struct resolve_result *res)
{
	const struct registrar *r = trunk_registrar(t);
	const struct resolve_address *listed = NULL;
	size_t count = t->target_count;
	int err = 0;

	if (r)
		listed = registrar_listed(r, &count);
	for (size_t i = 0; i < res->count && !err; i++)
		err = address_set_add(all, &res->addresses[i]);
	for (size_t i = 0; i < count && !err; i++)
		err = keep_one(all, r ? &listed[i] : target_address(trunk_targets(t)[i]),
			       res);
	return err;
}

static int set_addresses(struct trunk *t, const struct resolve_result *res,
			 struct health first, int64_t resolve_ns)
{
	struct heirs heirs = {
		.trunk = (enum health_state)t->sum,
		.first = first,
	};
	int err;

	registrar_list(trunk_registrar(t), res);
	note_formers(&heirs, t, res);
	if (t->more)
		heirs_note_turns(&heirs, t->more->turns);
	remove_unlisted(t, res);
	err = add_listed(t, res, &heirs, resolve_ns);
	if (t->more && !err)
		t->more->turns = mem_deref(t->more->turns);
	return err;
}

/* What was not answered is not gone: the next good answer settles it. */
int trunk_set_addresses(struct trunk *t, const struct resolve_result *res,
			struct health first, int64_t resolve_ns)
{
	struct resolve_result whole = *res;
	struct address_set all = {0};
	int err;

	if (!res->unanswered_count || !t->target_count)
		return set_addresses(t, res, first, resolve_ns);
	err = keep_unanswered(&all, t, res);
	whole.addresses = all.v;
	whole.count = all.count;
	if (!err)
		err = set_addresses(t, &whole, first, resolve_ns);
	mem_deref(all.v);
	return err;
}

static void trunk_replace_target(struct trunk *t, struct target **at,
				 struct target *fresh)
{
	struct heirs heirs = {.trunk = (enum health_state)t->sum};
	struct target *old = *at;

	heirs_note(&heirs, old, true);
	heirs_settle(&heirs, fresh);
	*at = fresh;
	t->group->targets.expecting = true;
	target_remove(old);
	t->group->targets.expecting = false;
}

/* After a round in which all failed the pace is that of a dead trunk. */
void trunk_move_registration(struct trunk *t)
{
	const struct prober *prober = prober_of(CONFIG_METHOD_REGISTER);
	const struct resolve_address *next;
	struct target *fresh;
	int64_t due_ns;
	unsigned i = 0;
	bool hurry;

	while (i < t->target_count && target_prober(trunk_targets(t)[i]) != prober)
		i++;
	if (i == t->target_count)
		return;
	due_ns = target_due_ns(trunk_targets(t)[i]);
	hurry = registrar_next(trunk_registrar(t), &next);
	if (trunk_same_address(trunk_targets(t)[i], next) ||
	    target_alloc(&fresh, &t->group->targets, &t->owner, prober, next, 0))
		return;
	trunk_replace_target(t, &trunk_targets(t)[i], fresh);
	if (!hurry)
		target_probe_at(fresh, due_ns);
}
