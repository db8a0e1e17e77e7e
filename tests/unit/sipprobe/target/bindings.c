/* One Contact held by several targets, or by one after another: who takes it back. */
#include "sipprobe/target/bindings.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP CONFIG_TRANSPORT_UDP
#define BINDS                                                                            \
	", \"interval\": \"2h\", \"method\": \"REGISTER\", "                             \
	"\"register\": {\"bind\": true, \"expires\": \"600s\"}"

static char call_id[FIXTURE_TEXT];

/* A target that is registered. */
static struct target *bound_target(struct fixture *f)
{
	struct target *t = fixture_target(f, &prober_register);
	char field[FIXTURE_TEXT + 32];

	fixture_probe(t);
	fixture_drain(f);
	(void)snprintf(field, sizeof(field), "Contact: %s\r\n",
		       fixture_field(f, "Contact"));
	fixture_reply(f, "200 OK", field);
	is_str(f->last.outcome == PROBE_RESPONSE ? "bound" : "not bound", "bound",
	       fixture_field(f, "Contact"));
	return t;
}

/* The same of another description, which follows @f's. */
static struct target *bound_as(struct fixture *f, struct config **conf, const char *name,
			       const char *settings)
{
	*conf = fixture_config("{\"trunks\": [{\"name\": \"%s\", \"uri\": "
			       "\"sip:127.0.0.1:%u;transport=udp\"%s}]}",
			       name, sa_port(&f->address.sa), settings);
	f->owner.conf = &(*conf)->trunks[0];
	return bound_target(f);
}

static struct target *bound_by(struct fixture *f, struct config **conf,
			       const char *settings)
{
	return bound_as(f, conf, "isp", settings);
}

static void leave(struct fixture *f, struct target *t, bool succeeded)
{
	(void)snprintf(call_id, sizeof(call_id), "%s", fixture_field(f, "Call-ID"));
	f->group.expecting = succeeded;
	target_remove(t);
	f->group.expecting = false;
}

static int targets(const struct fixture *f)
{
	return (int)registry_count(f->services.registry);
}

static void test_shared(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = bound_target(&f);
	leave(&f, one, false);
	is_int(targets(&f), 1, "another holds it: gone at once");
	pass_ms(60000);
	is_int(fixture_drain(&f), 0, "without a word");
	leave(&f, other, false);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "the last one");
	is_str(fixture_field(&f, "Expires"), "0", "takes it back");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_int(targets(&f), 0, "and is gone");
	fixture_close(&f);
}

/* Who holds it no more holds nobody up. */
static void test_shared_no_more(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = bound_target(&f);
	fixture_probe(other);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Expires: 0\r\n");
	leave(&f, one, false);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "taken back");
	mem_deref(other);
	fixture_close(&f);
}

static void test_all_at_the_end(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = bound_target(&f);
	ok(target_unregister(one, virtual_now_ns), "at the end of the program");
	ok(target_unregister(other, virtual_now_ns), "all take theirs back");
	pass_ms(2);
	is_int(fixture_drain(&f), 2, "one each");
	mem_deref(one);
	mem_deref(other);
	fixture_close(&f);
}

/* A reload changed what has nothing to do with it. */
static void test_successor(void)
{
	struct config *conf;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	leave(&f, bound_target(&f), true);
	pass_ms(5000);
	is_int(fixture_drain(&f), 0, "it is left to the successor");
	is_int(targets(&f), 1, "while it waits");
	t = bound_by(&f, &conf, BINDS ", \"labels\": {\"site\": \"oslo\"}");
	is_int(targets(&f), 1, "whose it is as soon as that registers");
	is_str(fixture_field(&f, "Call-ID"), call_id, "by the same Call-ID");
	is_str(fixture_field(&f, "CSeq"), "2 REGISTER", "with the next CSeq");
	pass_ms(60000);
	is_int(fixture_drain(&f), 0, "and nobody takes it back");
	mem_deref(t);
	config_free(conf);
	fixture_close(&f);
}

static void test_no_successor(void)
{
	struct fixture f;

	fixture_open(&f, UDP, BINDS);
	leave(&f, bound_target(&f), true);
	pass_ms(6900);
	is_int(fixture_drain(&f), 0, "a timeout, a start and a second");
	pass_ms(200);
	is_int(fixture_drain(&f), 1, "are long enough");
	is_str(fixture_field(&f, "Expires"), "0", "taken back");
	fixture_close(&f);
}

static void test_stopped_while_waiting(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	t = bound_target(&f);
	leave(&f, t, true);
	ok(!target_unregister(t, target_due_ns(t)), "it will do so by then");
	ok(target_unregister(t, virtual_now_ns), "the program ends");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "now or never");
	ok(!target_unregister(t, virtual_now_ns), "but once");
	fixture_close(&f);
}

/* It was right to leave, but somebody comes after all. */
static void test_newer_register(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	leave(&f, bound_target(&f), false);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "being taken back");
	t = bound_target(&f);
	is_str(fixture_field(&f, "CSeq"), "3 REGISTER", "a newer one");
	is_str(fixture_field(&f, "Call-ID"), call_id, "of the same row");
	pass_ms(6000);
	is_int(fixture_drain(&f), 0, "ends that: nothing is sent again");
	is_int(targets(&f), 1, "it is gone");
	is_int(f.unregistered, 1, "and whoever waits for the last one is told");
	mem_deref(t);
	fixture_close(&f);
}

/* A registrar that takes one Contact must be rid of the old one. */
static void test_other_contact(void)
{
	struct config *conf;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	leave(&f, bound_target(&f), true);
	t = bound_by(&f, &conf,
		     BINDS ", \"contact\": \"sip:ping@127.0.0.1:5999;transport=udp\"");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "the old one goes at once");
	is_str(fixture_field(&f, "Expires"), "0", "taken back");
	is_str(fixture_field(&f, "Call-ID"), call_id, "by who had it");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_int(targets(&f), 1, "the new one stays");
	mem_deref(t);
	config_free(conf);
	fixture_close(&f);
}

#define OTHER_CONTACT ", \"contact\": \"sip:ping@127.0.0.1:5999;transport=udp\""

/* Another trunk of the address of record has come: whose turn it was still comes. */
static void test_other_trunk(void)
{
	struct config *other, *conf;
	struct target *t, *next;
	struct fixture f;

	fixture_open(&f, UDP, BINDS);
	leave(&f, bound_target(&f), true);
	next = bound_as(&f, &other, "other", BINDS OTHER_CONTACT);
	fixture_probe(next);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	pass_ms(2000);
	is_int(fixture_drain(&f), 0, "nothing is taken back for another trunk");
	is_int(targets(&f), 2, "it waits for its own successor");
	t = bound_by(&f, &conf, BINDS ", \"labels\": {\"site\": \"oslo\"}");
	is_int(targets(&f), 2, "whose it is then");
	is_str(fixture_field(&f, "CSeq"), "2 REGISTER", "and who goes on with it");
	mem_deref(t);
	mem_deref(next);
	config_free(conf);
	config_free(other);
	fixture_close(&f);
}

/* Nor for one of the same trunk that was there all the time. */
static void test_neighbour(void)
{
	struct config *conf;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	t = bound_by(&f, &conf, BINDS OTHER_CONTACT);
	f.owner.conf = f.config->trunks;
	leave(&f, bound_target(&f), true);
	f.owner.conf = conf->trunks;
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	pass_ms(2000);
	is_int(fixture_drain(&f), 0, "a refresh beside it succeeds nobody");
	is_int(targets(&f), 2, "it waits");
	mem_deref(t);
	config_free(conf);
	fixture_close(&f);
}

/* Who runs on has nobody that waits for the last one. */
static void test_nobody_waits(void)
{
	struct fixture f;

	fixture_open(&f, UDP, BINDS);
	f.group.unregistered_h = NULL;
	leave(&f, bound_target(&f), false);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "taken back");
	fixture_reply(&f, "200 OK", "");
	pass_ns(WHEEL_TICK_NS);
	is_int(targets(&f), 0, "and gone");
	fixture_close(&f);
}

/* RFC 3261 10.2: all registrations of one address of record are of one Call-ID. */
static void test_contact_that_changes(void)
{
	struct request_register reg = {.registrar = "sip:r.example",
				       .aor = "sip:u@r.example",
				       .contact = "sip:u@127.0.0.1:5998",
				       .expires_s = 600};
	struct bound *b = NULL;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	t = bound_target(&f);
	is_int(bindings_take(&b, t, &reg), 0, "another row");
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	(void)snprintf(call_id, sizeof(call_id), "%s", fixture_field(&f, "Call-ID"));
	is_str(fixture_field(&f, "CSeq"), "1 REGISTER", "with a Call-ID of its own");
	reg.contact = "sip:u@127.0.0.2:5998";
	is_int(bindings_take(&b, t, &reg), 0, "its Contact changes");
	fixture_probe(t);
	fixture_drain(&f);
	is_str(fixture_field(&f, "Call-ID"), call_id, "the Call-ID does not");
	is_str(fixture_field(&f, "CSeq"), "2 REGISTER", "and goes on");
	mem_deref(t);
	mem_deref(b);
	fixture_close(&f);
}

/* A Contact that somebody gave up for another is no longer his. */
static void test_given_up(void)
{
	struct request_register reg = {.registrar = "sip:r.example",
				       .aor = "sip:u@r.example",
				       .contact = "sip:u@127.0.0.1:5998",
				       .expires_s = 600};
	struct bound *one = NULL, *other = NULL;
	struct fixture f;
	struct target *a, *b;

	fixture_open(&f, UDP, BINDS);
	a = bound_target(&f);
	b = bound_target(&f);
	(void)bindings_take(&one, a, &reg);
	(void)bindings_take(&other, b, &reg);
	ok(bindings_shared(one) && bindings_shared(other), "two hold it");
	bindings_last(other, virtual_now_ns + 1);
	ok(bindings_shared(one), "as long as it may last");
	bindings_last(other, virtual_now_ns);
	ok(!bindings_shared(one), "and no longer");
	reg.contact = "sip:u@127.0.0.2:5998";
	(void)bindings_take(&one, a, &reg);
	ok(!bindings_shared(other), "one has another Contact now");
	mem_deref(a);
	mem_deref(b);
	mem_deref(one);
	mem_deref(other);
	fixture_close(&f);
}

/* Who was asked, and did not answer yet, may hold it. */
static void test_asked(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = fixture_target(&f, &prober_register);
	fixture_probe(other);
	fixture_drain(&f);
	leave(&f, one, false);
	is_int(targets(&f), 1, "another asks for it: gone at once");
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 0, "without a word");
	mem_deref(other);
	fixture_close(&f);
}

/* Who was refused does not hold it. */
static void test_refused(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = fixture_target(&f, &prober_register);
	fixture_probe(other);
	fixture_drain(&f);
	fixture_reply(&f, "403 Forbidden", "");
	leave(&f, one, false);
	pass_ns(WHEEL_TICK_NS);
	is_int(fixture_drain(&f), 1, "it is taken back");
	mem_deref(other);
	fixture_close(&f);
}

/* It waits for a successor; who had let go of the same Contact binds it again. */
static void test_bound_again(void)
{
	struct fixture f;
	struct target *one, *other;

	fixture_open(&f, UDP, BINDS);
	one = bound_target(&f);
	other = bound_target(&f);
	fixture_probe(other);
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "Expires: 0\r\n");
	leave(&f, one, true);
	is_int(targets(&f), 2, "it waits");
	fixture_probe(other);
	is_int(targets(&f), 1, "and is spared");
	pass_ms(4000);
	(void)fixture_drain(&f);
	ok(strcmp(fixture_field(&f, "Expires"), "0") != 0, "nobody takes it back");
	mem_deref(other);
	fixture_close(&f);
}

/* DNS gives another address: its registration goes on, the one made there first of all.
 */
static void test_other_addresses(void)
{
	char ids[3][FIXTURE_TEXT];
	struct sa peers[3];
	struct target *t[2];
	struct fixture f;
	int fds[3];

	fixture_open(&f, UDP, BINDS);
	for (int i = 0; i < 3; i++) {
		if (i)
			fixture_peer(&f, "127.0.0.1", UDP);
		peers[i] = f.address.sa;
		fds[i] = f.fd;
	}
	for (int i = 0; i < 2; i++) {
		f.fd = fds[i];
		f.address.sa = peers[i];
		t[i] = bound_target(&f);
		(void)snprintf(ids[i], sizeof(ids[i]), "%s",
			       fixture_field(&f, "Call-ID"));
	}
	ok(strcmp(ids[0], ids[1]) != 0, "two addresses, a Call-ID each");
	mem_deref(t[0]);
	mem_deref(t[1]);
	for (int i = 2; i >= 0; i--) {
		f.fd = fds[i];
		f.address.sa = peers[i];
		t[0] = bound_target(&f);
		if (i == 2)
			ok(!strcmp(fixture_field(&f, "Call-ID"), ids[0]) ||
				   !strcmp(fixture_field(&f, "Call-ID"), ids[1]),
			   "a third address goes on with one of them");
		if (i == 1)
			is_str(fixture_field(&f, "Call-ID"), ids[1], "its own");
		mem_deref(t[0]);
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] != f.fd)
			(void)close(fds[i]);
	fixture_close(&f);
}

/* Other spellings of one address of record and one Contact; and others. */
static void test_spellings(void)
{
	static const struct {
		const char *settings;
		int left;
	} cases[] = {
		{", \"from\": \"sip:%75@h.example\", \"contact\": \"sip:a@127.0.0.1\"",
		 1},
		{", \"from\": \"sip:u@H.Example\", \"contact\": \"SIP:a@127.0.0.1;ob\"",
		 1},
		{", \"from\": \"sip:v@h.example\", \"contact\": \"sip:a@127.0.0.1\"", 2},
		{", \"from\": \"sip:u@h.example\", \"contact\": \"sip:b@127.0.0.1\"", 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char settings[512];
		struct config *conf;
		struct fixture f;
		struct target *one, *other;

		fixture_open(&f, UDP,
			     BINDS ", \"from\": \"sip:u@h.example\", "
				   "\"contact\": \"sip:a@127.0.0.1\"");
		one = bound_target(&f);
		(void)snprintf(settings, sizeof(settings), BINDS "%s", cases[i].settings);
		other = bound_by(&f, &conf, settings);
		leave(&f, one, false);
		is_int(targets(&f), cases[i].left, cases[i].settings);
		mem_deref(other);
		fixture_close(&f);
		config_free(conf);
	}
}

/* What nobody holds is forgotten when it cannot last any longer, all of it. */
static void test_sweep(void)
{
	const struct config_trunk *first;
	struct config *conf;
	struct fixture f;
	struct target *t;

	fixture_open(&f, UDP, BINDS);
	first = f.owner.conf;
	mem_deref(
		bound_by(&f, &conf, BINDS ", \"contact\": \"sip:ping@127.0.0.1:5999\""));
	f.owner.conf = first;
	mem_deref(bound_target(&f));
	(void)snprintf(call_id, sizeof(call_id), "%s", fixture_field(&f, "Call-ID"));
	bindings_sweep(f.group.bindings);
	t = bound_target(&f);
	is_str(fixture_field(&f, "Call-ID"), call_id, "still known");
	mem_deref(t);
	pass_ms(600000);
	bindings_sweep(f.group.bindings);
	t = bound_target(&f);
	ok(strcmp(fixture_field(&f, "Call-ID"), call_id) != 0, "known no more");
	mem_deref(t);
	config_free(conf);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_shared,	      test_shared_no_more,
		test_all_at_the_end,  test_successor,
		test_no_successor,    test_stopped_while_waiting,
		test_newer_register,  test_other_contact,
		test_spellings,	      test_sweep,
		test_given_up,	      test_asked,
		test_refused,	      test_bound_again,
		test_other_addresses, test_contact_that_changes,
		test_nobody_waits,    test_other_trunk,
		test_neighbour,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
