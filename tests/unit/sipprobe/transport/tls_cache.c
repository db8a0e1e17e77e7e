/* One profile for all with equal settings, and files that are replaced meanwhile. */
#include <errno.h>

#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/tls_cache.h"
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

static void test_watch(void)
{
	static const struct tls_watch_events events = {replaced_h, listen_cert_h,
						       files_h};
	static const struct arrivals arrivals = {NULL}; /* nobody connects */
	const struct config_listen tls = {CONFIG_TRANSPORT_TLS, "127.0.0.1", 0};
	struct config_sip sip = {.listen = &tls};
	struct seen seen = {.shown_s = -1};
	struct sockets *sockets = NULL;
	struct ticker *ticker = NULL;
	struct tls_cache *cache = NULL;
	struct tls_watch *w = NULL;
	struct cert_file s;
	char err[256] = "";
	int64_t first_s;

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
	sip.listen_count = 1;
	is_int(sockets_prepare(sockets, &sip, cache, err, sizeof(err)), 0, err);
	(void)sockets_commit(sockets);
	tls_watch_follow(w, cache, &sip);
	first_s = seen.shown_s;
	ok(first_s > 0, "told until when what is shown is good");
	pass_ms(10000);
	is_int(seen.told + seen.replaced, 0, "nothing changes");
	cert_file_write(&s, 5000);
	pass_ms(4001);
	is_int(seen.replaced, 1, "replaced");
	ok(seen.shown_s > first_s + 3000, "told again");
	is_int(seen.told, 1, "and that it was");
	is_str(seen.detail, "", "without a failure");
	cert_file_break(&s);
	pass_ms(4001);
	is_int(seen.told, 2, "one that cannot be read");
	ok(seen.detail[0] != '\0', "is told in words: %s", seen.detail);
	is_int(seen.replaced, 1, "and changes nothing");
	cert_file_write(&s, 9000);
	pass_ms(4001);
	is_int(seen.told, 3, "well again");
	is_str(seen.detail, "", "told, too");
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
	test_watch();
	libre_close();
	return tap_done();
}
