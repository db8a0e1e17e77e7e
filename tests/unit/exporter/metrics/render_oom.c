/* Every allocation of a rendering fails once: it says so, or what it made is whole. */
#include <errno.h>

#include "exporter/metrics/render.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

static void test_renderer(const struct renderer *r, const struct catalogue_source *src)
{
	struct buffer whole = {0};
	unsigned wrong = 0;
	bool failed;
	long n = -1;

	r->render(&whole, src);
	do {
		struct buffer out = {0};

		countdown = ++n;
		r->render(&out, src);
		failed = countdown < 0;
		countdown = -1;
		if (failed)
			wrong += out.err != ENOMEM;
		else
			wrong += out.err || out.len != whole.len ||
				 memcmp(out.data, whole.data, whole.len) != 0;
		buffer_clear(&out);
	} while (failed);
	ok(n > 0, "%s: %ld allocations failed in turn", r->subtype, n);
	is_int(wrong, 0, "each was told");
	buffer_clear(&whole);
}

int main(void)
{
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < renderer_count; i++)
		test_renderer(renderers[i], &f.src);
	fixture_free(&f);
	return tap_done();
}
