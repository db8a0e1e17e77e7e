/* What the store keeps of no single trunk: what came, the exporter's files, its bounds.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

static const double bounds[] = {0.5, 1};
static const struct config_trunk trunk = {.name = "a", .uri = "sip:192.0.2.1"};

struct world {
	struct store *s;
	struct snapshot *seen; /* of the last look, or NULL */
};

static void begin(struct world *w)
{
	*w = (struct world){NULL};
	if (store_alloc(&w->s, bounds, 2))
		exit(1);
}

static void end(struct world *w)
{
	snapshot_free(w->seen);
	store_free(w->s);
}

static const struct stats_exporter *look(struct world *w)
{
	snapshot_free(w->seen);
	if (snapshot_take(&w->seen, w->s, 0))
		exit(1);
	return &w->seen->exporter;
}

static void test_new(void)
{
	const struct stats_exporter *e;
	struct world w;

	begin(&w);
	e = look(&w);
	ok(!e->reload_seen && !e->reload_successful && !e->reload_success_unix_ns,
	   "nothing was loaded yet");
	ok(!e->hep && !e->calls && !e->trunks && !e->total_shards && !e->tls_files_stale,
	   "nor is there anything else");
	ok(!e->spared.buckets && !e->spared.unseen && !e->spared.others,
	   "and nothing is spared");
	end(&w);
}

static void test_strays(void)
{
	const struct stats_exporter *e;
	struct world w;

	begin(&w);
	for (int why = 0; why <= ENGINE_STRAYS; why++)
		for (int i = 0; i <= why; i++)
			store_stray(w.s, (enum engine_stray)why);
	e = look(&w);
	for (int why = 0; why < ENGINE_STRAYS; why++)
		is_int((long long)e->stray[why], why + 1, "each kind by itself");
	is_int((long long)e->hep_sent, 0, "what is none counts nowhere");
	end(&w);
}

static void test_mirrored(void)
{
	struct world w;

	begin(&w);
	store_hep(w.s, true);
	for (int i = 0; i < 5; i++)
		store_hep_sent(w.s, i < 3);
	ok(look(&w)->hep, "messages are mirrored");
	ok(look(&w)->hep_sent == 3 && look(&w)->hep_lost == 2, "and some are lost");
	store_hep(w.s, false);
	ok(!look(&w)->hep && look(&w)->hep_sent == 3, "no more, but they were");
	end(&w);
}

static void test_spared(void)
{
	static const struct {
		struct config_metrics set;
		struct stats_spared spared;
	} cases[] = {
		{{true, CONFIG_REASONS_ALL, CONFIG_STATES_ALL}, {false, false, false}},
		{{false, CONFIG_REASONS_ALL, CONFIG_STATES_ALL}, {true, false, false}},
		{{true, CONFIG_REASONS_SEEN, CONFIG_STATES_ALL}, {false, true, false}},
		{{true, CONFIG_REASONS_ALL, CONFIG_STATES_CURRENT}, {false, false, true}},
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct stats_spared *want = &cases[i].spared, *got;

		store_spare(w.s, &cases[i].set);
		got = &look(&w)->spared;
		ok(got->buckets == want->buckets && got->unseen == want->unseen &&
			   got->others == want->others,
		   "what is spared, and nothing else");
	}
	end(&w);
}

/* --- its certificate --- */

static void test_listen(void)
{
	const struct stats_exporter *e;
	char path[128];
	struct world w;

	begin(&w);
	is_int(look(&w)->listen_not_after_s, 0, "none is shown");
	store_listen_certificate(w.s, "/etc/me.pem",
				 &(struct tls_own){.good_from_s = 3, .not_after_s = 9});
	e = look(&w);
	is_str(e->listen_file, "file=\"me.pem\"", "its file");
	is_str(e->listen_use, "file=\"me.pem\",purpose=\"server\"", "what for");
	ok(e->listen_not_after_s == 9 && e->listen_own.from_s == 3 &&
		   e->listen_own.until_s == 9 && !e->listen_own.unfit,
	   "and from when until when");
	store_listen_certificate(w.s, "/etc/me.pem",
				 &(struct tls_own){.not_after_s = 9, .unfit = "is old"});
	ok(look(&w)->listen_own.unfit, "one that nobody accepts");
	store_listen_certificate(w.s, NULL, NULL);
	is_int(look(&w)->listen_not_after_s, 0, "none any more");
	/* With `file=""` and its end there is room for so many. */
	memset(path, 'x', sizeof(path));
	path[sizeof(e->listen_file) - 1 - 7] = '\0';
	store_listen_certificate(w.s, path, &(struct tls_own){.not_after_s = 9});
	ok(look(&w)->listen_not_after_s == 9 &&
		   strlen(look(&w)->listen_file) == sizeof(e->listen_file) - 1,
	   "the longest name that fits");
	path[sizeof(e->listen_file) - 1 - 7] = 'x';
	path[sizeof(e->listen_file) - 7] = '\0';
	store_listen_certificate(w.s, path, &(struct tls_own){.not_after_s = 9});
	is_int(look(&w)->listen_not_after_s, 0, "and no longer one");
	store_listen_certificate(w.s, "/me.pem", &(struct tls_own){.not_after_s = 9});
	is_str(look(&w)->listen_file, "file=\"me.pem\"", "nothing of it is left");
	end(&w);
}

static void test_reload(void)
{
	const struct stats_exporter *e;
	struct world w;

	begin(&w);
	store_tls_files(w.s, true);
	store_reload(w.s, false, 5);
	e = look(&w);
	ok(e->reload_seen && !e->reload_successful && !e->reload_success_unix_ns &&
		   e->tls_files_stale,
	   "one that failed");
	store_reload(w.s, true, 7);
	e = look(&w);
	ok(e->reload_seen && e->reload_successful && e->reload_success_unix_ns == 7 &&
		   !e->tls_files_stale,
	   "one that did not");
	store_tls_files(w.s, false);
	ok(!look(&w)->tls_files_stale, "files that are read");
	end(&w);
}

/* --- histograms of its own --- */

static void is_bounds(const struct stats_buckets *b, double first, double last,
		      const char *name)
{
	ok(b->bound_s[0] == first && b->bound_s[b->count - 1] == last &&
		   b->bound_ns[0] == (int64_t)(first * 1e9 + 0.5),
	   "bounds of %s", name);
}

static void test_bounds(void)
{
	struct media_lateness l = {.sum_us = 123};
	const struct stats_exporter *e;
	struct world w;

	begin(&w);
	(void)look(&w);
	is_int((long long)w.seen->media_buckets->count, MEDIA_LATENESS_BOUNDS, "media");
	for (size_t i = 0; i < MEDIA_LATENESS_BOUNDS; i++)
		is_int(w.seen->media_buckets->bound_ns[i],
		       media_lateness_bounds_us[i] * CLOCK_NS_PER_US, "one");
	is_bounds(w.seen->buckets, 0.5, 1, "answers, as they are set");
	is_bounds(w.seen->call_buckets, 0.1, 60, "calls");
	is_bounds(w.seen->lag_buckets, 0.001, 5, "lag");
	for (size_t i = 0; i <= MEDIA_LATENESS_BOUNDS; i++)
		l.count[i] = UINT32_MAX + i;
	store_media_lateness(w.s, &l);
	store_media_lateness(w.s, &l);
	e = look(&w);
	for (size_t i = 0; i <= MEDIA_LATENESS_BOUNDS; i++)
		is_int(e->media_late[i], UINT32_MAX + (long long)i,
		       "told whole, not added");
	is_int(e->media_late_sum_ns, 123000, "and their sum");
	end(&w);
}

/* Of the last minute the largest, whichever second it was in. */
static void test_lag(void)
{
	const int64_t begin_s = 60000;
	struct world w;

	begin(&w);
	for (int64_t at_s = begin_s; at_s < begin_s + STORE_LAG_SLOTS; at_s++) {
		struct store_lag *slot = &w.s->lag[at_s % STORE_LAG_SLOTS];

		*slot = (struct store_lag){at_s, 9000};
		ok(store_lag_ns(w.s, at_s * CLOCK_NS_PER_S) == 9000, "second %d",
		   (int)(at_s - begin_s));
		*slot = (struct store_lag){0};
	}
	end(&w);
}

static void test_native(void)
{
	struct snapshot *n = NULL;
	struct world w;

	begin(&w);
	store_trunk_add(w.s, &trunk);
	if (snapshot_take(&n, w.s, SNAPSHOT_NATIVE))
		exit(1);
	ok(!n->native_kept, "none is kept");
	snapshot_free(n);
	store_keep_native(w.s, 5, 20);
	if (snapshot_take(&n, w.s, SNAPSHOT_NATIVE))
		exit(1);
	ok(n->native_kept && n->native_schema == 5, "as it is set");
	snapshot_free(n);
	if (snapshot_take(&n, w.s, SNAPSHOT_EXEMPLARS))
		exit(1);
	ok(!n->native_kept, "for who asks");
	snapshot_free(n);
	end(&w);
}

int main(void)
{
	test_new();
	test_strays();
	test_mirrored();
	test_spared();
	test_listen();
	test_reload();
	test_bounds();
	test_lag();
	test_native();
	return tap_done();
}
