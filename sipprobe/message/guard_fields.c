#include "sipprobe/message/guard_fields.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/message/siphdr.h"

/* The kinds of fields that the guard reads; a bit each in `seen`. */
enum {
	SEEN_VIA = 1 << 0,
	SEEN_FROM = 1 << 1,
	SEEN_TO = 1 << 2,
	SEEN_CALL_ID = 1 << 3,
	SEEN_CSEQ = 1 << 4,
	SEEN_MAX_FORWARDS = 1 << 5,
	SEEN_CONTENT_LENGTH = 1 << 6,
	SEEN_RETRY_AFTER = 1 << 7,
	SEEN_MANDATORY = SEEN_VIA | SEEN_FROM | SEEN_TO | SEEN_CALL_ID | SEEN_CSEQ,
	SEEN_REPEATABLE = SEEN_VIA | SEEN_RETRY_AFTER,
};

/* The readers of values return NULL or what is wrong. */
typedef const char *(value_h)(struct guard_progress *g, const struct pl *value);

static const char *via_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;
	struct siphdr_via v;

	do {
		if (!siphdr_via_take(&v, &rest))
			return "malformed Via";
		if (!g->vias++) {
			g->parts.via = v.value;
			g->parts.branch = v.branch;
		}
	} while (rest.l);
	return NULL;
}

static const char *from_read(struct guard_progress *g, const struct pl *value)
{
	struct siphdr_addr a;

	if (!siphdr_addr_read(&a, value))
		return "malformed From";
	g->parts.from = *value;
	g->parts.from_tag = a.tag;
	return NULL;
}

static const char *to_read(struct guard_progress *g, const struct pl *value)
{
	struct siphdr_addr a;

	if (!siphdr_addr_read(&a, value))
		return "malformed To";
	g->parts.to = *value;
	g->parts.to_tag = a.tag;
	return NULL;
}

static const char *call_id_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;

	if (!siphdr_run_take(&g->parts.call_id, &rest, SIPHDR_WORD) || rest.l)
		return "malformed Call-ID";
	return NULL;
}

static const char *cseq_read(struct guard_progress *g, const struct pl *value)
{
	struct guard_message *m = &g->parts;
	struct pl rest = *value;

	if (!siphdr_number_take(&m->cseq, &rest, INT32_MAX))
		return "CSeq without a number under 2^31";
	if (!siphdr_space_skip(&rest) ||
	    !siphdr_run_take(&m->cseq_method, &rest, SIPHDR_TOKEN) || rest.l)
		return "CSeq without a method";
	return NULL;
}

static const char *max_forwards_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;
	uint32_t hops;

	(void)g;
	if (!siphdr_number_take(&hops, &rest, UINT8_MAX) || rest.l)
		return "Max-Forwards is no number to 255";
	return NULL;
}

static const char *content_length_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;

	if (!siphdr_number_take(&g->content_length, &rest, GUARD_MESSAGE_MAX) || rest.l)
		return "Content-Length is no number or too large";
	return NULL;
}

/* Seconds, then a comment or parameters (RFC 3261 20.33); advice, so no error. */
static const char *retry_after_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;
	uint32_t seconds;

	if (!siphdr_number_take(&seconds, &rest, INT_MAX))
		return NULL;
	siphdr_space_skip(&rest);
	if (!rest.l || *rest.p == '(' || *rest.p == ';')
		g->parts.retry_after_s = seconds;
	return NULL;
}

static const struct {
	const char *name;
	size_t len;
	char compact;
	unsigned kind;
	value_h *read;
} rules[] = {
	{"Via", 3, 'v', SEEN_VIA, via_read},
	{"From", 4, 'f', SEEN_FROM, from_read},
	{"To", 2, 't', SEEN_TO, to_read},
	{"Call-ID", 7, 'i', SEEN_CALL_ID, call_id_read},
	{"CSeq", 4, 0, SEEN_CSEQ, cseq_read},
	{"Max-Forwards", 12, 0, SEEN_MAX_FORWARDS, max_forwards_read},
	{"Content-Length", 14, 'l', SEEN_CONTENT_LENGTH, content_length_read},
	{"Retry-After", 11, 0, SEEN_RETRY_AFTER, retry_after_read},
};

enum { RULES = sizeof(rules) / sizeof(*rules) };

static bool name_is(const struct pl *field, const char *name, size_t len, char compact)
{
	if (field->l == 1)
		return compact && (*field->p | 0x20) == compact;
	return field->l == len && !strncasecmp(field->p, name, len);
}

bool guard_field_is(const struct pl *field, const char *name, char compact)
{
	return name_is(field, name, strlen(name), compact);
}

const char *guard_fields_take(struct guard_progress *g, const struct pl *name,
			      const struct pl *value)
{
	size_t i;

	for (i = 0; i < RULES; i++) {
		if (name_is(name, rules[i].name, rules[i].len, rules[i].compact))
			break;
	}
	if (i == RULES)
		return NULL;
	if (g->seen & rules[i].kind & ~SEEN_REPEATABLE)
		return "header field given twice that may be there once";
	g->seen |= rules[i].kind;
	return rules[i].read(g, value);
}

bool guard_fields_framed(const struct guard_progress *g)
{
	return g->seen & SEEN_CONTENT_LENGTH;
}

const char *guard_fields_judge(const struct guard_progress *g)
{
	const struct guard_message *m = &g->parts;

	if ((g->seen & SEEN_MANDATORY) != SEEN_MANDATORY)
		return "mandatory header field missing";
	if (m->request && pl_cmp(&m->method, &m->cseq_method))
		return "CSeq names another method";
	if (!m->request && g->vias > 1)
		return "response with more than one Via";
	return NULL;
}
