#include <stdlib.h>
#include <string.h>

#include "exporter/store/history.h"

/* Sound and packets only of what failed: a success is there to compare figures. */
static void history_ladder_media(struct history_ladder *l, const struct call_media *media,
				 bool failed)
{
	struct call_media *copy = media ? call_media_copy(media, failed) : NULL;

	l->result.call.media = copy;
	if (copy)
		l->bytes += call_media_bytes(copy);
	else
		l->result.call.has_media = l->result.call.has_far = false;
	l->media = copy;
}

struct history_ladder *history_ladder_copy(const struct probe_result *r,
					   const struct ladder *l)
{
	size_t bytes = sizeof(struct history_ladder) + l->count * sizeof(l->entries[0]);
	struct history_ladder *copy;
	char *text;

	for (unsigned i = 0; i < l->count; i++)
		bytes += l->entries[i].len;
	copy = malloc(bytes);
	if (!copy)
		return NULL;
	memset(copy, 0, sizeof(*copy));
	atomic_init(&copy->refs, 1);
	copy->bytes = bytes;
	copy->result = *r;
	history_ladder_media(copy, r->call.media, r->verdict != PROBE_UP);
	copy->count = l->count;
	copy->dropped = l->dropped;
	text = (char *)&copy->entries[l->count];
	for (unsigned i = 0; i < l->count; i++) {
		struct ladder_entry *e = &copy->entries[i];

		*e = l->entries[i];
		if (e->len)
			memcpy(text, e->text, e->len);
		e->text = text;
		text += e->len;
	}
	return copy;
}

struct history_ladder *history_ladder_ref(struct history_ladder *l)
{
	if (l)
		atomic_fetch_add(&l->refs, 1);
	return l;
}

void history_ladder_unref(struct history_ladder *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	call_media_free(l->media);
	free(l);
}
