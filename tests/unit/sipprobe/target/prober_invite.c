/*
 * INVITE as a probe: when a call is made and with what, what of its outcome becomes the
 * result, and who lets go of it. The call itself is the test's.
 */
#include <errno.h>

#include "sipprobe/call/calls.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP CONFIG_TRANSPORT_UDP

enum { INTERVAL_MS = 900 * 1000, TIMEOUT_MS = 2000 };

/* Whether a call may be made, and what is wrong with the next one. */
static enum calls_may may;
static const char *may_why;
static int start_err;

/* What was asked for, and the call that came of it: the test's `made` stands for it. */
static struct call_setup setup;
static char setup_name[256];
static const struct call_events *listener;
static void *listener_arg;
static unsigned made, left;
static char call_of_ours;

enum calls_may __wrap_calls_may(const struct calls *cs, const char *trunk,
				const char **why);
int __wrap_calls_start(struct call **cp, struct calls *cs, const struct call_setup *s,
		       const struct call_events *events, void *arg);
void __wrap_call_leave(struct call *c);

enum calls_may __wrap_calls_may(const struct calls *cs, const char *trunk,
				const char **why)
{
	(void)cs;
	*why = strcmp(trunk, "isp") ? "another trunk" : may_why;
	return may;
}

int __wrap_calls_start(struct call **cp, struct calls *cs, const struct call_setup *s,
		       const struct call_events *events, void *arg)
{
	(void)cs;
	setup = *s;
	(void)snprintf(setup_name, sizeof(setup_name), "%s", s->peer_name);
	if (start_err)
		return start_err;
	listener = events;
	listener_arg = arg;
	made++;
	*cp = (struct call *)(void *)&call_of_ours;
	return 0;
}

void __wrap_call_leave(struct call *c)
{
	left += c != NULL;
}

static void refused_h(void *cell, const char *why, void *arg)
{
	(void)cell;
	fixture_tell(arg, "refused: %s", why);
}

/* A target of a trunk that calls; @scheduled: nobody asked for it. */
static struct target *open_as(struct fixture *f, enum config_transport transport,
			      bool scheduled)
{
	struct target *t;

	may = CALLS_MAY;
	may_why = "nothing";
	start_err = 0;
	made = left = 0;
	fixture_open(f, transport, "");
	config_free(f->config);
	f->config = fixture_config(
		"{\"calls\": {\"numbers\": [\"100200\"], \"max_concurrent\": 1, "
		"\"max_per_hour\": 10, \"max_per_day\": 10, \"media\": {\"ports\": "
		"\"20000-20199\", \"networks\": [\"192.0.2.0/24\"]}}, \"trunks\": "
		"[{\"name\": "
		"\"isp\", \"uri\": \"sip:sbc.example:%u;transport=%s\", \"method\": "
		"\"INVITE\", \"timeout\": \"2s\", \"call\": {\"mode\": \"ring\", "
		"\"to\": \"100200\", \"interval\": \"15m\", \"answer_timeout\": "
		"\"10s\", \"ring_for\": \"5s\"}}]}",
		sa_port(&f->address.sa), config_transport_name(transport));
	f->group.conf = f->config;
	f->owner.conf = fixture_trunk(f);
	f->events.probe.call_refused_h = scheduled ? refused_h : NULL;
	f->ladder_wanted = true;
	t = fixture_target(f, &prober_invite);
	(void)fixture_told(f);
	return t;
}

static void close_all(struct fixture *f, struct target *t)
{
	mem_deref(t);
	fixture_close(f);
}

static int64_t due_ms(const struct target *t)
{
	return (target_due_ns(t) - virtual_now_ns) / CLOCK_NS_PER_MS;
}

static void test_setup(void)
{
	static const struct {
		enum config_transport transport;
		const char *name;
	} cases[] = {{UDP, ""},
		     {CONFIG_TRANSPORT_TCP, ""},
		     {CONFIG_TRANSPORT_TLS, "sbc.example"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct target *t = open_as(&f, cases[i].transport, true);

		fixture_probe(t);
		is_str(fixture_told(&f), "begin", "a probe begins");
		is_int(made, 1, "with a call");
		is_int(setup.transport, cases[i].transport, "by its transport");
		is_str(setup_name, cases[i].name, "the name to be proved over TLS");
		ok(sa_cmp(&setup.peer, &f.address.sa, SA_ALL) &&
			   setup.trunk == f.owner.conf && setup.conf == f.config &&
			   setup.tls == f.group.tls,
		   "to its address, by what is in force");
		close_all(&f, t);
	}
}

static const char invite[] = "INVITE sip:100200@sbc.example SIP/2.0\r\n\r\n";

/* All of an outcome is the result. */
static void test_outcome(void)
{
	struct call_outcome o = {.outcome = PROBE_RESPONSE,
				 .verdict = PROBE_DEGRADED,
				 .code = 486,
				 .connect_ns = 11,
				 .tls_ns = 12,
				 .retransmissions = 3,
				 .call_id = "0123456789",
				 .phrase = "Busy Here",
				 .detail = "in words",
				 .report = {.made = true, .response_ns = 13, .forks = 2}};
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	fixture_probe(t);
	(void)fixture_told(&f);
	listener->note_h(LADDER_SENT, virtual_now_ns, invite, sizeof(invite) - 1,
			 listener_arg);
	pass_ms(20);
	listener->note_h(LADDER_ODDITY, virtual_now_ns, "words", 0, listener_arg);
	pass_ms(10);
	o.ended_ns = virtual_now_ns - 5;
	listener->done_h(&o, listener_arg);
	is_str(fixture_told(&f), "response 486 degraded", "its verdict and code");
	is_str(f.ladder, "connect@0 tls@0 sent@0 oddity@20 closed@30",
	       "its messages and words");
	is_str(f.sent, invite, "as they were");
	is_str(f.last.detail, "in words", "why");
	is_str(f.last.phrase, "Busy Here", "the peer's words");
	ok(!strncmp(f.last.call_id, "0123456789", 10), "its Call-ID");
	is_int(f.last.ended_ns, o.ended_ns, "when it was over");
	is_int(f.last.retransmissions, 3, "copies of the INVITE");
	is_int(f.last.phase_ns[PROBE_PHASE_CONNECT], 11, "how long connecting took");
	is_int(f.last.phase_ns[PROBE_PHASE_TLS], 12, "and the handshake");
	is_int(f.last.phase_ns[PROBE_PHASE_ANSWER], 13, "and the answer");
	ok(f.last.call.made && f.last.call.forks == 2, "and its report");
	ok(due_ms(t) > INTERVAL_MS / 2 && due_ms(t) <= 3 * INTERVAL_MS / 2,
	   "the next by its interval");

	/* Nothing of it is left for the next, which never came to a call. */
	fixture_probe(t);
	(void)fixture_told(&f);
	o = (struct call_outcome){
		.outcome = PROBE_INTERNAL, .verdict = PROBE_DOWN, .err = EIO};
	listener->done_h(&o, listener_arg);
	is_str(fixture_told(&f), "internal down", "an outcome without a call");
	is_int(f.last.err, EIO, "its errno value");
	is_str(f.last.detail, "", "no words");
	ok(f.last.ended_ns == virtual_now_ns && !f.last.retransmissions &&
		   f.last.phase_ns[PROBE_PHASE_CONNECT] < 0,
	   "and no figures");
	close_all(&f, t);
	is_int(left, 0, "what has ended is not let go of again");
}

/* A call has more to tell than a transaction. */
static void test_long_ladder(void)
{
	const struct call_outcome o = {.outcome = PROBE_RESPONSE, .code = 200};
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	fixture_probe(t);
	for (int i = 0; i < 47; i++)
		listener->note_h(LADDER_SENT, virtual_now_ns, invite, sizeof(invite) - 1,
				 listener_arg);
	listener->done_h(&o, listener_arg);
	is_int((long long)strlen(f.ladder), 44 * 7 - 1 + 10, "44 messages");
	ok(strstr(f.ladder, "sent@0 3 dropped") != NULL, "and how many more there were");
	close_all(&f, t);
}

/* Where nobody asked, a call that may not be made is left out, and told as that. */
static void test_refused(void)
{
	for (int64_t k = 0; k < 4; k++) {
		struct fixture f;
		struct target *t = open_as(&f, UDP, true);

		f.services.schedule.offset_ns = k * INTERVAL_MS / 4 * CLOCK_NS_PER_MS;
		may = CALLS_REFUSED;
		may_why = "a limit";
		fixture_probe(t);
		is_str(fixture_told(&f), "refused: a limit", "told, and no result");
		is_int(made, 0, "no call");
		ok(due_ms(t) >= INTERVAL_MS / 2 && due_ms(t) <= 3 * INTERVAL_MS / 2,
		   "the next by its interval: %lld ms", (long long)due_ms(t));
		close_all(&f, t);
	}
}

/* The trunk's last call is not over: its turn comes. */
static void test_busy(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	may = CALLS_BUSY;
	fixture_probe(t);
	is_int(due_ms(t), 1000, "looked at again after a second");
	pass_ms(1500);
	is_int(due_ms(t), 500, "and again");
	is_str(fixture_told(&f), "", "untold");
	may = CALLS_MAY;
	pass_ms(500);
	is_str(fixture_told(&f), "begin", "its turn");
	is_int(made, 1, "a call");
	close_all(&f, t);
}

/* As many are open as may be: its turn comes within its interval, or it is left out. */
static void test_full(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	may = CALLS_FULL;
	may_why = "others";
	fixture_probe(t);
	is_int(due_ms(t), 1000, "looked at again after a second");
	pass_ms(INTERVAL_MS - 1500);
	is_str(fixture_told(&f), "", "untold, nearly for its interval");
	may = CALLS_MAY;
	pass_ms(1000);
	is_str(fixture_told(&f), "begin", "its turn");
	is_int(made, 1, "a call");
	mem_deref(t);
	fixture_close(&f);

	t = open_as(&f, UDP, true);
	may = CALLS_FULL;
	may_why = "others";
	for (int round = 0; round < 2; round++) {
		fixture_probe(t);
		pass_ms(INTERVAL_MS - 1500);
		is_str(fixture_told(&f), "", "it waits");
		pass_ms(2500);
		is_str(fixture_told(&f), "refused: others", "and is left out, told");
		ok(due_ms(t) > INTERVAL_MS / 3, "until the next");
	}
	close_all(&f, t);
}

/* Who asks for a call is told why there is none. */
static void test_asked_for(void)
{
	static const enum calls_may refusals[] = {CALLS_BUSY, CALLS_FULL, CALLS_REFUSED};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct call_outcome o = {.outcome = PROBE_INTERNAL,
					       .verdict = PROBE_DOWN,
					       .detail = "other words"};
		struct fixture f;
		struct target *t = open_as(&f, UDP, false);

		may = refusals[i];
		may_why = "a limit";
		fixture_probe(t);
		is_str(fixture_told(&f), "begin, internal down", "a result at once");
		is_int(f.last.err, EBUSY, "its errno value");
		is_str(f.last.detail, "a limit", "and why");
		is_int(made, 0, "no call");
		may = CALLS_MAY;
		fixture_probe(t);
		is_int(made, 1, "now it may");
		listener->done_h(&o, listener_arg);
		is_str(f.last.detail, "other words", "what was so before is forgotten");
		close_all(&f, t);
	}
}

/* No memory, say. */
static void test_not_begun(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	start_err = ENOMEM;
	fixture_probe(t);
	is_str(fixture_told(&f), "begin, internal down", "no call");
	is_int(f.last.err, ENOMEM, "and why");
	close_all(&f, t);
	is_int(left, 0, "none to let go of");
}

/* All calls are stopped: that says nothing of the trunk. */
static void test_stopped(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	fixture_probe(t);
	(void)fixture_told(&f);
	listener->stopped_h(listener_arg);
	is_str(fixture_told(&f), "refused: calls were stopped", "no result");
	ok(due_ms(t) > INTERVAL_MS / 2, "the next by its interval");
	close_all(&f, t);

	t = open_as(&f, UDP, false);
	fixture_probe(t);
	(void)fixture_told(&f);
	listener->stopped_h(listener_arg);
	is_str(fixture_told(&f), "internal down", "who asked has one");
	is_int(f.last.err, ECANCELED, "its errno value");
	is_str(f.last.detail, "calls were stopped", "in words");
	close_all(&f, t);
	is_int(left, 0, "it has ended by itself");
}

/* The longest that a call takes, and the trunk's timeout besides. */
static void test_deadline(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);
	int64_t most_ms =
		TIMEOUT_MS + call_longest_us(fixture_trunk(&f)->settings->call) / 1000;

	fixture_probe(t);
	(void)fixture_told(&f);
	pass_ms(most_ms - 10);
	is_str(fixture_told(&f), "", "it has its time");
	is_int(left, 0, "and goes on");
	pass_ms(20);
	is_str(fixture_told(&f), "timeout down", "not over in time");
	is_int(f.last.err, ETIMEDOUT, "its errno value");
	is_str(f.last.detail, "the call was not over in time", "in words");
	is_int(left, 1, "let go of");
	close_all(&f, t);
	is_int(left, 1, "once");
}

/* The loop stood still past the deadline: nobody is called twice for that. */
static void test_held_up(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	fixture_probe(t);
	(void)fixture_told(&f);
	virtual_now_ns += 1000 * CLOCK_NS_PER_S;
	pass_ms(10);
	is_str(fixture_told(&f), "timeout down", "its result");
	is_int(made, 1, "one call");
	close_all(&f, t);
}

/* Whoever goes, or begins anew, lets go of the call that is under way. */
static void test_leaving(void)
{
	struct fixture f;
	struct target *t = open_as(&f, UDP, true);

	fixture_probe(t);
	target_rebind(t);
	pass_ms(10);
	is_int(left, 0, "a new way out is the call's own business");
	target_probe_now(t);
	is_int(left, 1, "dropped for the next");
	pass_ms(10);
	is_int(made, 2, "which is made");
	close_all(&f, t);
	is_int(left, 2, "ended with its target");
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_setup,   test_outcome,  test_long_ladder, test_refused,
		test_busy,    test_full,     test_asked_for,   test_not_begun,
		test_stopped, test_deadline, test_held_up,     test_leaving,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
