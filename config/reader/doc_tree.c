/* The tree of a document and the places in its text, whatever it is written in. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/reader/doc_private.h"

/*
 * cJSON's hooks take no argument and are one set for the process, so they are set once
 * for good, and the arena of the parse that runs stands here, one for each thread: who
 * uses cJSON beside us gets plain malloc through them.
 */
static _Thread_local struct arena *tree_arena;

static void *tree_alloc(size_t size)
{
	return tree_arena ? arena_alloc(tree_arena, size, 16) : malloc(size);
}

static void tree_free(void *p)
{
	if (!tree_arena)
		free(p);
}

static void doc_set_hooks(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = tree_alloc, .free_fn = tree_free});
}

void doc_cjson_arena(struct arena *a)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, doc_set_hooks);
	tree_arena = a;
}

int doc_node_add(struct doc *d, size_t value, size_t key)
{
	if (d->count == d->size) {
		size_t size = d->size ? d->size * 2 : 256;
		struct doc_node *n = realloc(d->nodes, size * sizeof(*n));

		if (!n)
			return ENOMEM;
		d->nodes = n;
		d->size = size;
	}
	d->nodes[d->count].value = (uint32_t)value;
	d->nodes[d->count++].key = (uint32_t)key;
	return 0;
}

void doc_locate(struct doc *d, size_t offset, unsigned *line, unsigned *col)
{
	if (!d->cursor.line || offset < d->cursor.begin) {
		d->cursor.line = 1;
		d->cursor.begin = d->cursor.offset = 0;
	}
	while (d->cursor.offset < offset) {
		const char *from = d->text + d->cursor.offset;
		const char *nl = memchr(from, '\n', offset - d->cursor.offset);

		d->cursor.offset = nl ? (size_t)(nl - d->text) + 1 : offset;
		if (nl) {
			d->cursor.line++;
			d->cursor.begin = d->cursor.offset;
		}
	}
	*line = d->cursor.line;
	*col = (unsigned)(offset - d->cursor.begin) + 1;
}

void doc_free(struct doc *d)
{
	file_free(d->loaded, d->loaded_len);
	d->loaded = NULL;
	free(d->nodes);
	d->nodes = NULL;
	arena_free(&d->arena);
	d->tree = NULL;
}
