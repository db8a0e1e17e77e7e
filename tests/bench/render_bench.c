/*
 * What a line of /metrics costs, beside snprintf() writing the same lines and memcpy() of
 * the same bytes; and what the same costs in the other formats. Usage: bench_render
 * [TRUNKS]
 */
#include <string.h>

#include "base/clock.h"
#include "exporter/metrics/gzip.h"
#include "exporter/metrics/render.h"
#include "exporter/store/snapshot.h"
#include "tests/bench/fleet.h"

#define ROUNDS 9
#define WINDOW ((size_t)256 * 1024)

struct bench {
	struct fleet fleet;
	struct snapshot *snapshot;
	struct snapshot *more;	      /* with native histograms and exemplars */
	struct buffer text;	      /* as rendered */
	size_t openmetrics, protobuf; /* bytes */
	struct buffer other;	      /* what the yardsticks write */
	size_t lines;
};

static void take_snapshot(struct bench *b)
{
	snapshot_free(b->snapshot);
	b->snapshot = NULL;
	if (snapshot_take(&b->snapshot, b->fleet.store, 0))
		exit(1);
}

static void take_more(struct bench *b)
{
	snapshot_free(b->more);
	b->more = NULL;
	if (snapshot_take(&b->more, b->fleet.store, SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS))
		exit(1);
}

static void render_as(const struct renderer *r, struct buffer *out,
		      const struct snapshot *n)
{
	struct catalogue_self self = {.build = SLICE("version=\"0\""),
				      .scrape_bytes = -1};
	struct catalogue_source src = {.snapshot = n, .self = &self};

	out->len = 0;
	r->render(out, &src);
}

static void drop_h(struct buffer *b, void *arg)
{
	*(size_t *)arg += b->len;
	b->len = 0;
}

/* Through a window, as in the program: nothing of that size is kept whole. Returns bytes.
 */
static size_t render_through(const struct renderer *r, const struct snapshot *n)
{
	size_t bytes = 0;
	struct buffer window = {
		.drainh = drop_h, .drain_arg = &bytes, .drain_at = WINDOW};

	render_as(r, &window, n);
	bytes += window.len;
	buffer_clear(&window);
	return bytes;
}

static void render(struct bench *b)
{
	(void)render_through(&render_text, b->snapshot);
}

static void openmetrics(struct bench *b)
{
	b->openmetrics = render_through(&render_openmetrics, b->more);
}

static void protobuf(struct bench *b)
{
	b->protobuf = render_through(&render_protobuf, b->more);
}

/* The yardstick writes lines of the same shape: name, labels, a label, a number. */
static void print_line(struct buffer *out, const char *name, struct slice labels,
		       const char *label, double value)
{
	char *to = buffer_reserve(out, 512);

	if (!to)
		exit(1);
	out->len += (size_t)snprintf(to, 512, "%s{%.*s,%s} %g\n", name, (int)labels.l,
				     labels.p, label, value);
}

static void print_all(struct bench *b)
{
	size_t i, k, a_target = b->lines / b->snapshot->target_count;

	b->other.len = 0;
	for (i = 0; i < b->snapshot->target_count; i++) {
		const struct snapshot_target *t = &b->snapshot->targets[i];

		for (k = 0; k < a_target; k++)
			print_line(&b->other, "siptrunk_probe_duration_seconds_bucket",
				   t->labels, "le=\"0.005\"",
				   (double)t->counts[k % (FLEET_BUCKETS + 1)]);
	}
}

static void copy_all(struct bench *b)
{
	b->other.len = 0;
	buffer_add(&b->other, b->text.data, b->text.len);
}

static void compress_all(struct bench *b)
{
	struct buffer packed = {0};

	if (gzip_compress(&packed, &b->text))
		exit(1);
	buffer_clear(&packed);
}

enum work {
	WORK_SNAPSHOT,
	WORK_RENDER,
	WORK_SNPRINTF,
	WORK_MEMCPY,
	WORK_GZIP,
	WORK_MORE,
	WORK_OPENMETRICS,
	WORK_PROTOBUF,
	WORKS,
};

static const struct {
	const char *name;
	void (*run)(struct bench *b);
} works[WORKS] = {
	[WORK_SNAPSHOT] = {"snapshot", take_snapshot},
	[WORK_RENDER] = {"render text", render},
	[WORK_SNPRINTF] = {"snprintf", print_all},
	[WORK_MEMCPY] = {"memcpy", copy_all},
	[WORK_GZIP] = {"gzip -1", compress_all},
	[WORK_MORE] = {"snapshot with native histograms and exemplars", take_more},
	[WORK_OPENMETRICS] = {"render OpenMetrics", openmetrics},
	[WORK_PROTOBUF] = {"render protobuf", protobuf},
};

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return clock_of_timespec(&ts);
}

/* In turns, and the best of some rounds: a busy machine disturbs all of them alike. */
static void run_all(struct bench *b, double best_ns[WORKS])
{
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < WORKS; i++) {
			int64_t begun_ns = cpu_ns();
			double took_ns;

			works[i].run(b);
			took_ns = (double)(cpu_ns() - begun_ns);
			if (!round || took_ns < best_ns[i])
				best_ns[i] = took_ns;
		}
	}
}

int main(int argc, char **argv)
{
	int trunks = argc > 1 ? atoi(argv[1]) : 10000;
	struct bench b = {.fleet = fleet_make(trunks)};
	double ns[WORKS];
	size_t i;

	take_snapshot(&b);
	render_as(&render_text, &b.text, b.snapshot);
	for (i = 0; i < b.text.len; i++)
		b.lines += b.text.data[i] == '\n';
	printf("%d trunks, %zu lines, %.1f MB\n", trunks, b.lines,
	       (double)b.text.len / 1e6);
	run_all(&b, ns);
	for (i = 0; i < WORKS; i++)
		printf("%8.2f ms %8.1f ns a line  %s\n", ns[i] / 1e6,
		       ns[i] / (double)b.lines, works[i].name);
	printf("OpenMetrics %.1f MB, protobuf %.1f MB\n", (double)b.openmetrics / 1e6,
	       (double)b.protobuf / 1e6);
	printf("snprintf/render %.1f, render/memcpy %.1f\n",
	       ns[WORK_SNPRINTF] / ns[WORK_RENDER], ns[WORK_RENDER] / ns[WORK_MEMCPY]);
	buffer_clear(&b.text);
	snapshot_free(b.more);
	buffer_clear(&b.other);
	snapshot_free(b.snapshot);
	fleet_free(&b.fleet);
	return 0;
}
