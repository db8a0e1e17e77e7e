/* One import from its texts to its configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/import/model.h"
#include "exporter/import/sources.h"

const struct import_source *const import_sources[IMPORT_SOURCES] = {
	&import_kamailio,
	&import_opensips,
	&import_asterisk,
	&import_freeswitch,
};

const struct import_source *import_source_find(const char *name)
{
	for (size_t i = 0; i < IMPORT_SOURCES; i++) {
		if (!strcmp(import_sources[i]->name, name))
			return import_sources[i];
	}
	return NULL;
}

static void import_clear(struct import *im)
{
	free(im->taken);
	set_free(&im->names);
	set_free(&im->secrets);
	arena_free(&im->arena);
}

void import_read_text(struct import *im, const struct import_source *s, size_t i)
{
	struct import_at at = im->at;

	if (im->taken[i] || im->err)
		return;
	im->taken[i] = true;
	im->at = (struct import_at){im->texts[i].file, 1};
	s->read(im, im->texts[i].text, im->texts[i].len);
	im->at = at;
}

/* Texts that are part of others are read where those say so, or at the end. */
static void import_read_all(struct import *im, const struct import_source *s)
{
	if (s->plan)
		s->plan(im);
	for (size_t i = 0; i < im->text_count; i++) {
		if (!s->waits || !s->waits(im, i))
			import_read_text(im, s, i);
	}
	for (size_t i = 0; i < im->text_count; i++)
		import_read_text(im, s, i);
	if (s->finish && !im->err)
		s->finish(im);
	if (!im->err)
		import_settle(im);
	if (!im->err && !im->trunk_count)
		import_fail(im, im->unusable ? EINVAL : ENODATA);
}

/* What there is to say of the import as a whole. */
static void import_sum_up(const struct import *im)
{
	fprintf(im->notes, "%zu trunk%s\n", im->trunk_count,
		im->trunk_count == 1 ? "" : "s");
}

int import_run(FILE *out, FILE *notes, const char *source,
	       const struct import_text *texts, size_t count, size_t *unusable)
{
	const struct import_source *s = import_source_find(source);
	struct import im = {.notes = notes, .texts = texts, .text_count = count};

	if (!s)
		return ENOENT;
	STAILQ_INIT(&im.trunks);
	im.taken = calloc(count ? count : 1, sizeof(*im.taken));
	if (im.taken)
		import_read_all(&im, s);
	else
		import_fail(&im, ENOMEM);
	if (!im.err) {
		import_emit(&im, out);
		import_sum_up(&im);
	}
	if (s->clear)
		s->clear(&im);
	import_clear(&im);
	*unusable = im.unusable;
	return im.err;
}
