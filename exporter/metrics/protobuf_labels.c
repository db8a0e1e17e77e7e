#include <errno.h>
#include <stdlib.h>

#include "exporter/metrics/protobuf_private.h"
#include "exporter/store/labels.h"

#define SLOTS_MIN 1024

struct protobuf_label {
	struct slice text; /* of NULL: vacant */
	struct protobuf_fields fields;
};

static size_t protobuf_labels_hash(const char *text)
{
	return (size_t)(((uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15ULL) >> 32);
}

/* One text may be the beginning of another, at the same place. */
static bool protobuf_labels_differ(struct slice a, struct slice b)
{
	return ((uintptr_t)a.p ^ (uintptr_t)b.p) | (a.l ^ b.l);
}

static struct protobuf_label *protobuf_labels_slot(const struct protobuf_labels *l,
						   struct slice text)
{
	size_t i = protobuf_labels_hash(text.p) & (l->cap - 1);

	while (l->slots[i].text.p && protobuf_labels_differ(l->slots[i].text, text))
		i = (i + 1) & (l->cap - 1);
	return &l->slots[i];
}

/* At most half of the slots are used. */
static int protobuf_labels_grow(struct protobuf_labels *l)
{
	struct protobuf_labels wider = *l;

	if (l->used < l->cap / 2)
		return 0;
	wider.cap = l->cap ? 2 * l->cap : SLOTS_MIN;
	wider.slots = calloc(wider.cap, sizeof(*wider.slots));
	if (!wider.slots)
		return ENOMEM;
	for (size_t i = 0; i < l->cap; i++)
		if (l->slots[i].text.p)
			*protobuf_labels_slot(&wider, l->slots[i].text) = l->slots[i];
	free(l->slots);
	*l = wider;
	return 0;
}

static void protobuf_labels_put(struct protobuf_labels *l, struct slice name,
				struct slice value)
{
	size_t pair;
	char *to;

	l->text.len = 0;
	labels_unescape(&l->text, value);
	if (l->text.err) {
		l->packed.err = l->text.err;
		return;
	}
	pair = 2 + wire_varint_len(name.l) + name.l + wire_varint_len(l->text.len) +
	       l->text.len;
	to = buffer_reserve(&l->packed, WIRE_FIELD_MAX + pair);
	if (!to)
		return;
	to = wire_head(to, METRIC_LABEL, pair);
	to = wire_bytes(to, LABEL_PAIR_NAME, name.p, name.l);
	to = wire_bytes(to, LABEL_PAIR_VALUE, l->text.data, l->text.len);
	l->packed.len = (size_t)(to - l->packed.data);
}

static struct protobuf_fields protobuf_labels_pack(struct protobuf_labels *l,
						   struct slice text)
{
	struct protobuf_fields f = {.at = l->packed.len};
	struct slice name, value;
	size_t pos = 0;

	while (labels_next(text, &pos, &name, &value))
		protobuf_labels_put(l, name, value);
	f.len = l->packed.len - f.at;
	return f;
}

struct protobuf_fields protobuf_labels_of(struct protobuf_labels *l, struct slice text)
{
	struct protobuf_label *slot;

	if (!text.l || l->packed.err)
		return (struct protobuf_fields){0};
	if (protobuf_labels_grow(l)) {
		l->packed.err = ENOMEM;
		return (struct protobuf_fields){0};
	}
	slot = protobuf_labels_slot(l, text);
	if (!slot->text.p) {
		slot->fields = protobuf_labels_pack(l, text);
		slot->text = text;
		l->used++;
	}
	return slot->fields;
}

void protobuf_labels_clear(struct protobuf_labels *l)
{
	free(l->slots);
	buffer_clear(&l->packed);
	buffer_clear(&l->text);
}
