#include "exporter/ondemand/probe_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "config/uri.h"
#include "exporter/ondemand/probe_target.h"
#include "sipprobe/loop.h"

/* How often is looked whether the next probe may begin; one begins at a time. */
#define TURN_NS (2 * CLOCK_NS_PER_MS)

struct turn;

/* Trunks that a single host answers for share one. */
struct peer {
	int64_t free_ns; /* monotonic; none of its trunks begins before */
	size_t trunks;	 /* so far, while they are lined up */
};

struct turn {
	struct probe_all *all;
	const struct config_trunk *trunk;
	struct probe_item *item;
	struct peer *peer;
	size_t rank; /* how many trunks of its peer come before it */
	struct probe_target target;
	struct ondemand *probe;
	bool done;
};

struct probe_all {
	struct engine *engine;
	const struct probe_args *args;
	struct config *conf;
	bool colour;
	struct probe_item *items; /* as the file has them */
	struct turn *turns;	  /* in the order in which they begin */
	struct peer *peers;
	size_t count;
	size_t probed; /* turns; paused trunks have none */
	size_t next;
	size_t running;
	int64_t begun_ns;
	int64_t took_ns;
};

static struct slice probe_all_host(const struct config_trunk *t)
{
	struct config_uri uri;
	const char *hop = t->settings ? config_trunk_hop(t) : t->uri;

	if (config_uri_parse(hop, &uri))
		return (struct slice){t->uri, strlen(t->uri)};
	return (struct slice){uri.host.p, uri.host.l};
}

static int probe_all_by_host(const void *a, const void *b)
{
	struct slice x = probe_all_host(((const struct turn *)a)->trunk);
	struct slice y = probe_all_host(((const struct turn *)b)->trunk);
	int diff = strncasecmp(x.p, y.p, x.l < y.l ? x.l : y.l);

	return diff ? diff : (x.l > y.l) - (x.l < y.l);
}

/* The first trunk of every peer, then the second of each, and so on. */
static int probe_all_by_rank(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

static void probe_all_line_up(struct probe_all *a)
{
	size_t n = 0;

	qsort(a->turns, a->probed, sizeof(*a->turns), probe_all_by_host);
	for (size_t i = 0; i < a->probed; i++) {
		n += i && probe_all_by_host(&a->turns[i - 1], &a->turns[i]) != 0;
		a->turns[i].peer = &a->peers[n];
		a->turns[i].rank = a->peers[n].trunks++;
	}
	qsort(a->turns, a->probed, sizeof(*a->turns), probe_all_by_rank);
}

static void probe_all_done_h(const struct ondemand_report *r, void *arg)
{
	struct turn *turn = arg;
	struct probe_all *a = turn->all;
	const struct probe_output output = {
		.report = r,
		.trunk = turn->trunk->name,
		.now_s = clock_wall_ns() / CLOCK_NS_PER_S,
		.colour = a->colour,
		.warning = a->args->warning,
		.critical = a->args->critical,
		.days = a->args->has_days ? &a->args->days : NULL,
		.many = true,
	};

	turn->probe = NULL;
	turn->done = true;
	turn->item->code = a->args->format->tell_one(&turn->item->text, &output);
	a->running--;
}

static void probe_all_fail(struct turn *turn, const char *why)
{
	turn->done = true;
	turn->item->code = PROBE_EXIT_UNKNOWN;
	turn->all->args->format->fail_one(&turn->item->text, turn->trunk->name, why);
}

static void probe_all_begin(struct probe_all *a, struct turn *turn)
{
	const struct probe_args *args = a->args;
	char why[256];
	int err = probe_target_find(&turn->target, a->conf, turn->trunk, NULL,
				    args->profile, args->methods, why, sizeof(why));
	const struct ondemand_request rq = {
		.uri = turn->target.uri,
		.settings = turn->target.settings,
		.conf = a->conf,
		.methods = args->methods,
		.timeout_us = args->timeout_us,
		.trust_with = args->trust_with,
		.trust_at_s = args->trust_at_s,
		.name = turn->target.trunk,
		.ladder = args->verbose,
		.any_port = true,
	};

	if (err) {
		probe_all_fail(turn, why);
		return;
	}
	a->running++;
	err = ondemand_start(&turn->probe, a->engine, &rq, probe_all_done_h, turn);
	if (!err)
		return;
	a->running--;
	probe_all_fail(turn, strerror(err));
}

static void probe_all_turn_h(void *arg)
{
	struct probe_all *a = arg;
	int64_t now_ns = clock_monotonic_ns();
	struct turn *turn = a->next < a->probed ? &a->turns[a->next] : NULL;

	if (turn && a->running < PROBE_ALL_AT_ONCE && now_ns >= turn->peer->free_ns) {
		turn->peer->free_ns = now_ns + PROBE_ALL_GAP_NS;
		a->next++;
		probe_all_begin(a, turn);
	}
	if (a->next < a->probed || a->running)
		return;
	a->took_ns = now_ns - a->begun_ns;
	loop_stop();
}

static int probe_all_fill(struct probe_all *a)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;

	for (size_t i = 0; i < a->count; i++) {
		const struct config_trunk *t = &a->conf->trunks[i];

		a->items[i] = (struct probe_item){
			.trunk = t->name,
			.paused = t->settings &&
				  config_pause_at(&t->settings->pause, now_s),
		};
		if (!a->items[i].paused)
			a->turns[a->probed++] =
				(struct turn){.all = a, .trunk = t, .item = &a->items[i]};
	}
	probe_all_line_up(a);
	return loop_every(TURN_NS, probe_all_turn_h, a);
}

/* What every trunk would fail of, once. */
static int probe_all_check(const struct probe_all *a, char *why, size_t why_size)
{
	struct probe_target target;

	if (a->count)
		return probe_target_find(&target, a->conf, &a->conf->trunks[0], NULL,
					 a->args->profile, a->args->methods, why,
					 why_size);
	snprintf(why, why_size, "there is no trunk in %s", a->args->config_file);
	return EINVAL;
}

int probe_all_start(struct probe_all **ap, struct engine *e,
		    const struct probe_args *args, struct config *conf, bool colour,
		    char *why, size_t why_size)
{
	struct probe_all *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return ENOMEM;
	a->engine = e;
	a->args = args;
	a->conf = conf;
	a->colour = colour;
	a->count = conf->trunk_count;
	a->begun_ns = clock_monotonic_ns();
	a->items = calloc(a->count + 1, sizeof(*a->items));
	a->turns = calloc(a->count + 1, sizeof(*a->turns));
	a->peers = calloc(a->count + 1, sizeof(*a->peers));
	err = a->items && a->turns && a->peers ? probe_all_check(a, why, why_size)
					       : ENOMEM;
	if (!err)
		err = probe_all_fill(a);
	if (err)
		probe_all_free(a);
	else
		*ap = a;
	return err;
}

int probe_all_tell(struct buffer *out, struct probe_all *a)
{
	struct probe_summary s = {
		.items = a->items,
		.count = a->count,
		.took_ns = a->took_ns ? a->took_ns : clock_monotonic_ns() - a->begun_ns,
		.colour = a->colour,
	};

	for (size_t i = 0; i < a->probed; i++)
		if (!a->turns[i].done)
			probe_all_fail(&a->turns[i], "interrupted");
	for (size_t i = 0; i < a->count; i++) {
		if (a->items[i].text.err && !out->err)
			out->err = a->items[i].text.err;
		if (a->items[i].paused) {
			s.paused++;
			continue;
		}
		s.codes[a->items[i].code]++;
		s.code = probe_exit_worst(s.code, a->items[i].code);
	}
	if (!out->err)
		a->args->format->tell_all(out, &s);
	return s.code;
}

void probe_all_free(struct probe_all *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->probed; i++)
		ondemand_cancel(a->turns[i].probe);
	for (size_t i = 0; a->items && i < a->count; i++)
		buffer_clear(&a->items[i].text);
	free(a->items);
	free(a->turns);
	free(a->peers);
	free(a);
}
