#include "exporter/store/changes.h"

#include <stdio.h>
#include <string.h>

#include "exporter/store/store_rows.h"

/* A list of names for one line ends soon after so many bytes. */
#define CHANGES_LINE_BYTES 300

static int changes_err(const struct changes *c)
{
	int err = 0;

	for (size_t i = 0; i < CONFIG_TURNS && !err; i++)
		err = c->names[i].err;
	return err;
}

int changes_make(struct changes *c, const struct config_diff *d, int64_t at_unix_ns)
{
	size_t kept[CONFIG_TURNS] = {0};

	*c = (struct changes){.at_unix_ns = at_unix_ns};
	memcpy(c->counts, d->counts, sizeof(c->counts));
	for (size_t i = 0; i < d->count; i++) {
		const struct config_turned *t = &d->list[i];

		if (kept[t->turn]++ < CHANGES_NAMES)
			buffer_add(&c->names[t->turn], t->trunk->name,
				   strlen(t->trunk->name) + 1);
	}
	return changes_err(c);
}

void changes_clear(struct changes *c)
{
	for (size_t i = 0; i < CONFIG_TURNS; i++)
		buffer_clear(&c->names[i]);
	*c = (struct changes){0};
}

void changes_names(struct buffer *out, const struct changes *c, enum config_turn turn)
{
	const struct buffer *names = &c->names[turn];
	size_t begin = out->len, shown = 0;
	char more[48];

	for (size_t at = 0; at < names->len && out->len - begin < CHANGES_LINE_BYTES;
	     shown++) {
		const char *name = names->data + at;

		if (shown)
			buffer_str(out, ", ");
		buffer_str(out, name);
		at += strlen(name) + 1;
	}
	if (shown >= c->counts[turn])
		return;
	(void)snprintf(more, sizeof(more), " and %zu more", c->counts[turn] - shown);
	buffer_str(out, more);
}

void changes_keep(struct store *s, struct changes *c)
{
	struct changes old;

	store_write_lock(s);
	old = s->changes;
	s->changes = *c;
	store_write_unlock(s);
	changes_clear(&old);
	*c = (struct changes){0};
}

int changes_take(struct changes *c, struct store *s)
{
	int err;

	*c = (struct changes){0};
	store_read_lock(s);
	c->at_unix_ns = s->changes.at_unix_ns;
	memcpy(c->counts, s->changes.counts, sizeof(c->counts));
	for (size_t i = 0; i < CONFIG_TURNS; i++)
		if (s->changes.names[i].len)
			buffer_add(&c->names[i], s->changes.names[i].data,
				   s->changes.names[i].len);
	store_read_unlock(s);
	err = changes_err(c);
	if (err)
		changes_clear(c);
	return err;
}
