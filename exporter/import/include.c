#include "exporter/import/include.h"

#include <string.h>

/* A part of a path, between its '/'. */
struct part {
	const char *p;
	size_t len;
};

/* The last part before @end, which is moved to its begin. */
static struct part include_last(const char *path, const char **end)
{
	struct part last = {*end, 0};

	while (last.p > path && last.p[-1] == '/')
		last.p--;
	*end = last.p;
	while (last.p > path && last.p[-1] != '/')
		last.p--;
	last.len = (size_t)(*end - last.p);
	*end = last.p;
	return last;
}

/* '*' and '?', in time that grows with the product of the lengths, which are short. */
static bool include_glob(struct part pattern, struct part text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len &&
			   (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

static bool include_has_glob(struct part p)
{
	return memchr(p.p, '*', p.len) || memchr(p.p, '?', p.len);
}

/* Asterisk's own folder is left when its files are copied elsewhere. */
static bool include_is_home(struct part p)
{
	return p.len == 8 && !memcmp(p.p, "asterisk", 8);
}

bool include_means(const char *path, const char *file)
{
	const char *pend = path + strlen(path), *fend = file + strlen(file);
	struct part name = include_last(path, &pend), own = include_last(file, &fend);
	struct part folder, own_folder;

	if (name.len > 255 || !include_glob(name, own))
		return false;
	folder = include_last(path, &pend);
	own_folder = include_last(file, &fend);
	if (!folder.len || include_is_home(folder))
		return true;
	if (!own_folder.len)
		return !include_has_glob(name);
	return folder.len <= 255 && include_glob(folder, own_folder);
}
