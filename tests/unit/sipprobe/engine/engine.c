/* The engine as a whole: a configuration put in force, replaced, refused, and the end. */
#include "base/date.h"
#include "sipprobe/dns/resolv_watch.h"
#include "sipprobe/engine/engine_private.h"
#include "tests/unit/descriptors.h"
#include "tests/unit/sipprobe/dns/zone_resolver.h"
#include "tests/unit/sipprobe/engine/running.h"
#include "tests/unit/sipprobe/transport/cert_file.h"

static char resolv_conf[64]; /* in place of the machine's */

int __real_resolv_watch_alloc(struct resolv_watch **wp, struct ticker *ticker,
			      const char *path, resolv_watch_h *h, void *arg);
int __wrap_resolv_watch_alloc(struct resolv_watch **wp, struct ticker *ticker,
			      const char *path, resolv_watch_h *h, void *arg);

int __wrap_resolv_watch_alloc(struct resolv_watch **wp, struct ticker *ticker,
			      const char *path, resolv_watch_h *h, void *arg)
{
	return __real_resolv_watch_alloc(wp, ticker, *resolv_conf ? resolv_conf : path, h,
					 arg);
}

#define LITERAL "\"uri\": \"sip:127.0.0.1:9\", \"interval\": \"2h\""

static void test_apply(void)
{
	struct config *first = fixture_config(
		"{\"sip\": {\"listen\": [\"udp:127.0.0.1:0\", \"tcp:127.0.0.1:0\"]}, "
		"\"trunks\": [{\"name\": \"a\", " LITERAL "}, {\"name\": \"b\", " LITERAL
		"}, {\"name\": \"c\", " LITERAL "}]}");
	struct config *second = fixture_config(
		"{\"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}, \"trunks\": ["
		"{\"name\": \"d\", " LITERAL "}, {\"name\": \"b\", \"fall\": 7, " LITERAL
		"}, {\"name\": \"a\", " LITERAL "}]}");
	struct running r;

	running_open(&r, "");
	is_int(running_apply(&r, first), 0, "in force");
	is_str(running_told(&r), "trunk a, trunk b, trunk c", "its trunks begin");
	ok(!strncmp(engine_listening(r.engine, 0), "udp:127.0.0.1:", 14) &&
		   !strncmp(engine_listening(r.engine, 1), "tcp:127.0.0.1:", 14) &&
		   !engine_listening(r.engine, 2),
	   "and it listens");
	ok(loop_until(running_has_targets, &r), "probing begins");
	is_int(running_apply(&r, second), 0, "another");
	is_str(running_told(&r),
	       "trunk remove b, trunk remove c, trunk d, trunk b, move a",
	       "what changed begins anew, what did not goes on");
	ok(!engine_listening(r.engine, 1), "what is not listed is closed");
	ok(loop_until(running_has_targets, &r), "what came is probed");
	is_int(running_apply(&r, first) | running_apply(&r, second), 0, "there and back");
	ok(loop_until(running_has_targets, &r), "before anything had its turn");
	running_close(&r);
	config_free(first);
	config_free(second);
}

static void test_refused(void)
{
	struct config *good =
		fixture_config("{\"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]},"
			       "\"trunks\": [{\"name\": \"a\", " LITERAL "}]}");
	struct config *taken, *no_file, *no_cert;
	struct running r;
	struct sa sa;
	char want[128];
	int open;

	running_open(&r, "");
	sa = r.f.address.sa;
	taken = fixture_config("{\"sip\": {\"listen\": [\"udp:127.0.0.1:%u\"]}, "
			       "\"trunks\": [{\"name\": \"b\", " LITERAL "}]}",
			       sa_port(&sa));
	no_file = fixture_config(
		"{\"sip\": {\"listen\": [\"tcp:127.0.0.1:0\"]}, "
		"\"trunks\": [{\"name\": \"b\", \"uri\": \"sips:127.0.0.1\", "
		"\"tls\": {\"ca_file\": \"/dev/null\"}}]}");
	no_cert = fixture_config("{\"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}, "
				 "\"trunks\": [{\"name\": \"a\", " LITERAL "}]}");
	(void)running_apply(&r, good);
	(void)running_told(&r);
	is_int(running_apply(&r, taken), EADDRINUSE, "a port that is taken");
	(void)snprintf(want, sizeof(want), "udp:127.0.0.1:%u: Address already in use",
		       sa_port(&sa));
	is_str(r.err, want, "in words");
	is_str(running_told(&r), "", "and nothing changes");
	open = descriptors_open();
	is_int(running_apply(&r, no_file), EINVAL, "a file without certificates");
	is_int(descriptors_open(), open, "what was opened before that is closed");
	ok(strstr(r.err, "/dev/null") != NULL, "in words: %s", r.err);
	is_str(running_told(&r), "", "and nothing changes");
	is_int(running_apply(&r, no_cert), 0, "the same again");
	is_str(running_told(&r), "move a", "goes on");
	running_close(&r);
	is_str(r.f.told, "trunk remove a", "and all of it ends");
	config_free(good);
	config_free(taken);
	config_free(no_file);
	config_free(no_cert);
}

/* Who speaks TLS for certain has its files read before anything changes. */
static void test_files(void)
{
	static const struct {
		const char *trunk;
		int err;
	} cases[] = {
		{"\"uri\": \"sips:127.0.0.1\"", EINVAL},
		{"\"uri\": \"SIPS:127.0.0.1\"", EINVAL},
		{"\"uri\": \"sip:127.0.0.1;transport=TLS\"", EINVAL},
		{"\"uri\": \"wss://127.0.0.1/\"", EINVAL},
		{"\"uri\": \"sip:127.0.0.1:9\"", 0},
		{"\"uri\": \"sip:tls.invalid:9\"", 0},
		{"\"uri\": \"ws://127.0.0.1:9/\"", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c = fixture_config(
			"{\"trunks\": [{\"name\": \"a\", \"uri\": \"sips:127.0.0.1\"}, "
			"{\"name\": \"b\", \"interval\": \"2h\", %s, \"tls\": "
			"{\"ca_file\": \"/dev/null\"}}]}",
			cases[i].trunk);
		struct running r;

		running_open(&r, "");
		is_int(running_apply(&r, c), cases[i].err, cases[i].trunk);
		is_str(running_told(&r), cases[i].err ? "" : "trunk a, trunk b",
		       "all or nothing");
		running_close(&r);
		config_free(c);
	}
}

/* A trunk's own socket is open for as long as a trunk wants it. */
static void test_local(void)
{
	struct config *with =
		fixture_config("{\"trunks\": [{\"name\": \"a\", \"local\": {\"address\": "
			       "\"127.0.0.1\"}, " LITERAL "}]}");
	struct config *same =
		fixture_config("{\"trunks\": [{\"name\": \"a\", \"fall\": 7, \"local\": "
			       "{\"address\": \"127.0.0.1\"}, " LITERAL "}]}");
	struct config *without = fixture_config("{\"trunks\": []}");
	struct running r;
	int open;

	running_open(&r, "");
	(void)running_apply(&r, without);
	open = descriptors_open();
	(void)running_apply(&r, with);
	ok(loop_until(running_has_targets, &r), "it has an address");
	pass_ms(1001);
	is_int(descriptors_open(), open + 1, "from a socket of its own");
	(void)running_apply(&r, same);
	is_int(descriptors_open(), open + 1, "which stays");
	(void)running_apply(&r, without);
	is_int(descriptors_open(), open, "and goes with it");
	running_close(&r);
	config_free(with);
	config_free(same);
	config_free(without);
}

static void test_certificates(void)
{
	struct cert_file s;
	struct running r;
	struct config *c;

	cert_file_open(&s);
	running_open(&r, "");
	c = fixture_config("{\"sip\": {\"listen\": [\"tls:127.0.0.1:0\"], \"tls\": "
			   "{\"cert_file\": \"%s\", \"key_file\": \"%s\"}}, \"trunks\": "
			   "[{\"name\": \"a\", " LITERAL "}]}",
			   s.path, s.path);
	is_int(running_apply(&r, c), 0, "listening for TLS");
	is_str(running_told(&r), "trunk a, listen cert", "told what is shown");
	cert_file_write(&s, 5000);
	pass_ms(6000);
	is_str(running_told(&r), "listen cert, files read", "and what replaced it");
	cert_file_break(&s);
	pass_ms(6000);
	is_str(running_told(&r), "files bad", "or could not");
	running_close(&r);
	config_free(c);
	cert_file_remove(&s);
}

static int running_renew(struct running *r)
{
	return engine_renew(r->engine, r->err, sizeof(r->err));
}

/* What the configuration in force names is looked at again, and nothing else. */
static void test_renew(void)
{
	struct cert_file ours, theirs;
	struct running r;
	struct config *c;
	unsigned made;

	cert_file_open(&ours);
	cert_file_open(&theirs);
	running_open(&r, "sbc.test A 127.0.0.1\n");
	c = fixture_config(
		"{\"sip\": {\"listen\": [\"tls:127.0.0.1:0\"], \"tls\": "
		"{\"cert_file\": \"%s\", \"key_file\": \"%s\"}}, \"trunks\": "
		"[{\"name\": \"a\", " LITERAL "}, {\"name\": \"b\", \"uri\": "
		"\"sips:sbc.test:9\", \"interval\": \"2h\", \"tls\": {\"ca_file\": "
		"\"%s\"}}]}",
		ours.path, ours.path, theirs.path);
	is_int(running_apply(&r, c), 0, "in force");
	is_str(running_told(&r), "trunk a, trunk b, listen cert", "all of it is told");
	made = resolvers_made;
	is_int(running_renew(&r), 0, "once more");
	is_str(running_told(&r), "listen cert", "no trunk moves, what is shown is told");
	is_int(resolvers_made, made + 1, "names are asked for elsewhere");
	cert_file_break(&theirs);
	is_int(running_renew(&r), EINVAL, "with an authority that cannot be read");
	ok(strstr(r.err, theirs.path) != NULL, "in words: %s", r.err);
	is_str(running_told(&r), "", "nothing changes");
	is_int(running_apply(&r, c), EINVAL, "nor would it from the beginning");
	cert_file_write(&theirs, 5000);
	cert_file_break(&ours);
	ok(running_renew(&r) != 0, "with a certificate of our own that cannot");
	cert_file_write(&ours, 5000);
	is_int(running_renew(&r), 0, "until all can");
	is_str(running_told(&r), "listen cert", "and that is told");
	running_close(&r);
	config_free(c);
	cert_file_remove(&ours);
	cert_file_remove(&theirs);
}

static void resolv_conf_write(const char *text)
{
	FILE *f = fopen(resolv_conf, "we");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void count_h(void *arg)
{
	fixture_tell(arg, "files resolv.conf");
}

/* The machine has come to other networks: what is open is asked for anew, there. */
static void test_resolv_conf(void)
{
	struct running r;
	struct config *c;
	unsigned made;

	(void)snprintf(resolv_conf, sizeof(resolv_conf), "/tmp/engine-resolv-%d",
		       (int)getpid());
	resolv_conf_write("nameserver 192.0.2.1\n");
	running_open(&r, "a.test 60 A 127.0.0.1\nb.test 60 A 127.0.0.1\n");
	r.f.events.resolv_conf_h = count_h;
	c = fixture_config(
		"{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.test:9\", "
		"\"interval\": \"2h\", \"family\": \"ipv4\"}, {\"name\": \"b\", "
		"\"uri\": \"sip:b.test:9\", \"interval\": \"2h\", "
		"\"family\": \"ipv4\"}]}");
	(void)running_apply(&r, c);
	pass_ms(3000);
	is_str(r.zone->log, "A a.test, A b.test", "asked, and not answered yet");
	(void)running_told(&r);
	made = resolvers_made;
	resolv_conf_write("nameserver 192.0.2.2\n");
	pass_ms(5000);
	is_str(running_told(&r), "files resolv.conf", "told");
	is_int(resolvers_made, made + 1, "another resolver");
	is_str(r.zone->log, "A a.test, A b.test, A a.test, A b.test", "asked again");
	running_close(&r);
	config_free(c);
	(void)unlink(resolv_conf);
	resolv_conf[0] = '\0';
}

/* Pauses end by themselves, before and after a reload that says the same. */
static void test_pauses(void)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	struct config *conf[3];
	char soon[DATE_BYTES];
	struct running r;

	running_open(&r, "");
	(void)date_print(soon, now_s + 1000);
	for (size_t i = 0; i < 3; i++)
		conf[i] = fixture_config("{\"trunks\": [{\"name\": \"a\", \"paused\": "
					 "\"until %s\", " LITERAL
					 "}, {\"name\": \"b\", \"paused\": true, " LITERAL
					 "}, {\"name\": \"c\", " LITERAL "}]}",
					 soon);
	(void)running_apply(&r, conf[0]);
	is_str(running_told(&r),
	       "trunk a, trunk a paused, trunk b, trunk b paused, trunk c",
	       "two are paused");
	pass_ms(5000);
	(void)running_apply(&r, conf[1]);
	is_str(running_told(&r), "move a, move b, move c", "a reload changes nothing");
	pass_ms(5000);
	is_str(running_told(&r), "", "nor does time but the wall clock's");
	virtual_wall_set_ns = 1000 * CLOCK_NS_PER_S;
	pass_ms(1100);
	is_str(running_told(&r), "trunk a on", "a second after its time one goes on");
	(void)running_apply(&r, conf[2]);
	is_str(running_told(&r), "move a, move b, move c", "and through a reload");
	virtual_wall_set_ns = 0;
	pass_ms(1100);
	is_str(running_told(&r), "trunk a paused", "unless the clock was wrong");
	running_close(&r);
	for (size_t i = 0; i < 3; i++)
		config_free(conf[i]);
}

static void test_names(void)
{
	is_str(engine_stray_name(ENGINE_STRAY_STRANGER), "stranger", "a stranger");
	is_str(engine_stray_name(ENGINE_STRAY_RESPONSE), "unmatched", "a response");
	is_str(engine_stray_name((enum engine_stray)99), "malformed", "anything else");
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_apply,	   test_renew,	     test_refused, test_files, test_local,
		test_certificates, test_resolv_conf, test_pauses,  test_names};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
