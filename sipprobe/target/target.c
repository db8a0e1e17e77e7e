#include "sipprobe/target/target.h"

#include <errno.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target_loss.h"
#include "sipprobe/target/target_marks.h"
#include "sipprobe/target/target_schedule.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/transport/local_sockets.h"

static void target_destructor(void *arg)
{
	struct target *t = arg;

	ticker_cancel(target_services(t)->ticker, &t->timer);
	peers_remove(t->group->peers, &t->address.sa, t->address.transport, t);
	target_services(t)->targets_stamp++;
	target_tell_removed(t);
	if (registry_find(target_services(t)->registry, t->index) == t)
		registry_remove(target_services(t)->registry, t->index);
	attempt_end(t);
	target_loss_free(t);
	target_mirror_free(t);
	target_peer_free(t);
	request_free(&t->request);
	mem_deref(t->local);
	target_more_free(t);
}

int target_alloc(struct target **tp, struct target_group *group,
		 struct target_owner *owner, const struct prober *prober,
		 const struct resolve_address *address, int64_t resolve_ns)
{
	struct target *t = mem_zalloc(sizeof(*t), target_destructor);
	char text[64];
	int err;

	if (!t)
		return ENOMEM;
	t->group = group;
	t->owner = owner;
	t->settings = owner->conf->settings;
	t->prober = prober;
	t->address = *address;
	t->resolve_ns = resolve_ns;
	t->index = UINT32_MAX;
	t->more = &target_more_none;
	group->services->targets_stamp++;
	err = registry_add(group->services->registry, &t->index, t);
	/* Where there may be a connection a probe can count on it. */
	if (!err && address->transport != CONFIG_TRANSPORT_UDP && !target_more(t))
		err = ENOMEM;
	if (!err)
		err = exchange_alloc(t);
	if (!err)
		err = target_marks_alloc(t);
	if (!err)
		err = target_survey_alloc(t);
	if (!err)
		err = peers_add(group->peers, &address->sa, address->transport, t);
	if (err) {
		mem_deref(t);
		return err;
	}
	(void)re_snprintf(text, sizeof(text), "%J", &address->sa);
	if (!owner->paused) {
		target_tell(t);
		target_probe_at(t,
				target_schedule_first_ns(t, text, clock_monotonic_ns()));
	}
	*tp = t;
	return 0;
}

struct target_owner *target_owner(const struct target *t)
{
	return t->owner;
}

const struct resolve_address *target_address(const struct target *t)
{
	return &t->address;
}

const struct prober *target_prober(const struct target *t)
{
	return t->prober;
}

enum health_state target_state(const struct target *t)
{
	return (enum health_state)t->health.state;
}

struct health target_health(const struct target *t)
{
	return t->health;
}

enum health_state target_own_state(const struct target *t)
{
	return (enum health_state)t->own.state;
}

int64_t target_due_ns(const struct target *t)
{
	return t->due_ns;
}

int64_t target_busy_until_ns(const struct target *t)
{
	return t->pending ? target_deadline_ns(t) : 0;
}

void target_take_over(struct target *t, struct health health, int64_t due_ns)
{
	t->health = health;
	if (due_ns < t->due_ns && !t->prober->steady && !t->owner->paused)
		target_probe_at(t, due_ns);
}

struct target_turn target_turn(const struct target *t)
{
	return (struct target_turn){
		.prober = t->prober,
		.due_ns = t->due_ns,
		.begun_ns = t->begun_ns,
		.interval_ns = target_schedule_interval_ns(t),
		.phase = t->phase,
	};
}

void target_take_turn(struct target *t, const struct target_turn *turn, bool whole)
{
	int64_t due_ns;

	if (!t->prober->steady || turn->prober != t->prober)
		return;
	due_ns = target_schedule_heir_ns(t, turn, whole, clock_monotonic_ns());
	if (due_ns && !t->owner->paused)
		target_probe_at(t, due_ns);
}

int target_fits_local(const struct target *t, const struct sa *local)
{
	const struct config_local *want = &target_settings(t)->local;

	if (!local_sockets_wanted(want))
		return 1;
	if (local_sockets_fits(want, local))
		return 2;
	/* The port that connections leave from need not be one that we listen on. */
	if (t->address.transport != CONFIG_TRANSPORT_UDP &&
	    local_sockets_fits(&(struct config_local){.address = want->address}, local))
		return 1;
	return 0;
}

const struct config_local *target_local(const struct target *t)
{
	return &target_settings(t)->local;
}

int target_contact(const struct target *t, char *out, size_t size, const struct sa *local)
{
	const char *contact = target_settings(t)->contact;
	struct request_info info;

	if (!contact)
		return ENOENT;
	target_request_info(t, &info, local);
	return request_uri_of(out, size, &info, contact);
}

unsigned target_dscp(const struct target *t)
{
	return target_settings(t)->dscp;
}

void target_reprioritize(struct target *t, const struct resolve_address *address,
			 int64_t resolve_ns)
{
	t->address.priority = address->priority;
	t->address.weight = address->weight;
	t->address.from = address->from;
	t->resolve_ns = resolve_ns;
}

void target_move(struct target *t)
{
	target_mirror_move(t);
	t->settings = t->owner->conf->settings;
}
