#include "sipprobe/dns/rr.h"

#include <errno.h>
#include <string.h>

enum { LABEL_MAX = 63 };

/* Bytes not yet read. */
struct rest {
	const uint8_t *p;
	size_t l;
};

const char *rr_type_name(unsigned type)
{
	static const struct {
		unsigned type;
		const char *name;
	} names[] = {
		{RR_A, "A"},
		{RR_AAAA, "AAAA"},
		{RR_SRV, "SRV"},
		{RR_NAPTR, "NAPTR"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "?";
}

/* The character of a host's or service's name in lower case, or 0: no such character. */
static char name_char(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return 0;
}

/* Appends a label to @name of @at characters. Returns characters then, 0 on failure. */
static size_t name_add(char *name, size_t at, const uint8_t *label, size_t len)
{
	if (!len || len > LABEL_MAX || at + (at ? 1 : 0) + len > RR_NAME_MAX)
		return 0;
	if (at)
		name[at++] = '.';
	for (size_t i = 0; i < len; i++) {
		name[at] = name_char(label[i]);
		if (!name[at++])
			return 0;
	}
	return at;
}

int rr_name_set(char name[RR_NAME_MAX + 1], const char *text, size_t len)
{
	char buf[RR_NAME_MAX + 1] = "";
	size_t at = 0;

	if (len && text[len - 1] == '.')
		len--;
	do {
		const char *dot = len ? memchr(text, '.', len) : NULL;
		size_t label = dot ? (size_t)(dot - text) : len;

		at = name_add(buf, at, (const uint8_t *)text, label);
		if (!at || (dot && label + 1 == len))
			return EINVAL;
		text += label + (dot ? 1 : 0);
		len -= label + (dot ? 1 : 0);
	} while (len);
	memcpy(name, buf, sizeof(buf));
	return 0;
}

static bool take_u16(struct rest *r, uint16_t *v)
{
	if (r->l < 2)
		return false;
	*v = (uint16_t)(r->p[0] << 8 | r->p[1]);
	r->p += 2;
	r->l -= 2;
	return true;
}

/* A <character-string>; @word NULL: only @l is wanted. */
static bool take_string(struct rest *r, char *word, size_t *l)
{
	if (!r->l || r->l - 1 < r->p[0])
		return false;
	*l = r->p[0];
	if (word && (*l > RR_WORD_MAX || memchr(r->p + 1, 0, *l)))
		return false;
	if (word)
		memcpy(word, r->p + 1, *l);
	r->p += 1 + *l;
	r->l -= 1 + *l;
	return true;
}

static bool take_name(struct rest *r, char *name)
{
	size_t at = 0;

	while (r->l && r->p[0]) {
		size_t label = r->p[0];

		/* Above 63 it is a compression pointer, and there is no message. */
		if (label > LABEL_MAX || r->l - 1 < label)
			return false;
		at = name_add(name, at, r->p + 1, label);
		if (!at)
			return false;
		r->p += 1 + label;
		r->l -= 1 + label;
	}
	if (!r->l)
		return false;
	r->p++;
	r->l--;
	return true;
}

int rr_srv_decode(struct rr_srv *srv, const uint8_t *p, size_t len)
{
	struct rest r = {p, len};
	struct rr_srv got;

	memset(&got, 0, sizeof(got));
	if (!take_u16(&r, &got.priority) || !take_u16(&r, &got.weight) ||
	    !take_u16(&r, &got.port) || !take_name(&r, got.target) || r.l)
		return EBADMSG;
	*srv = got;
	return 0;
}

int rr_naptr_decode(struct rr_naptr *naptr, const uint8_t *p, size_t len)
{
	struct rest r = {p, len};
	struct rr_naptr got;
	size_t l;

	memset(&got, 0, sizeof(got));
	if (!take_u16(&r, &got.order) || !take_u16(&r, &got.preference) ||
	    !take_string(&r, got.flags, &l) || !take_string(&r, got.service, &l) ||
	    !take_string(&r, NULL, &l))
		return EBADMSG;
	got.regexp = l > 0;
	if (!take_name(&r, got.replacement) || r.l)
		return EBADMSG;
	*naptr = got;
	return 0;
}
