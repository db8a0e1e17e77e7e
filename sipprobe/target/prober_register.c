/*
 * REGISTER (RFC 3261 10): a question that binds nothing, or a registration that is kept
 * alive for as long as the target lives and taken back when it goes.
 */
#include <string.h>

#include "base/clock.h"
#include "sipprobe/message/register_uris.h"
#include "sipprobe/message/registration.h"
#include "sipprobe/target/bindings.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_udp.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"

enum {
	ASKED_MAX_S = 7 * 24 * 3600, /* whatever a registrar's Min-Expires says */
};

/* Our registration at one address. */
struct binding {
	struct target *target;
	struct bound *bound; /* as others see it; NULL: not asked for yet */
	char *contact;	     /* URI; NULL: none made yet */
	char *stale;	     /* the one before, to be taken back with the next; or NULL */
	struct sa local;     /* that it was made from */
	uint32_t asked_s;    /* as configured, or as a 423 wants it */
	int64_t held_until_ns; /* monotonic; 0: nothing is registered */
	int64_t refresh_ns;    /* when the next probe is due at the latest; 0: never */
	bool unsure;	       /* a request went unanswered: it may have bound us */
	bool unregistering;
};

static void prober_register_destructor(void *arg)
{
	struct binding *b = arg;

	if (b->bound)
		bindings_leave(b->bound, b->target);
	mem_deref(b->bound);
	mem_deref(b->contact);
	mem_deref(b->stale);
}

static const struct config_register *conf_of(const struct target *t)
{
	return target_settings(t)->registration;
}

static bool prober_register_binds(const struct target *t)
{
	return conf_of(t) && conf_of(t)->bind;
}

static struct binding *binding_of(const struct target *t)
{
	return *exchange_binding(t->more->exchange);
}

static struct binding *binding_get(struct target *t)
{
	struct binding *b = binding_of(t);

	if (b)
		return b;
	b = mem_zalloc(sizeof(*b), prober_register_destructor);
	if (b) {
		b->target = t;
		b->asked_s = (uint32_t)((conf_of(t)->expires_us + 999999) / 1000000);
	}
	*exchange_binding(t->more->exchange) = b;
	return b;
}

/*
 * Whether nobody can reach us but over the connection that we opened: no other port is in
 * our Contact. It is kept then, whatever `connection` says.
 */
static bool prober_register_keeps_connection(const struct target *t)
{
	const struct stream *s = t->more->stream;
	const char *contact = target_settings(t)->contact;
	struct sa ours;

	if (!prober_register_binds(t) || t->address.transport == CONFIG_TRANSPORT_UDP)
		return false;
	/* RFC 7118: there is no other way to a client of WebSocket. */
	if (config_transport_is_websocket(t->address.transport))
		return true;
	if (s)
		ours = *stream_local(s);
	else
		sa_init(&ours, sa_af(&t->address.sa));
	return (!contact || strstr(contact, "{local}")) &&
	       !sockets_stream_port(target_services(t)->sockets, t->address.transport,
				    &ours);
}

/*
 * Our Contact stays what it was while our end does: a socket of ours that listens, or the
 * connection that we are reached over, for as long as it lasts. Where neither is in it,
 * as it was set, it stays through any number of connections.
 */
static int contact_update(struct binding *b, const struct request_info *info,
			  const char *user)
{
	char text[REQUEST_URI_SIZE];
	char *contact = NULL;
	int err;

	if (b->contact && sa_cmp(&b->local, info->local, SA_ALL))
		return 0;
	err = request_contact(text, sizeof(text), info, user);
	if (!err && str_cmp(text, b->contact))
		err = str_dup(&contact, text);
	if (err)
		return err;
	b->local = *info->local;
	if (!contact)
		return 0;
	/* One that comes back is wanted: what was asked for meanwhile may be there. */
	if (!str_cmp(b->stale, contact))
		b->stale = mem_deref(b->stale);
	/* Of two that went unheard the first may be there: it was heard. */
	if (b->held_until_ns && !b->stale && !bindings_shared(b->bound)) {
		b->stale = b->contact;
		b->contact = NULL;
	}
	mem_deref(b->contact);
	b->contact = contact;
	return 0;
}

static int binding_prepare(struct target *t, struct binding *b,
			   struct request_register *reg)
{
	reg->contact = b->contact;
	reg->stale = b->stale;
	reg->expires_s = b->unregistering ? 0 : b->asked_s;
	return b->unregistering ? 0 : bindings_take(&b->bound, t, reg);
}

static int prober_register_prepare(struct target *t, struct request_info *info)
{
	static char registrar[REQUEST_URI_SIZE], aor[REQUEST_URI_SIZE];
	static struct request_register reg;
	struct binding *b;
	char user[REQUEST_URI_SIZE];
	int err = register_registrar(registrar, info);

	if (!err)
		err = register_aor(aor, user, info);
	if (err)
		return err;
	reg = (struct request_register){.registrar = registrar, .aor = aor};
	info->registration = &reg;
	if (!prober_register_binds(t))
		return 0;
	b = binding_get(t);
	if (!b)
		return ENOMEM;
	err = contact_update(b, info, user);
	return err ? err : binding_prepare(t, b, &reg);
}

/* 423 (10.3): the registrar wants us to stay longer. */
static bool prober_register_again(struct target *t, const struct guard_message *m)
{
	struct binding *b = binding_of(t);
	uint32_t least_s;

	if (m->code != 423 || !b || b->unregistering)
		return false;
	least_s = registration_min_expires_s(m);
	if (least_s <= b->asked_s || least_s > ASKED_MAX_S)
		return false;
	b->asked_s = least_s;
	return true;
}

static int64_t unix_in_s(int64_t seconds)
{
	return clock_wall_ns() / CLOCK_NS_PER_S + seconds;
}

/* At half the time granted there is still the other half to try again in. */
static void prober_register_bound(struct binding *b, int64_t granted_s,
				  struct probe_result *r)
{
	int64_t now_ns = clock_monotonic_ns();

	b->held_until_ns = granted_s ? now_ns + granted_s * CLOCK_NS_PER_S : 0;
	b->refresh_ns = granted_s ? now_ns + granted_s * CLOCK_NS_PER_S / 2 : 0;
	r->registered_until_s = granted_s ? unix_in_s(granted_s) : 0;
	b->stale = mem_deref(b->stale);
	bindings_last(b->bound, b->held_until_ns);
	if (granted_s)
		return;
	r->verdict = PROBE_DOWN;
	str_ncpy(r->detail, "the registrar granted no time", sizeof(r->detail));
}

/*
 * What is still good is tried for again before it ends: in half the time that is left, by
 * the trunk's interval at the fastest; where that would be too late, by its timeout.
 */
static int64_t prober_register_wait_ns(const struct target *t, int64_t left_ns)
{
	const struct config_settings *s = target_settings(t);
	int64_t interval_ns = s->interval_us * CLOCK_NS_PER_US;
	int64_t timeout_ns = s->timeout_us * CLOCK_NS_PER_US;

	if (left_ns / 2 >= interval_ns)
		return left_ns / 2;
	/* Refused credentials at a higher rate would only get us locked out. */
	if (t->refused || left_ns / 2 < timeout_ns || interval_ns + timeout_ns <= left_ns)
		return interval_ns;
	return left_ns / 2;
}

/* Without a registration nobody can reach us (health_unbound()). */
static void prober_register_refused(struct target *t, struct binding *b,
				    struct probe_result *r)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t left_ns = b->held_until_ns > now_ns ? b->held_until_ns - now_ns : 0;

	b->refresh_ns = now_ns + prober_register_wait_ns(t, left_ns);
	r->verdict = health_unbound(r->verdict, left_ns > 0, t->health.state);
	if (!left_ns)
		r->registered_until_s = 0;
}

static void prober_register_conclude(struct target *t, const struct guard_message *m,
				     struct probe_result *r)
{
	struct registration_bindings found;
	struct binding *b = binding_of(t);

	if (r->outcome != PROBE_RESPONSE || r->code >= 300) {
		if (b)
			prober_register_refused(t, b, r);
		if (b && !m && t->attempt->sent_ns)
			b->unsure = true;
		if (b && m)
			bindings_last(b->bound, b->held_until_ns);
		return;
	}
	registration_read(&found, m, b ? b->contact : NULL);
	if (b) {
		b->unsure = false;
		prober_register_bound(b, registration_granted_s(&found, b->asked_s), r);
	} else {
		r->registered_until_s = found.contacts && found.longest_s > 0
						? unix_in_s(found.longest_s)
						: 0;
	}
}

static int64_t interval_us(const struct config_settings *s)
{
	return s->registration ? s->registration->interval_us : 0;
}

static int64_t due_ns(const struct target *t)
{
	const struct binding *b = binding_of(t);

	return b ? b->refresh_ns : 0;
}

static bool prober_register_unregister(struct target *t, bool all)
{
	struct binding *b = binding_of(t);
	int64_t now_ns = clock_monotonic_ns();

	if (!b || b->unregistering || (!all && b->bound && bindings_shared(b->bound)))
		return false;
	b->unregistering = b->held_until_ns > now_ns || b->unsure ||
			   (t->pending && t->attempt->sent_ns);
	return b->unregistering;
}

const struct prober prober_register = {
	.method = "REGISTER",
	.keeps_call = true,
	.heeded = true,
	.start = target_transact,
	.prepare = prober_register_prepare,
	.again = prober_register_again,
	.conclude = prober_register_conclude,
	.interval_us = interval_us,
	.due_ns = due_ns,
	.unregister = prober_register_unregister,
	.keeps_connection = prober_register_keeps_connection,
};
