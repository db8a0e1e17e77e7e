#include "exporter/http/http_scrape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/metrics/negotiate.h"
#include "exporter/webconfig/web.h"
#include "sipprobe/loop.h"

/* The families that `name[]` asks for, as Prometheus' own clients do; none: all. */
static void http_scrape_families(struct scrape_want *w, const struct http_query *q)
{
	const struct slice key = SLICE("name[]");

	for (size_t i = 0; i < q->arg_count; i++) {
		if (q->args[i].name.l != key.l || memcmp(q->args[i].name.p, key.p, key.l))
			continue;
		w->some = true;
		catalogue_want(w->families, q->args[i].value);
	}
}

/* On the wall clock as it goes now. Nothing here waits for the loop. */
static int64_t http_scrape_loop_turn_unix_ns(void)
{
	int64_t turn_ns = loop_last_turn_ns();

	return turn_ns ? clock_wall_ns() - (clock_monotonic_ns() - turn_ns) : 0;
}

static struct catalogue_web http_scrape_web(struct web *web)
{
	struct web_state s = {0};

	if (web)
		web_state(&s, web);
	return (struct catalogue_web){s.used, s.successful, s.read_unix_ns,
				      s.not_after_s};
}

int http_scrape_render(struct buffer *out, const struct scrape_want *want,
		       struct http_site *site)
{
	const struct renderer *r = want->renderer;
	struct catalogue_self self = {
		.build = {site->build.data, site->build.len},
		.loop_turn_unix_ns = http_scrape_loop_turn_unix_ns(),
		.log_lost = log_lost(),
		.web = http_scrape_web(site->web),
		.scrape_ns = atomic_load(&site->scrape_ns),
		.scrape_bytes = atomic_load(&site->scrape_bytes),
	};
	struct snapshot *n = NULL;
	int err;

	if (r->snapshot & SNAPSHOT_EXEMPLARS)
		store_keep_exemplars(site->store);
	err = snapshot_take(&n, site->store, r->snapshot);
	if (err)
		return err == EBUSY ? EAGAIN : err;
	process_read(&self.process);
	r->render(out, &(struct catalogue_source){n, &self,
						  want->some ? want->families : NULL});
	snapshot_free(n);
	return out->err;
}

static void http_scrape_set_type(struct http_answer *a, const char *type,
				 const char *escaping)
{
	snprintf(a->type_text, sizeof(a->type_text), "%s%s%s", type,
		 escaping ? "; escaping=" : "", escaping ? escaping : "");
	a->content_type = a->type_text;
}

void http_scrape_want(struct scrape_want *want, const struct http_query *q)
{
	const char *escaping;

	memset(want, 0, sizeof(*want));
	want->renderer =
		negotiate_renderer(&escaping, q->accept, renderers, renderer_count);
	want->gzip = negotiate_gzip(q->accept_encoding);
	http_scrape_families(want, q);
}

void http_scrape_answer(struct http_answer *a, const struct http_query *q)
{
	const char *escaping;
	const struct renderer *r =
		negotiate_renderer(&escaping, q->accept, renderers, renderer_count);

	http_scrape_set_type(a, r->content_type, escaping);
	a->vary = "Accept, Accept-Encoding";
	a->scrape = true;
}

void http_scrape_done(struct http_answer *a, const struct scrape_body *b, int err)
{
	if (b) {
		a->status = 200;
		a->encoding = scrape_body_is_gzip(b) ? "gzip" : NULL;
		return;
	}
	a->vary = NULL;
	a->retry_after = err == ESHUTDOWN ? NULL : "1";
	http_answer_text(a, 503,
			 err == EBUSY	    ? "too many scrapes at once\n"
			 : err == EAGAIN    ? "a configuration is being applied\n"
			 : err == ESHUTDOWN ? "the exporter stops\n"
					    : "out of memory\n");
}
