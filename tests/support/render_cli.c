/*
 * Renders trunks that its input describes, for tests that have another program read what
 * comes of it. Usage: render_cli SUBTYPE [NAME…]
 *
 * SUBTYPE is of a renderer ("openmetrics-text"), each NAME a family (all when none is
 * given). Numbers are four bytes in network order, a text is its length and its bytes.
 * A document is asked for by a count of trunks; a trunk is its name, its profile, an
 * address, a transport, a Call-ID, an inbound request's method, a status code, a count of
 * labels, and their values (named l0, l1, …). The answer is a length and the document.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/render.h"

enum { TEXTS = 6, LABELS_MAX = 64 };

static uint32_t read_number(bool *end)
{
	uint32_t n = 0;

	*end = fread(&n, sizeof(n), 1, stdin) != 1;
	return ntohl(n);
}

static uint32_t need_number(void)
{
	bool end;
	uint32_t n = read_number(&end);

	if (end)
		exit(2);
	return n;
}

static char *need_text(void)
{
	uint32_t len = need_number();
	char *text = calloc(1, len + 1);

	if (!text || (len && fread(text, len, 1, stdin) != 1))
		exit(2);
	return text;
}

static void add_target(struct store *s, struct store_trunk *row, char *const *texts,
		       unsigned code)
{
	struct engine_target target = {"OPTIONS", texts[2], texts[3]};
	struct probe_result r = {.outcome = PROBE_RESPONSE, .code = code};
	struct store_target *cell = store_target_add(s, row, &target);
	int i;

	snprintf(r.call_id, sizeof(r.call_id), "%s", texts[4]);
	for (i = 0; i < 3; i++) {
		r.begun_unix_ns = 1763798707000000000 + i * 123456789LL;
		r.phase_ns[PROBE_PHASE_ANSWER] = 700000 << (4 * i);
		store_probe_begin(s, cell, 0);
		store_probe_done(s, cell, &r);
	}
}

static void add_trunk(struct store *s)
{
	static char names[LABELS_MAX][8];
	struct config_pair labels[LABELS_MAX];
	struct config_trunk trunk = {.uri = "sip:sbc.example", .labels = labels};
	struct store_trunk *row;
	char *texts[TEXTS];
	unsigned code;
	int i;

	for (i = 0; i < TEXTS; i++)
		texts[i] = need_text();
	code = need_number();
	trunk.name = texts[0];
	trunk.profile = texts[1];
	trunk.label_count = need_number();
	for (i = 0; i < (int)trunk.label_count && i < LABELS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		labels[i] = (struct config_pair){names[i], need_text()};
	}
	row = store_trunk_add(s, &trunk);
	store_inbound(s, row, texts[5], 1);
	add_target(s, row, texts, code);
	for (i = 0; i < (int)trunk.label_count && i < LABELS_MAX; i++)
		free((void *)(uintptr_t)labels[i].value);
	for (i = 0; i < TEXTS; i++)
		free(texts[i]);
}

static void answer(const struct renderer *r, const bool *wanted, uint32_t trunks)
{
	static const double bounds[] = {0.001, 0.01, 0.1, 1, 10};
	struct catalogue_self self = {.scrape_bytes = -1};
	struct catalogue_source src = {.self = &self, .wanted = wanted};
	struct snapshot *n = NULL;
	struct store *s = NULL;
	struct buffer b = {0};
	uint32_t len;

	if (store_alloc(&s, bounds, sizeof(bounds) / sizeof(bounds[0])))
		exit(1);
	store_keep_native(s, 3, 160);
	store_keep_exemplars(s);
	while (trunks--)
		add_trunk(s);
	if (snapshot_take(&n, s, r->snapshot))
		exit(1);
	src.snapshot = n;
	r->render(&b, &src);
	if (b.err)
		exit(1);
	len = htonl((uint32_t)b.len);
	fwrite(&len, sizeof(len), 1, stdout);
	fwrite(b.data, 1, b.len, stdout);
	fflush(stdout);
	buffer_clear(&b);
	snapshot_free(n);
	store_free(s);
}

int main(int argc, char **argv)
{
	bool wanted[CATALOGUE_MAX] = {false};
	const struct renderer *r = NULL;
	uint32_t trunks;
	size_t k;
	bool end;
	int i;

	for (k = renderer_count; argc > 1 && k-- > 0;)
		r = strcmp(renderers[k]->subtype, argv[1]) ? r : renderers[k];
	if (!r)
		return 2;
	for (i = 2; i < argc; i++)
		catalogue_want(wanted, (struct slice){argv[i], strlen(argv[i])});
	while (trunks = read_number(&end), !end)
		answer(r, argc > 2 ? wanted : NULL, trunks);
	return 0;
}
