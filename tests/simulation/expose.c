#include "tests/simulation/expose.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "exporter/metrics/render.h"
#include "exporter/store/snapshot.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/process.h"
#include "tests/simulation/kernel/world.h"

static struct {
	FILE *file;
	int64_t every_ns;
} expose;

static double expose_now_s(void)
{
	return (double)world_wall_ns() / 1e9;
}

/*
 * "# scrape TIME", and what /metrics says, without what the kernel tells of a process.
 */
static void expose_scrape_h(void *arg)
{
	const struct catalogue_self self = {
		.build = SLICE("version=\"sim\""),
		.loop_turn_unix_ns = world_wall_ns(),
		.process = {-1, -1, -1, -1, -1, -1},
		.scrape_bytes = -1,
	};
	struct buffer out = {0};
	struct snapshot *n;

	(void)arg;
	if (!expose.file)
		return;
	world_leave();
	if (!snapshot_take(&n, process_store(), render_text.snapshot)) {
		render_text.render(&out, &(struct catalogue_source){n, &self, NULL});
		snapshot_free(n);
		(void)fprintf(expose.file, "# scrape %.3f\n", expose_now_s());
		(void)fwrite(out.data, 1, out.len, expose.file);
	}
	buffer_clear(&out);
	world_return();
}

static void expose_due_h(void *arg)
{
	world_post(expose_scrape_h, NULL);
	world_in(expose.every_ns, expose_due_h, arg);
}

/* "# trunk NAME KINDS": what may be said of it. */
static void expose_trunk(const struct trunk *t)
{
	(void)fprintf(expose.file, "# trunk t%u %s%s%s%s%s\n", t->number,
		      t->named ? " named" : "", t->several ? " several" : "",
		      t->registers ? " registers" : "", t->tls ? " tls" : "",
		      t->dial ? " dials" : "");
}

void expose_begin(const char *path, int64_t every_ns)
{
	expose.file = fopen(path, "w");
	if (!expose.file) {
		perror(path);
		exit(2);
	}
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t))
		expose_trunk(t);
	expose.every_ns = every_ns;
	world_in(every_ns, expose_due_h, NULL);
}

void expose_state(const struct trunk *t, const char *state)
{
	if (expose.file && !fleet.over)
		(void)fprintf(expose.file, "# state %.3f t%u %s\n", expose_now_s(),
			      t->number, state);
}

void expose_call(const struct peer *p, const char *failure)
{
	if (expose.file && !fleet.over)
		(void)fprintf(expose.file, "# call %.3f t%u %u %s\n", expose_now_s(),
			      p->trunk->number, p->index, failure ? failure : "good");
}

void expose_end(void)
{
	if (expose.file && fclose(expose.file)) {
		perror("fclose");
		exit(2);
	}
	expose.file = NULL;
}
