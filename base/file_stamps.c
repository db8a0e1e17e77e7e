#include "base/file_stamps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_FIRST = 16 };

static int file_stamps_grow(struct file_stamps *s)
{
	size_t size = s->size ? 2 * s->size : FILES_FIRST;
	struct file_stamped *list = realloc(s->list, size * sizeof(*list));

	if (!list)
		return ENOMEM;
	s->list = list;
	s->size = size;
	return 0;
}

int file_stamps_add(struct file_stamps *s, const char *path)
{
	struct file_stamped *f;
	struct set_entry *e;
	char *kept;

	if (set_find(&s->names, path, strlen(path)))
		return 0;
	if (s->count == s->size && file_stamps_grow(s))
		return ENOMEM;
	kept = strdup(path);
	e = kept ? set_put(&s->names, kept, strlen(kept)) : NULL;
	if (!e) {
		free(kept);
		return ENOMEM;
	}
	f = &s->list[s->count++];
	*f = (struct file_stamped){kept, file_stamp_of(kept)};
	e->value = s->count;
	return 0;
}

bool file_stamps_look(struct file_stamps *s, size_t most)
{
	bool changed = false;

	for (size_t i = 0; i < most && i < s->count; i++) {
		struct file_stamped *f = &s->list[s->next];
		struct file_stamp now = file_stamp_of(f->path);

		changed |= !file_stamp_equal(&now, &f->stamp);
		f->stamp = now;
		s->next = (s->next + 1) % s->count;
	}
	return changed;
}

bool file_stamps_differ(const struct file_stamps *a, const struct file_stamps *b)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *path = a->list[i].path;
		const struct set_entry *e = set_find(&b->names, path, strlen(path));

		if (e &&
		    !file_stamp_equal(&a->list[i].stamp, &b->list[e->value - 1].stamp))
			return true;
	}
	return false;
}

void file_stamps_clear(struct file_stamps *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i].path);
	free(s->list);
	set_free(&s->names);
	*s = (struct file_stamps){.count = 0};
}
