#include "sipprobe/message/registration.h"

#include "sipprobe/message/siphdr.h"

/* Reads a field that is seconds and nothing else. Returns -1 if it is not. */
static int64_t seconds_of(const struct pl *value)
{
	struct pl rest = *value;
	uint32_t seconds;

	if (!siphdr_number_take(&seconds, &rest, UINT32_MAX) || rest.l)
		return -1;
	return seconds;
}

static int64_t expires_find(const struct guard_message *m)
{
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Expires", 0))
			return seconds_of(&value);
	return -1;
}

static void contacts_read(struct registration_bindings *b, struct pl *value,
			  const char *own)
{
	struct siphdr_contact contact;

	while (value->l && siphdr_contact_take(&contact, value)) {
		int64_t left_s = contact.expires_s;

		if (left_s < 0)
			left_s = b->expires_s;
		b->contacts++;
		if (left_s > b->longest_s)
			b->longest_s = left_s;
		if (own && !pl_strcmp(&contact.uri, own))
			b->own_s = left_s;
	}
}

void registration_read(struct registration_bindings *b, const struct guard_message *m,
		       const char *own)
{
	struct pl name, value;
	size_t pos = 0;

	*b = (struct registration_bindings){
		.own_s = -1,
		.longest_s = -1,
		.expires_s = expires_find(m),
	};
	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Contact", 'm'))
			contacts_read(b, &value, own);
}

int64_t registration_granted_s(const struct registration_bindings *b, int64_t asked_s)
{
	if (b->own_s >= 0)
		return b->own_s;
	if (b->expires_s >= 0)
		return b->expires_s;
	if (b->contacts == 1 && b->longest_s >= 0)
		return b->longest_s;
	return asked_s;
}

uint32_t registration_min_expires_s(const struct guard_message *m)
{
	struct pl name, value;
	int64_t seconds = 0;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Min-Expires", 0))
			seconds = seconds_of(&value);
	return seconds > 0 ? (uint32_t)seconds : 0;
}
