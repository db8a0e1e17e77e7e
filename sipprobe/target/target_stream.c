#include "sipprobe/target/target_stream.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/target/outcome.h"
#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_request.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/tls/tls_resume.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/websocket/handshake.h"

/* Between two looks whether the port of `local` is free. */
#define TURN_NS (20 * CLOCK_NS_PER_MS)

static int connect_in_turn(struct target *t);

static void drop_stream(struct target *t)
{
	struct target_more *more;

	if (!t->more->stream)
		return;
	more = target_more(t);
	more->stream = mem_deref(more->stream);
	more->stream_up = false;
}

void target_stream_close(struct target *t)
{
	drop_stream(t);
}

static int send_request(struct target *t)
{
	struct sa local = *stream_local(t->more->stream);
	uint16_t port = sockets_stream_port(target_services(t)->sockets,
					    t->address.transport, &local);
	int err;

	/* The port we can be reached at, not the one this connection happens to have. */
	if (port)
		sa_set_port(&local, port);
	err = target_make_request(t, &local);
	if (!err)
		err = target_stamp(t);
	if (!err)
		err = stream_send(t->more->stream, t->request.buf, t->request.len,
				  &t->attempt->sent_ns);
	return err;
}

static void target_stream_up_h(struct stream *s, void *arg)
{
	struct target *t = arg;
	int err;

	(void)s;
	target_more(t)->stream_up = true;
	if (!t->pending)
		return;
	if (t->attempt->look_ns) {
		t->attempt->look_ns = 0;
		target_wait(t);
	}
	err = send_request(t);
	if (err)
		target_fail(t, PROBE_INTERNAL, err, NULL);
}

static void target_stream_message_h(struct stream *s, const struct guard_message *m,
				    int64_t rx_ns, void *arg)
{
	struct target *t = arg;
	const struct services *services = target_services(t);

	if (m->request)
		services->arrivals->request_h(s, t->address.transport, m,
					      services->arrivals_arg);
	else if (!target_response(t, NULL, m, rx_ns))
		services->arrivals->stray_h(ENGINE_STRAY_RESPONSE,
					    services->arrivals_arg);
}

/*
 * A kept connection that the peer closed while we slept is found dead by the probe that
 * uses it; that is no fault of the trunk, so the probe opens another, once.
 */
static int try_again(struct target *t)
{
	drop_stream(t);
	t->attempt->reused = false;
	t->attempt->sent_ns = 0;
	t->attempt->look_ns = 0;
	return connect_in_turn(t);
}

/* What became of another connection. Where there is none that is our fault, or the way's,
 * and no longer that of the peer who ended the former. */
static void go_on(struct target *t, int err)
{
	if (err)
		target_unsent(t, err);
	else
		target_wait(t);
}

/*
 * Who is reached over this connection alone is out of reach now (RFC 5626 4.3): tried
 * again as what is not up, no matter how often the peer closes. Who was refused, or asked
 * to wait, waits as he would.
 */
static void target_stream_hasten(struct target *t)
{
	int64_t at_ns =
		t->begun_ns + target_settings(t)->down_interval_us * CLOCK_NS_PER_US;

	if (!t->more->unregistration && t->health.verdict == PROBE_UP &&
	    at_ns < t->due_ns && t->prober->keeps_connection &&
	    t->prober->keeps_connection(t))
		target_probe_at(t, at_ns);
}

/* The next connection is a new one in the ladder too, with its own request. */
static int replace_stream(struct target *t, int64_t now_ns, const char *words)
{
	target_note_next_request(t);
	target_note_words(t, LADDER_REPLACED, now_ns, words);
	drop_stream(t);
	t->attempt->look_ns = 0;
	t->attempt->replaced_ns = now_ns;
	t->attempt->reused = false;
	t->attempt->sent_ns = 0;
	return connect_in_turn(t);
}

static const char unresumed[] =
	"the peer did not resume a TLS session: a whole handshake";

static void target_stream_closed_h(struct stream *s, enum probe_outcome why, int err,
				   const char *detail, void *arg)
{
	struct target *t = arg;

	(void)s;
	if (!t->pending) {
		drop_stream(t);
		target_stream_hasten(t);
		return;
	}
	if (t->attempt->reused && t->more->stream_up) {
		go_on(t, try_again(t));
		return;
	}
	/* Nothing was asked yet: the probe goes on over one that offers no session. */
	if (stream_failed_to_resume(t->more->stream)) {
		go_on(t, replace_stream(t, clock_monotonic_ns(), unresumed));
		return;
	}
	/* The connection goes after the result, which takes its phases from it. */
	target_fail(t, why, err, detail);
	drop_stream(t);
}

/*
 * When to look at a kept connection: after twice T1, by which a request over UDP would
 * have been sent three times, or at half the timeout, so that as much is left for a new
 * connection as an ordinary probe is meant to need. Then again every T1, as a lossy way
 * may be found dead later.
 */
static void look_later(struct target *t)
{
	int64_t t1_ns = target_settings(t)->t1_us * CLOCK_NS_PER_US;
	int64_t half_ns = target_settings(t)->timeout_us * CLOCK_NS_PER_US / 2;

	t->attempt->look_ns =
		clock_monotonic_ns() + (2 * t1_ns < half_ns ? 2 * t1_ns : half_ns);
}

/* A handshake has half of what was left when the connection stood, however late that was.
 */
static int64_t resume_until_ns(const struct target *t)
{
	int64_t since_ns = stream_shaking_ns(t->more->stream);

	return since_ns + (target_deadline_ns(t) - since_ns) / 2;
}

/* Why the probe had better go on over another connection; NULL: it had not. */
static const char *replace_why(const struct target *t, int64_t now_ns)
{
	const struct stream *s = t->more->stream;

	if (s && stream_failed_to_resume(s))
		return now_ns < resume_until_ns(t) ? NULL : unresumed;
	/* A peer that acknowledges is there, and only silent. */
	if (s && t->attempt->reused && stream_is_overdue(s))
		return "the kept connection acknowledges nothing: a new one";
	return NULL;
}

static int64_t look_again_ns(const struct target *t, int64_t now_ns)
{
	const struct stream *s = t->more->stream;

	if (s && stream_failed_to_resume(s))
		return resume_until_ns(t);
	return now_ns + target_settings(t)->t1_us * CLOCK_NS_PER_US;
}

void target_stream_look(struct target *t, int64_t now_ns)
{
	const char *why = replace_why(t, now_ns);

	if (why) {
		go_on(t, replace_stream(t, now_ns, why));
		return;
	}
	t->attempt->look_ns = look_again_ns(t, now_ns);
	target_wait(t);
}

static const struct stream_events stream_handlers = {
	target_stream_up_h, target_stream_message_h, target_stream_closed_h};

/* The identity the peer must prove: the URI's host, unless another is set. */
int target_peer_name(const struct target *t, char *out, size_t size)
{
	const char *set = target_settings(t)->tls.server_name;
	struct config_uri uri;

	if (set) {
		str_ncpy(out, set, size);
		return 0;
	}
	if (config_uri_parse(config_trunk_hop(t->owner->conf), &uri) ||
	    uri.host.l >= size)
		return EINVAL;
	memcpy(out, uri.host.p, uri.host.l);
	out[uri.host.l] = '\0';
	return 0;
}

/* A peer that has us work more than its share waits; without memory nobody counts. */
static void share_loop(struct target *t)
{
	struct target_more *more = target_more(t);

	if (more->account || !turns_account_alloc(&more->account, TURNS_SHARE))
		stream_share(more->stream, sockets_turns(target_services(t)->sockets),
			     more->account);
}

/* Without memory the whole handshake is made. */
static void use_session(struct target *t)
{
	int64_t lifetime_us = target_settings(t)->tls.session_lifetime_us;
	struct target_more *more = target_more(t);
	int64_t now_ns;

	if (!lifetime_us || !stream_is_tls(more->stream))
		return;
	if (!more->resume && tls_resume_alloc(&more->resume))
		return;
	if (!stream_use_session(more->stream, more->resume, lifetime_us))
		return;
	/* A peer that falls silent over it is asked once more, in time: after half of
	 * what is left, as this may be the probe's second connection. */
	now_ns = clock_monotonic_ns();
	t->attempt->look_ns = now_ns + (target_deadline_ns(t) - now_ns) / 2;
}

static int use_websocket(struct target *t)
{
	const struct handshake_request rq = {
		.trunk = t->owner->conf,
		.agent = target_services(t)->agent,
		.secure = t->address.transport == CONFIG_TRANSPORT_WSS,
	};
	int err = stream_use_websocket(t->more->stream, &rq, target_services(t)->ticker);

	if (err)
		drop_stream(t);
	return err;
}

/* @any_port: of ours, whatever `local` says */
static int connect_peer(struct target *t, bool any_port)
{
	const struct config_local *want = &target_settings(t)->local;
	struct stream_way way = {.dscp = t->settings->dscp};
	struct tls_profile *profile = NULL;
	char name[256] = "";
	struct sa local;
	int err = 0;

	if (local_sockets_wanted(want)) {
		err = local_sockets_address(&local, want, sa_af(&t->address.sa));
		if (!err && any_port)
			sa_set_port(&local, 0);
		way.local = &local;
	}
	if (err)
		return err;

	if (config_transport_is_tls(t->address.transport)) {
		err = tls_cache_get(target_tls(t), &profile, &target_settings(t)->tls,
				    false, NULL, 0);
		if (!err)
			err = target_peer_name(t, name, sizeof(name));
	}
	if (err)
		return err;
	err = stream_connect(&target_more(t)->stream, &t->address.sa, &way, profile, name,
			     &stream_handlers, t);
	t->attempt->send_err = err;
	if (!err && config_transport_is_websocket(t->address.transport))
		err = use_websocket(t);
	if (err)
		return err;
	stream_mark(t->more->stream)->opener = t;
	use_session(t);
	share_loop(t);
	return 0;
}

/*
 * From one port there can be but one connection to a peer: checks that share it take
 * turns, each within its probe's deadline.
 */
static int connect_in_turn(struct target *t)
{
	int err = connect_peer(t, false);

	if (err != EADDRINUSE || !target_settings(t)->local.port)
		return err;
	if (t->group->any_port)
		return connect_peer(t, true);
	t->attempt->resend_ns = clock_monotonic_ns() + TURN_NS;
	return 0;
}

int target_transact_stream(struct target *t)
{
	if (t->more->stream && t->more->stream_up) {
		/* Else an earlier transaction of this probe opened it. */
		if (!t->attempt->sent_ns)
			t->attempt->reused = true;
		if (!send_request(t)) {
			if (t->attempt->reused)
				look_later(t);
			return 0;
		}
		drop_stream(t);
		t->attempt->reused = false;
		t->attempt->sent_ns = 0;
	}
	drop_stream(t);
	return connect_in_turn(t);
}

void target_stream_again(struct target *t)
{
	int err;

	t->attempt->resend_ns = 0;
	err = connect_in_turn(t);
	if (err)
		target_unsent(t, err);
	else
		target_wait(t);
}

void target_stream_catch_up(struct target *t)
{
	if (t->more->stream)
		stream_catch_up(t->more->stream);
}

void target_stream_report(const struct target *t, struct probe_result *r)
{
	const struct stream_report *report;

	if (!t->more->stream)
		return;
	report = stream_report(t->more->stream);
	r->cert_not_after_s = report->cert_not_after_s;
	r->verified_not_after_s = report->verified_not_after_s;
	r->tls_cause = (uint8_t)report->tls_failure;
	r->tls_fault = (uint8_t)report->tls_fault;
	r->tls_resumed = report->tls_resumed && !t->attempt->reused;
	/* Phases of a connection that an earlier probe opened are not this one's. */
	if (t->attempt->reused)
		return;
	r->phase_ns[PROBE_PHASE_CONNECT] = report->connect_ns;
	r->phase_ns[PROBE_PHASE_TLS] = report->tls_ns;
	r->phase_ns[PROBE_PHASE_WEBSOCKET] = report->websocket_ns;
}

static void tell_certificate(const struct target *t)
{
	const struct probe_events *events = t->group->events;
	struct engine_certificate c;

	if (events->certificate_h && t->more->stream &&
	    stream_certificate(t->more->stream, &c))
		events->certificate_h(t->cell, &c, t->group->arg);
}

/* A connection that an earlier probe opened was told of then. */
static void tell_chain(const struct target *t)
{
	const struct probe_events *events = t->group->events;
	struct chain *chain;

	if (!events->chain_h || !t->more->stream || t->attempt->reused ||
	    stream_chain(t->more->stream, &chain))
		return;
	events->chain_h(t->cell, chain, t->group->arg);
	chain_unref(chain);
}

static bool keeps_connection(const struct target *t)
{
	if (t->prober->keeps_connection && t->prober->keeps_connection(t))
		return true;
	return target_settings(t)->connection == CONFIG_CONNECTION_REUSE;
}

static void tell_rehearsal(const struct target *t)
{
	struct rehearsal result;

	if (!t->group->rehearsal || !t->more->stream)
		return;
	stream_rehearse(t->more->stream, t->group->rehearsal, &result);
	t->group->events->rehearsal_h(t->cell, &result, t->group->arg);
}

void target_stream_done(struct target *t, bool answered)
{
	tell_certificate(t);
	tell_chain(t);
	tell_rehearsal(t);
	if (!answered || !keeps_connection(t))
		drop_stream(t);
}

enum probe_outcome target_stream_timeout(const struct target *t, const char **detail)
{
	if (t->attempt->sent_ns)
		return PROBE_TIMEOUT;
	if (t->attempt->resend_ns) {
		*detail = "the port of local has another connection to this peer, or is "
			  "another program's";
		return PROBE_INTERNAL;
	}
	if (!t->more->stream || stream_report(t->more->stream)->connect_ns < 0) {
		*detail = "no TCP connection before the deadline";
		return PROBE_CONNECT;
	}
	if (config_transport_is_tls(t->address.transport) &&
	    stream_report(t->more->stream)->tls_ns < 0) {
		*detail = "TLS handshake not done before the deadline";
		return PROBE_TLS;
	}
	*detail = "WebSocket handshake not done before the deadline";
	return PROBE_WEBSOCKET;
}
