/* One profile for all with equal settings, and files that are replaced meanwhile. */
#include <errno.h>

#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/tls_watch.h"
#include "tests/unit/sipprobe/transport/cert_file.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

static void test_cache(void)
{
	struct tls_profile *first = NULL, *same = NULL, *other = NULL, *server = NULL;
	struct config_tls named, ciphers;
	struct tls_cache *c = NULL;
	struct tls_cache_look look;
	struct cert_file s;
	char err[256] = "";

	cert_file_open(&s);
	is_int(tls_cache_alloc(&c), 0, "a cache");
	is_int(tls_cache_get(c, &first, &s.conf, false, err, sizeof(err)), 0, "read");
	named = s.conf;
	named.server_name = "sbc.example";
	(void)tls_cache_get(c, &same, &named, false, err, sizeof(err));
	ok(first == same, "the name is not part of it");
	ciphers = s.conf;
	ciphers.ciphers = "HIGH";
	(void)tls_cache_get(c, &other, &ciphers, false, err, sizeof(err));
	ok(other && first != other, "but the ciphers are");
	(void)tls_cache_get(c, &server, &s.conf, true, err, sizeof(err));
	ok(server && first != server, "and the side");
	named.cert_file = "/nowhere/us.pem";
	is_int(tls_cache_get(c, &other, &named, false, err, sizeof(err)), ENOENT,
	       "a file that is not there");
	ok(strstr(err, "/nowhere/us.pem") != NULL, "in words: %s", err);

	tls_cache_look(c, &look);
	ok(!look.changed && !look.told && !look.failed, "nothing is new");
	cert_file_write(&s, 2000);
	tls_cache_look(c, &look);
	ok(!look.changed && !look.told, "a change is left alone at first");
	tls_cache_look(c, &look);
	ok(look.changed && look.told && !look.failed, "and read when it stays");
	(void)tls_cache_get(c, &same, &s.conf, false, err, sizeof(err));
	ok(same != first || tls_profile_not_after_s(same) >
				    clock_wall_ns() / CLOCK_NS_PER_S + 1500,
	   "by all who ask from now on");
	cert_file_break(&s);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(!look.changed && look.told && look.failed && look.text[0],
	   "one that cannot be read is told: %s", look.text);
	tls_cache_look(c, &look);
	ok(!look.told && look.failed, "once");
	(void)tls_cache_get(c, &other, &s.conf, false, err, sizeof(err));
	ok(other == same, "and the former is kept");
	mem_deref(c);
	cert_file_remove(&s);
}

/* Who asks may be gone by the next look: a probe on demand, of a trace of long ago. */
static void test_outlives(void)
{
	struct tls_profile *first = NULL, *same = NULL;
	struct tls_cache *c = NULL, *fresh = NULL;
	struct tls_cache_look look;
	struct cert_file s;
	struct config_tls *asked = malloc(sizeof(*asked));
	char err[256] = "";

	cert_file_open(&s);
	(void)tls_cache_alloc(&c);
	(void)tls_cache_alloc(&fresh);
	*asked = s.conf;
	asked->cert_file = strdup(s.conf.cert_file);
	asked->ciphers = strdup("HIGH");
	is_int(tls_cache_get(c, &first, asked, false, err, sizeof(err)), 0, "read");
	free((char *)(uintptr_t)asked->cert_file);
	free((char *)(uintptr_t)asked->ciphers);
	free(asked);
	cert_file_write(&s, 2000);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(look.changed && !look.failed, "its files are looked at all the same");
	is_int(tls_cache_renew(fresh, c, err, sizeof(err)), 0, "and read anew");
	s.conf.ciphers = "HIGH";
	(void)tls_cache_get(fresh, &first, &s.conf, false, err, sizeof(err));
	(void)tls_cache_get(fresh, &same, &s.conf, false, err, sizeof(err));
	ok(first == same, "for whoever wants the same");
	mem_deref(c);
	mem_deref(fresh);
	cert_file_remove(&s);
}

/* Profiles are one's own by all that makes them differ, and by nothing else. */
static void test_distinct(void)
{
	struct tls_profile *first = NULL, *got = NULL;
	struct tls_cache *c = NULL;
	struct cert_file s, other;
	struct config_tls confs[6];
	char err[256] = "", path[128];

	cert_file_open(&s);
	cert_file_open(&other);
	(void)tls_cache_alloc(&c);
	ok(tls_cache_is_empty(c), "empty");
	s.conf.ca_file = s.path;
	(void)tls_cache_get(c, &first, &s.conf, false, err, sizeof(err));
	ok(!tls_cache_is_empty(c), "it holds one");
	for (int i = 0; i < 6; i++)
		confs[i] = s.conf;
	confs[0].ca_file = other.path;
	confs[1].cert_file = confs[1].key_file = other.path;
	confs[2].key_file = NULL;
	confs[3].min_version = CONFIG_TLS_1_3;
	confs[4].insecure_skip_verify = true;
	(void)snprintf(path, sizeof(path), "%s", s.path);
	confs[5].ca_file = confs[5].cert_file = path;
	for (int i = 0; i < 6; i++) {
		is_int(tls_cache_get(c, &got, &confs[i], false, err, sizeof(err)), 0,
		       err);
		is_int(got == first, i == 5, "one of its own, but for the same words");
	}
	mem_deref(c);
	cert_file_remove(&s);
	cert_file_remove(&other);
}

/* Each of a profile's files is looked at, and each profile. */
static void test_files(void)
{
	struct cert_file us, ca, other;
	struct tls_profile *got = NULL;
	struct tls_cache *c = NULL;
	struct tls_cache_look look;
	char err[256] = "";

	cert_file_open(&us);
	cert_file_open(&ca);
	cert_file_open(&other);
	(void)tls_cache_alloc(&c);
	us.conf.ca_file = ca.path;
	(void)tls_cache_get(c, &got, &us.conf, false, err, sizeof(err));
	(void)tls_cache_get(c, &got, &other.conf, false, err, sizeof(err));
	cert_file_write(&ca, 2000);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(look.changed && !look.failed, "another authority");
	cert_file_break(&us);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(!look.changed && look.failed, "the first is unfit");
	cert_file_write(&other, 2000);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(look.changed && look.told && look.failed && !look.text[0],
	   "the second is read, and the first is unfit all the same");
	cert_file_write(&us, 3000);
	tls_cache_look(c, &look);
	tls_cache_look(c, &look);
	ok(look.changed && look.told && !look.failed, "until it is fit again");
	mem_deref(c);
	cert_file_remove(&us);
	cert_file_remove(&ca);
	cert_file_remove(&other);
}

/* What trunks show is made anew; what listening sockets do is for them to ask for. */
static void test_renew(void)
{
	struct tls_profile *client = NULL, *server = NULL, *got = NULL;
	struct tls_cache *old = NULL, *fresh = NULL;
	struct cert_file s;
	char err[256] = "";

	cert_file_open(&s);
	(void)tls_cache_alloc(&old);
	(void)tls_cache_get(old, &server, &s.conf, true, err, sizeof(err));
	(void)tls_cache_alloc(&fresh);
	is_int(tls_cache_renew(fresh, old, err, sizeof(err)), 0, "no trunk's");
	ok(tls_cache_is_empty(fresh), "nothing to make");
	(void)tls_cache_get(old, &client, &s.conf, false, err, sizeof(err));
	is_int(tls_cache_renew(fresh, old, err, sizeof(err)), 0, "a trunk's");
	ok(!tls_cache_is_empty(fresh), "is made");
	(void)tls_cache_get(fresh, &got, &s.conf, false, err, sizeof(err));
	ok(got != client, "anew");
	mem_deref(fresh);
	fresh = NULL;
	(void)tls_cache_alloc(&fresh);
	cert_file_break(&s);
	is_int(tls_cache_renew(fresh, old, err, sizeof(err)), EINVAL, "which may fail");
	mem_deref(fresh);
	mem_deref(old);
	cert_file_remove(&s);
}

/* What a watch told. */
struct seen {
	int64_t shown_s; /* listen_cert_h; -1: not told */
	unsigned replaced, told;
	char detail[256]; /* files_h */
};

static void replaced_h(void *arg)
{
	((struct seen *)arg)->replaced++;
}

static void listen_cert_h(const char *file, const struct tls_own *own, void *arg)
{
	((struct seen *)arg)->shown_s = file ? own->not_after_s : 0;
}

static void files_h(const char *detail, void *arg)
{
	struct seen *seen = arg;

	seen->told++;
	(void)snprintf(seen->detail, sizeof(seen->detail), "%s", detail ? detail : "");
}

/* A file that is replaced, that cannot be read, and that can again. */
static void check_replaced(struct cert_file *s, const struct seen *seen)
{
	int64_t first_s = seen->shown_s;

	cert_file_write(s, 5000);
	pass_ms(4001);
	is_int(seen->replaced, 1, "replaced");
	ok(seen->shown_s > first_s + 3000, "told again");
	is_int(seen->told, 1, "and that it was");
	is_str(seen->detail, "", "without a failure");
	cert_file_break(s);
	pass_ms(4001);
	is_int(seen->told, 2, "one that cannot be read");
	ok(seen->detail[0] != '\0', "is told in words: %s", seen->detail);
	is_int(seen->replaced, 1, "and changes nothing");
	cert_file_write(s, 9000);
	pass_ms(4001);
	is_int(seen->told, 3, "well again");
	is_str(seen->detail, "", "told, too");
}

static void check_another(struct cert_file *s, struct tls_cache *cache,
			  const struct seen *seen)
{
	struct tls_profile *unused;
	struct cert_file other;
	char err[256] = "";

	cert_file_open(&other);
	(void)tls_cache_get(cache, &unused, &other.conf, false, err, sizeof(err));
	cert_file_break(s);
	pass_ms(4001);
	cert_file_write(&other, 5000);
	pass_ms(4001);
	is_int(seen->told, 4, "while one is unfit, another's being fit is no news");
	is_int(seen->replaced, 3, "though it is read");
	cert_file_write(s, 9000);
	pass_ms(4001);
	is_int(seen->told, 5, "that all are is");
	cert_file_remove(&other);
}

static void test_watch(void)
{
	static const struct tls_watch_events events = {replaced_h, listen_cert_h,
						       files_h};
	static const struct arrivals arrivals = {NULL}; /* nobody connects */
	const struct config_listen listen[] = {{CONFIG_TRANSPORT_TCP, "127.0.0.1", 0},
					       {CONFIG_TRANSPORT_TLS, "127.0.0.1", 0},
					       {CONFIG_TRANSPORT_UDP, "127.0.0.1", 0}};
	struct config_sip sip = {.listen = listen, .listen_count = 1};
	struct seen seen = {.shown_s = -1};
	struct sockets *sockets = NULL;
	struct ticker *ticker = NULL;
	struct tls_cache *cache = NULL;
	struct tls_watch *w = NULL;
	struct cert_file s;
	char err[256] = "";

	cert_file_open(&s);
	if (ticker_alloc(&ticker) || tls_cache_alloc(&cache) ||
	    sockets_alloc(&sockets, ticker, &arrivals, NULL))
		return;
	is_int(tls_watch_alloc(&w, ticker, sockets, &events, &seen), 0, "a watch");
	pass_ms(5000);
	is_int(seen.shown_s, -1, "nothing to look at yet");
	tls_watch_follow(w, cache, &sip);
	is_int(seen.shown_s, 0, "nothing is shown to anybody");
	sip.tls = s.conf;
	sip.listen_count = 3;
	is_int(sockets_prepare(sockets, &sip, cache, err, sizeof(err)), 0, err);
	(void)sockets_commit(sockets);
	tls_watch_follow(w, cache, &sip);
	ok(seen.shown_s > 0, "told until when what is shown is good");
	pass_ms(10000);
	is_int(seen.told + seen.replaced, 0, "nothing changes");
	check_replaced(&s, &seen);
	check_another(&s, cache, &seen);
	mem_deref(w);
	mem_deref(sockets);
	mem_deref(cache);
	mem_deref(ticker);
	cert_file_remove(&s);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_cache();
	test_outlives();
	test_distinct();
	test_files();
	test_renew();
	test_watch();
	libre_close();
	return tap_done();
}
