/* The files of a load: trunk_files and what they match. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

int load_add_file(struct load *l, const char *path)
{
	size_t n = l->file_count + 1;
	const char **files = realloc(l->files, n * sizeof(*files));
	size_t *first = files ? realloc(l->file_first, n * sizeof(*first)) : NULL;

	if (files)
		l->files = files;
	if (first)
		l->file_first = first;
	if (!files || !first)
		return ENOMEM;
	l->files[n - 1] = path;
	l->file_first[n - 1] = l->trunk_count;
	l->file_count = n;
	return 0;
}

int load_walk(struct load *l, struct doc *d, const struct section *s, const cJSON **set)
{
	struct doc_path at = {0};
	int err = doc_parse(d, &l->report);

	if (err)
		return err;
	l->w.doc = d;
	l->root.node = at.node = d->tree;
	walk_section(&l->w, s, &at, l, set);
	return 0;
}

static int read_trunk_file(struct load *l, const char *file, const char *shown)
{
	struct doc d = {
		.path = shown,
		.rank = (unsigned)l->file_count,
		.yaml = doc_is_yaml(shown),
	};
	const cJSON *set[4] = {0};
	int err = doc_load(&d, file, &l->report);

	if (!err)
		readings_add_file(&l->w.readings, file, d.text, d.len);
	if (!err)
		err = load_add_file(l, shown);
	if (!err)
		err = load_walk(l, &d, &section_trunk_file, set);
	l->w.doc = &l->doc;
	doc_free(&d);
	return err;
}

/* A file's name as messages show it: by the same way as the main file's. */
static const char *shown_name(struct load *l, const char *file)
{
	size_t folder = strlen(l->w.folder);
	char name[8192];

	if (strncmp(file, l->w.folder, folder) || file[folder] != '/')
		return walk_keep(&l->w, file);
	snprintf(name, sizeof(name), "%s%s", l->w.shown, file + folder + 1);
	return walk_keep(&l->w, name);
}

static int read_match(struct load *l, const char *file)
{
	const char *kept = walk_keep(&l->w, file), *shown;
	struct set_entry *e;

	if (!kept)
		return ENOMEM;
	/* Two patterns may match one file. Values of try_file() are small. */
	e = set_put(&l->w.files, kept, strlen(kept));
	if (!e)
		return ENOMEM;
	if (e->value == UINTPTR_MAX)
		return 0;
	e->value = UINTPTR_MAX;
	shown = shown_name(l, kept);
	return shown ? read_trunk_file(l, kept, shown) : ENOMEM;
}

/* Notes what a pattern found, for who asks later whether that is the same still. */
static int note_pattern(struct load *l, const char *pattern, const glob_t *g)
{
	const char *kept = walk_keep(&l->w, pattern);

	if (!kept)
		return ENOMEM;
	readings_add_pattern(&l->w.readings, kept, g->gl_pathv, g->gl_pathc);
	return 0;
}

/* Notes the folder that a pattern looks in: a file may come to be there. */
static int note_folder(struct load *l, const char *pattern)
{
	size_t len = strcspn(pattern, "*?[");
	const char *kept;
	char dir[8192];

	while (len && pattern[len - 1] != '/')
		len--;
	snprintf(dir, sizeof(dir), "%.*s.", (int)len, pattern);
	kept = walk_keep(&l->w, dir);
	return kept && set_put(&l->w.files, kept, strlen(kept)) ? 0 : ENOMEM;
}

/* A name that is no pattern must be that of a file. */
static void read_nothing(struct load *l, const struct doc_path *at, const char *full)
{
	const char *kept = walk_keep(&l->w, full);

	if (!kept || !set_put(&l->w.files, kept, strlen(kept)))
		walk_nomem(&l->w);
	walk_fault(&l->w, at, "there is no file %s", quote(doc_text(at->node)).s);
}

static int read_glob(struct load *l, const struct doc_path *at)
{
	const char *pattern = doc_text(at->node);
	char full[8192];
	glob_t g = {0};
	int err, n;

	n = pattern[0] == '/'
		    ? snprintf(full, sizeof(full), "%s", pattern)
		    : snprintf(full, sizeof(full), "%s/%s", l->w.folder, pattern);
	if (n < 0 || (size_t)n >= sizeof(full)) {
		walk_fault(&l->w, at, "the pattern is too long");
		return EINVAL;
	}
	if (note_folder(l, full))
		return ENOMEM;
	err = glob(full, 0, NULL, &g);
	if (err == GLOB_NOMATCH && !strpbrk(pattern, "*?["))
		read_nothing(l, at, full);
	if (err == GLOB_ABORTED)
		walk_fault(&l->w, at, "cannot read the folder of %s", quote(pattern).s);
	err = err == GLOB_NOSPACE ? ENOMEM : note_pattern(l, full, &g);
	for (size_t i = 0; i < g.gl_pathc && err != ENOMEM; i++)
		err = read_match(l, g.gl_pathv[i]);
	globfree(&g);
	return err;
}

int load_absolute_globs(struct load *l, struct arena *a, const char *const **out)
{
	const char **list = arena_alloc(a, (l->glob_count + 1) * sizeof(*list), 8);
	char full[8192];

	for (size_t i = 0; list && i < l->glob_count; i++) {
		bool whole = l->globs[i][0] == '/';

		snprintf(full, sizeof(full), "%s%s%s", whole ? "" : l->w.folder,
			 whole ? "" : "/", l->globs[i]);
		list[i] = walk_keep(&l->w, full);
		if (!list[i])
			return ENOMEM;
	}
	*out = list;
	return list ? 0 : ENOMEM;
}

int load_globs(struct load *l)
{
	size_t row = section_find(&section_file, "trunk_files");
	struct doc_path outer = {
		.up = &l->root, .key = "trunk_files", .node = l->file_set[row]};
	struct doc_path at = {.up = &outer};
	int err = 0;

	if (!outer.node)
		return 0;
	for (const cJSON *v = outer.node->child; v && err != ENOMEM; v = v->next) {
		at.node = v;
		err = read_glob(l, &at);
		at.index++;
	}
	return err;
}

int load_mark_main(struct load *l, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path;
	struct set_entry *e;
	char full[8192];
	const char *kept;

	if (!path)
		return 0;
	snprintf(full, sizeof(full), "%s/%s", l->w.folder, name);
	kept = walk_keep(&l->w, full);
	e = kept ? set_put(&l->w.files, kept, strlen(kept)) : NULL;
	if (!e)
		return ENOMEM;
	e->value = UINTPTR_MAX;
	return 0;
}
