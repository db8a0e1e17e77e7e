#include "config/reader/doc_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Numbers the items as doc_check() met them. Depth is bounded by DOC_DEPTH_MAX. */
static void tree_number(cJSON *item, int *next)
{
	item->valueint = (*next)++;
	for (cJSON *c = item->child; c; c = c->next)
		tree_number(c, next);
}

static cJSON *tree_build(struct doc *d)
{
	cJSON *tree;
	int count = 0;

	doc_cjson_arena(&d->arena);
	tree = cJSON_ParseWithLengthOpts(d->text, d->len, NULL, false);
	doc_cjson_arena(NULL);
	if (tree)
		tree_number(tree, &count);
	return tree && (size_t)count == d->count ? tree : NULL;
}

static int doc_json_parse(struct doc *d, struct report *r)
{
	size_t found = r->found;
	int err = doc_check(d, r);

	/* JSON that is not ours may also be more than cJSON can read. */
	if (err || r->found != found)
		return err ? err : EINVAL;
	d->tree = tree_build(d);
	return d->tree ? 0 : ENOMEM;
}

bool doc_is_yaml(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

int doc_parse(struct doc *d, struct report *r)
{
	return d->yaml ? doc_yaml_parse(d, r) : doc_json_parse(d, r);
}

/* Grows a buffer. The old one is overwritten, for there may be passwords in it. */
static int read_grow(char **textp, size_t *sizep, size_t len)
{
	size_t size = *sizep ? *sizep * 2 : 16384;
	char *text = malloc(size);

	if (!text)
		return ENOMEM;
	if (*textp) {
		memcpy(text, *textp, len);
		explicit_bzero(*textp, len);
	}
	free(*textp);
	*textp = text;
	*sizep = size;
	return 0;
}

/* Reads to the end of the file; a pipe or /proc has no size to trust. */
static int read_all(char **textp, size_t *lenp, int fd)
{
	size_t size = 0, len = 0;
	char *text = NULL;
	ssize_t n = 0;
	int err = 0;

	do {
		if (size - len < 2)
			err = read_grow(&text, &size, len);
		if (!err)
			n = read(fd, text + len, size - len - 1);
		if (!err && n < 0 && errno != EINTR)
			err = errno;
		if (!err && n > 0)
			len += (size_t)n;
		if (len > DOC_SIZE_MAX)
			err = EFBIG;
	} while (!err && n);
	if (err) {
		if (text)
			explicit_bzero(text, len);
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

int doc_load(struct doc *d, const char *file, struct report *r)
{
	int err = doc_read(&d->loaded, &d->loaded_len, file);

	d->text = d->loaded;
	d->len = d->loaded_len;
	if (!err || err == ENOMEM)
		return err;
	report_file(r, d->path, d->rank, "cannot read it: %s",
		    err == EFBIG ? "it is larger than 64 MiB" : strerror(err));
	return r->err ? r->err : EINVAL;
}
