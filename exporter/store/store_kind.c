/*
 * Label text of targets. Only the address differs between those of one method and
 * transport: the rest is kept once.
 */
#include <stdlib.h>
#include <string.h>

#include "exporter/store/labels.h"
#include "exporter/store/store_rows.h"
#include "exporter/store/store_text.h"

/* Its own pieces of label text, around the address' value and without the quotes. */
static struct slice store_kind_method(const struct store_kind *k)
{
	return (struct slice){k->text, k->before_len - (sizeof(STORE_TEXT_ADDRESS) - 1)};
}

static struct slice store_kind_transport(const struct store_kind *k)
{
	const char *after = k->text + k->before_len;
	const char *quote = "\",";

	return (struct slice){after + strlen(quote), k->after_len - strlen(quote)};
}

static bool store_kind_is(const struct store_kind *k, struct slice before,
			  struct slice after)
{
	return k->before_len == before.l && k->after_len == after.l &&
	       !memcmp(k->text, before.p, before.l) &&
	       !memcmp(k->text + before.l, after.p, after.l);
}

static struct store_kind *store_kind_make(struct slice before, struct slice after)
{
	struct store_kind *k = malloc(sizeof(*k) + before.l + after.l);

	if (!k)
		return NULL;
	k->before_len = (uint32_t)before.l;
	k->after_len = (uint32_t)after.l;
	memcpy(k->text, before.p, before.l);
	memcpy(k->text + before.l, after.p, after.l);
	return k;
}

int store_kind_find(struct store *s, struct slice before, struct slice after)
{
	int i = 0;

	while (i < STORE_KINDS && s->kinds[i] &&
	       !store_kind_is(s->kinds[i], before, after))
		i++;
	if (i < STORE_KINDS && !s->kinds[i])
		s->kinds[i] = store_kind_make(before, after);
	return i < STORE_KINDS && s->kinds[i] ? i : -1;
}

void store_kinds_free(struct store *s)
{
	for (int i = 0; i < STORE_KINDS; i++)
		free(s->kinds[i]);
}

size_t store_target_text_len(const struct store *s, const struct store_target *t)
{
	const struct store_kind *k = s->kinds[t->kind];

	return k->before_len + t->address_len + k->after_len;
}

void store_target_text(char *to, const struct store *s, const struct store_target *t)
{
	const struct store_kind *k = s->kinds[t->kind];

	memcpy(to, k->text, k->before_len);
	to += k->before_len;
	memcpy(to, store_target_address(s, t), t->address_len);
	to += t->address_len;
	memcpy(to, k->text + k->before_len, k->after_len);
}

struct slice store_target_find(const struct store *s, const struct store_target *t,
			       const char *name)
{
	const struct store_kind *k = s->kinds[t->kind];
	struct slice found = labels_find(store_kind_method(k), name);

	if (!strcmp(name, "address"))
		return (struct slice){store_target_address(s, t), t->address_len};
	return found.l ? found : labels_find(store_kind_transport(k), name);
}
