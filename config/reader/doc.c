#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/reader/doc_private.h"

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

int doc_load(struct doc *d, const char *file, struct report *r)
{
	int err = file_read(&d->loaded, &d->loaded_len, file, DOC_SIZE_MAX);

	d->text = d->loaded;
	d->len = d->loaded_len;
	if (!err || err == ENOMEM)
		return err;
	report_file(r, d->path, d->rank, "cannot read it: %s",
		    err == EFBIG ? "it is larger than 256 MiB" : strerror(err));
	return r->err ? r->err : EINVAL;
}
