#include "config/doc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * cJSON's hooks take no argument, so the arena of the parse that runs stands here, one
 * for each thread: a thread that uses cJSON beside us gets plain malloc through them.
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

/* Numbers the items as doc_check() met them. Depth is bounded by DOC_DEPTH_MAX. */
static void tree_number(cJSON *item, int *next)
{
	item->valueint = (*next)++;
	for (cJSON *c = item->child; c; c = c->next)
		tree_number(c, next);
}

static cJSON *tree_build(struct doc *d)
{
	cJSON_Hooks hooks = {.malloc_fn = tree_alloc, .free_fn = tree_free};
	cJSON *tree;
	int count = 0;

	tree_arena = &d->arena;
	cJSON_InitHooks(&hooks);
	tree = cJSON_ParseWithLengthOpts(d->text, d->len, NULL, false);
	cJSON_InitHooks(NULL);
	tree_arena = NULL;
	if (tree)
		tree_number(tree, &count);
	return tree && (size_t)count == d->count ? tree : NULL;
}

int doc_parse(struct doc *d, struct report *r)
{
	size_t found = r->found;
	int err = doc_check(d, r);

	/* What is JSON but not ours may also be what cJSON cannot read. */
	if (err || r->found != found)
		return err ? err : EINVAL;
	d->tree = tree_build(d);
	return d->tree ? 0 : ENOMEM;
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

/* Reads to the end of the file; a pipe or /proc has no size to trust. */
static int read_all(char **textp, size_t *lenp, int fd)
{
	size_t size = 0, len = 0;
	char *text = NULL;
	ssize_t n;

	do {
		if (size - len < 2) {
			char *more = realloc(text, size = size ? size * 2 : 16384);

			if (!more) {
				free(text);
				return ENOMEM;
			}
			text = more;
		}
		n = read(fd, text + len, size - len - 1);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= DOC_SIZE_MAX) || (n < 0 && errno == EINTR));
	if (n) {
		int err = n < 0 ? errno : EFBIG;

		free(text);
		return err;
	}
	text[len] = '\0';
	*textp = text;
	*lenp = len;
	return 0;
}

int doc_read(char **textp, size_t *lenp, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno;
	err = read_all(textp, lenp, fd);
	close(fd);
	return err;
}

void doc_free(struct doc *d)
{
	free(d->nodes);
	d->nodes = NULL;
	arena_free(&d->arena);
	d->tree = NULL;
}
