#include "exporter/import/freeswitch_vars.h"

#include <errno.h>
#include <string.h>

enum { EXPANDED_MAX = 2048, DEPTH_MAX = 8, STEPS_MAX = 256 };

/* One text being expanded: bounded in depth, length and in all that is looked up. */
struct expansion {
	const struct freeswitch_vars *vars;
	char out[EXPANDED_MAX];
	size_t len;
	unsigned steps;
};

void freeswitch_vars_set(struct import *im, struct freeswitch_vars *v, const char *text)
{
	const char *equals = strchr(text, '=');
	char *name = equals ? import_copy(im, text, (size_t)(equals - text)) : NULL;
	char *value = name ? import_copy(im, equals + 1, strlen(equals + 1)) : NULL;
	struct set_entry *e = value ? set_put(&v->values, name, strlen(name)) : NULL;

	if (e)
		e->value = (uintptr_t)value;
	else if (value)
		import_fail(im, ENOMEM);
}

/* Appends; what does not fit is cut. */
static void expand_put(struct expansion *x, const char *text, size_t len)
{
	if (len > EXPANDED_MAX - 1 - x->len)
		len = EXPANDED_MAX - 1 - x->len;
	memcpy(x->out + x->len, text, len);
	x->len += len;
}

static const char *expand_value(struct expansion *x, const char *name, size_t len)
{
	struct set_entry *e = set_find(&x->vars->values, name, len);

	return e && x->steps++ < STEPS_MAX ? (const char *)e->value : NULL;
}

static void expand_text(struct expansion *x, const char *text, unsigned depth)
{
	const char *open;

	while ((open = strstr(text, "$${")) && strchr(open, '}')) {
		size_t len = strcspn(open + 3, "}");
		const char *value =
			depth < DEPTH_MAX ? expand_value(x, open + 3, len) : NULL;

		expand_put(x, text, (size_t)(open - text));
		if (value)
			expand_text(x, value, depth + 1);
		else
			expand_put(x, open, len + 4);
		text = open + len + 4;
		if (x->len >= EXPANDED_MAX - 1)
			return;
	}
	expand_put(x, text, strlen(text));
}

const char *freeswitch_expand(struct import *im, const struct freeswitch_vars *v,
			      const char *text)
{
	struct expansion x = {.vars = v};

	if (!strstr(text, "$${"))
		return import_copy(im, text, strlen(text));
	expand_text(&x, text, 0);
	return import_copy(im, x.out, x.len);
}

void freeswitch_vars_clear(struct freeswitch_vars *v)
{
	set_free(&v->values);
}
