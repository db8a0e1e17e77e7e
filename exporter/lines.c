#include "exporter/lines.h"

void lines_samples_h(struct slice labels, const struct sample *s, size_t count, void *arg)
{
	struct lines *l = arg;
	size_t need = count * (l->name_len + labels.l + LINES_EXTRA);
	size_t i, stem;
	char *first, *to;

	for (i = 0; i < count; i++)
		need += s[i].label.l;
	first = buffer_reserve(l->out, need);
	if (!first)
		return;
	to = lines_put_stem(first, l, (struct slice){0}, labels);
	stem = (size_t)(to - first);
	for (i = 0; i < count; i++) {
		if (i)
			to = lines_put(to, first, stem);
		to = lines_put_last(to, labels.l, s[i].label, s[i].value, s[i].decimals);
	}
	l->out->len = (size_t)(to - l->out->data);
}

void lines_comment(struct buffer *out, const char *word, struct slice name,
		   const char *text)
{
	buffer_str(out, "# ");
	buffer_str(out, word);
	buffer_add(out, " ", 1);
	buffer_add(out, name.p, name.l);
	buffer_add(out, " ", 1);
	buffer_str(out, text);
	buffer_add(out, "\n", 1);
}
