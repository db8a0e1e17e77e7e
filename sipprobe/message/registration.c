#include "sipprobe/message/registration.h"

#include "sipprobe/message/siphdr.h"

enum { ODD_TIME_S = 3600 }; /* stands for a time that is no number (20.19) */

/* Reads a field that is seconds and nothing else. Returns -1 if it is not. */
static int64_t seconds_of(const struct pl *value)
{
	struct pl rest = *value;
	uint32_t seconds;

	if (!siphdr_number_take(&seconds, &rest, UINT32_MAX) || rest.l)
		return -1;
	return seconds;
}

/* The less of two times, of which one or both may not be said (-1). */
static int64_t less_s(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int64_t expires_find(const struct guard_message *m)
{
	struct pl name, value;
	int64_t least_s = -1;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Expires", 0))
			least_s = less_s(least_s, seconds_of(&value));
	return least_s;
}

/* Seconds; -1: not said. */
static int64_t time_left_s(const struct registration_bindings *b,
			   const struct siphdr_contact *contact)
{
	if (contact->expires_s == SIPHDR_EXPIRES_ODD)
		return less_s(b->expires_s, ODD_TIME_S);
	return contact->expires_s >= 0 ? contact->expires_s : b->expires_s;
}

static void contact_note(struct registration_bindings *b,
			 const struct siphdr_contact *contact, const struct pl *own)
{
	enum uri_match match = own ? uri_match(own, &contact->uri) : URI_MATCH_NONE;
	int64_t left_s = time_left_s(b, contact);

	b->contacts++;
	if (left_s > b->longest_s)
		b->longest_s = left_s;
	if (match > b->own) {
		b->own = match;
		b->own_s = left_s;
	} else if (match == b->own) {
		b->own_s = less_s(b->own_s, left_s);
	}
}

/* Leaves behind what is no Contact, and the comma that ends it outside of quotes. */
static void contact_skip(struct pl *c)
{
	char until = '\0';

	for (; c->l; pl_advance(c, 1)) {
		if (until == '"' && *c->p == '\\' && c->l > 1)
			pl_advance(c, 1);
		else if (until)
			until = *c->p == until ? '\0' : until;
		else if (*c->p == '"')
			until = '"';
		else if (*c->p == '<')
			until = '>';
		else if (*c->p == ',')
			break;
	}
	if (c->l)
		pl_advance(c, 1);
}

static void contacts_read(struct registration_bindings *b, struct pl *value,
			  const struct pl *own)
{
	while (value->l) {
		struct siphdr_contact contact;
		struct pl rest = *value;

		bool whole = siphdr_contact_take(&contact, value);

		if (contact.uri.p)
			contact_note(b, &contact, own);
		if (!whole) {
			contact_skip(&rest);
			*value = rest;
		}
	}
}

void registration_read(struct registration_bindings *b, const struct guard_message *m,
		       const char *own)
{
	struct pl name, value, own_uri;
	size_t pos = 0;

	if (own)
		pl_set_str(&own_uri, own);
	*b = (struct registration_bindings){
		.own_s = -1,
		.longest_s = -1,
		.expires_s = expires_find(m),
	};
	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Contact", 'm'))
			contacts_read(b, &value, own ? &own_uri : NULL);
}

int64_t registration_granted_s(const struct registration_bindings *b, int64_t asked_s)
{
	int64_t granted_s = b->contacts ? b->own_s : b->expires_s;

	if (granted_s < 0)
		return asked_s;
	if (b->contacts && !b->own)
		return less_s(less_s(granted_s, b->expires_s), asked_s);
	return granted_s;
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
