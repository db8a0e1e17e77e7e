#include "sipprobe/message/guard_fields.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/message/raw_hash.h"
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
	/* What an answer is matched by: one wrong byte here, and it is nobody's. */
	SEEN_MATCHED = SEEN_VIA | SEEN_FROM | SEEN_CALL_ID | SEEN_CSEQ,
	SEEN_REPEATABLE = SEEN_VIA | SEEN_RETRY_AFTER,
};

/* The readers of values return NULL or what is wrong. */
typedef const char *(value_h)(struct guard_progress *g, const struct pl *value);

void guard_fields_note(struct guard_progress *g, const char *oddity)
{
	if (!g->parts.oddity)
		g->parts.oddity = oddity;
}

bool guard_fields_fault(struct guard_progress *g, unsigned code, const char *why)
{
	struct guard_message *m = &g->parts;

	if (m->request && !m->fault) {
		m->fault_code = code;
		m->fault = why;
	}
	return m->request;
}

/* A number that we would have written, and nothing else. */
static unsigned via_copy(const struct siphdr_via *v)
{
	struct pl rest = v->copy;
	uint32_t n;

	return siphdr_number_take(&n, &rest, 99) && !rest.l ? n : 0;
}

static const char *via_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;
	struct siphdr_via v;

	do {
		if (!siphdr_via_take(&v, &rest)) {
			/* The way back is where it came from, so it is copied unread. */
			if (!g->vias++)
				g->parts.via = *value;
			return "malformed Via";
		}
		if (!g->vias++) {
			g->parts.via = v.value;
			g->parts.branch = v.branch;
			g->parts.copy = via_copy(&v);
			g->parts.received = v.received;
			g->parts.rport = v.rport;
		}
	} while (rest.l);
	return NULL;
}

static const char *from_read(struct guard_progress *g, const struct pl *value)
{
	struct siphdr_addr a;

	g->parts.from = *value;
	if (siphdr_addr_read(&a, value)) {
		g->parts.from_tag = a.tag;
		return NULL;
	}
	if (!siphdr_addr_read_loosely(&a, value))
		return "malformed From";
	g->parts.from_tag = a.tag;
	guard_fields_note(g, "a From that no grammar allows");
	return NULL;
}

/* Nothing is matched by it; but who is to answer must know whether it has a tag. */
static const char *to_read(struct guard_progress *g, const struct pl *value)
{
	struct siphdr_addr a;

	g->parts.to = *value;
	if (siphdr_addr_read(&a, value)) {
		g->parts.to_tag = a.tag;
		return NULL;
	}
	guard_fields_note(g, "a To that no grammar allows");
	if (siphdr_addr_read_loosely(&a, value))
		g->parts.to_tag = a.tag;
	else
		(void)guard_fields_fault(g, 400, "malformed To");
	return NULL;
}

static const char *call_id_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;

	if (!siphdr_run_take(&g->parts.call_id, &rest, SIPHDR_WORD) || rest.l) {
		g->parts.call_id = *value;
		return "malformed Call-ID";
	}
	return NULL;
}

static const char *cseq_read(struct guard_progress *g, const struct pl *value)
{
	struct guard_message *m = &g->parts;
	struct pl rest = *value;

	m->cseq_value = *value;
	if (!siphdr_number_take(&m->cseq, &rest, INT32_MAX))
		return "CSeq without a number under 2^31";
	if (!siphdr_space_skip(&rest) ||
	    !siphdr_run_take(&m->cseq_method, &rest, SIPHDR_TOKEN) || rest.l) {
		m->cseq_method = pl_null;
		return "CSeq without a method";
	}
	return NULL;
}

static const char *max_forwards_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;
	uint32_t hops;

	if (!siphdr_number_take(&hops, &rest, UINT8_MAX) || rest.l)
		guard_fields_note(g, "Max-Forwards that is no number to 255");
	return NULL;
}

static const char *content_length_read(struct guard_progress *g, const struct pl *value)
{
	struct pl rest = *value;

	g->length = *value;
	if (!siphdr_number_take(&g->content_length, &rest, GUARD_MESSAGE_MAX)) {
		/* More digits than a message has bytes are too long all the same. */
		while (rest.l && *rest.p >= '0' && *rest.p <= '9')
			pl_advance(&rest, 1);
		g->content_length = GUARD_MESSAGE_MAX + 1;
	}
	if (rest.l || !value->l)
		g->length_bad = true;
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

/* By their first letter, so that those who share one stand side by side. */
static const struct {
	const char *name; /* in small letters and hyphens */
	size_t len;
	char compact;
	unsigned kind;
	value_h *read;
} rules[] = {
	{"call-id", 7, 'i', SEEN_CALL_ID, call_id_read},
	{"cseq", 4, 0, SEEN_CSEQ, cseq_read},
	{"content-length", 14, 'l', SEEN_CONTENT_LENGTH, content_length_read},
	{"from", 4, 'f', SEEN_FROM, from_read},
	{"max-forwards", 12, 0, SEEN_MAX_FORWARDS, max_forwards_read},
	{"retry-after", 11, 0, SEEN_RETRY_AFTER, retry_after_read},
	{"to", 2, 't', SEEN_TO, to_read},
	{"via", 3, 'v', SEEN_VIA, via_read},
};

enum { RULES = sizeof(rules) / sizeof(*rules), LETTERS = 32 };

/* Of each letter the first rule, counted from 1; 0: none. */
static const uint8_t rules_by_letter[LETTERS] = {
	['c' % LETTERS] = 1, ['f' % LETTERS] = 4, ['m' % LETTERS] = 5,
	['r' % LETTERS] = 6, ['t' % LETTERS] = 7, ['v' % LETTERS] = 8,
};

/* @text: so many bytes at least. A control byte may look like a mark, but of those no
 * name here has any but the hyphen, which a CR would look like: a LF stands behind that.
 */
static bool begins_with(const char *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] | 0x20) != name[i])
			return false;
	return true;
}

/*
 * The rule whose name stands at the beginning of @text, counted from 1, or 0.
 *
 * @end: what must stand behind the name; 0: nothing does
 */
static unsigned rule_at(const struct pl *text, char end)
{
	char letter = (char)(*text->p | 0x20);
	unsigned i = rules_by_letter[(uint8_t)letter % LETTERS];

	for (; i && i <= RULES && *rules[i - 1].name == letter; i++) {
		size_t len = rules[i - 1].len;

		if ((end ? text->l > len && text->p[len] == end : text->l == len) &&
		    begins_with(text->p, rules[i - 1].name, len))
			return i;
	}
	return 0;
}

/* The rule for the field of that name, counted from 1, or 0. */
static unsigned rule_named(const struct pl *name)
{
	char letter = (char)(*name->p | 0x20);

	if (name->l > 1)
		return rule_at(name, '\0');
	for (unsigned i = 0; i < RULES; i++)
		if (rules[i].compact == letter)
			return i + 1;
	return 0;
}

unsigned guard_fields_known(struct pl *value, const struct pl *line)
{
	unsigned rule = rule_at(line, ':');
	size_t before = rule ? rules[rule - 1].len + 1 : 0;

	value->p = line->p + before;
	value->l = line->l - before;
	return rule;
}

bool guard_field_is(const struct pl *field, const char *name, char compact)
{
	if (field->l == 1)
		return compact && (*field->p | 0x20) == compact;
	/* Of as many letters are few, and of these fewer begin alike. */
	return field->l == strlen(name) && (*field->p | 0x20) == (*name | 0x20) &&
	       !strncasecmp(field->p, name, field->l);
}

/* What a field that stands once had as its value, where it matters that it stays so. */
static const struct pl *first_of(const struct guard_progress *g, unsigned kind)
{
	switch (kind) {
	case SEEN_FROM:
		return &g->parts.from;
	case SEEN_TO:
		return &g->parts.to;
	case SEEN_CALL_ID:
		return &g->parts.call_id;
	case SEEN_CSEQ:
		return &g->parts.cseq_value;
	case SEEN_CONTENT_LENGTH:
		return &g->length;
	default:
		return NULL;
	}
}

/* A field is there again. The first counts, if it is not a matter of choice. */
static const char *repeated(struct guard_progress *g, unsigned kind,
			    const struct pl *value)
{
	const struct pl *first = first_of(g, kind);

	guard_fields_note(g, "a header field given twice");
	if (!first || !pl_cmp(first, value))
		return NULL;
	if (kind == SEEN_CONTENT_LENGTH)
		g->length_bad = true;
	else if (kind & SEEN_MATCHED)
		return kind == SEEN_CALL_ID ? "two Call-IDs that differ"
		       : kind == SEEN_CSEQ  ? "two CSeqs that differ"
					    : "two Froms that differ";
	else
		(void)guard_fields_fault(g, 400, "two Tos that differ");
	return NULL;
}

static const char *value_read(struct guard_progress *g, size_t rule,
			      const struct pl *value, bool odd)
{
	unsigned kind = rules[rule].kind;

	if (odd && !(kind & SEEN_MATCHED)) {
		/* As good as not there; of a Content-Length that would be too good. */
		guard_fields_note(g, "control byte in a header field");
		g->length_bad = g->length_bad || kind == SEEN_CONTENT_LENGTH;
		g->seen |= kind & SEEN_CONTENT_LENGTH;
		return NULL;
	}
	if (odd)
		return "control byte in Via, From, Call-ID or CSeq";
	if (g->seen & kind & ~SEEN_REPEATABLE)
		return repeated(g, kind, value);
	g->seen |= kind;
	return rules[rule].read(g, value);
}

/* A field that the guard has no rule for. */
static const char *unread(struct guard_progress *g, const struct pl *name,
			  const struct pl *value, bool odd)
{
	if (odd)
		guard_fields_note(g, "control byte in a header field");
	else if (!g->parts.request && raw_hash_wants(name))
		g->parts.raw_hash = raw_hash_field(g->parts.raw_hash, name, value);
	return NULL;
}

const char *guard_fields_read(struct guard_progress *g, unsigned known,
			      const struct pl *value, bool odd)
{
	const char *why = value_read(g, known - 1, value, odd);

	return why && guard_fields_fault(g, 400, why) ? NULL : why;
}

const char *guard_fields_take(struct guard_progress *g, const struct pl *name,
			      const struct pl *value, bool odd)
{
	unsigned rule = rule_named(name);

	return rule ? guard_fields_read(g, rule, value, odd)
		    : unread(g, name, value, odd);
}

bool guard_fields_framed(const struct guard_progress *g)
{
	return g->seen & SEEN_CONTENT_LENGTH;
}

static const char *missing(const struct guard_progress *g)
{
	static const struct {
		unsigned kind;
		const char *why;
	} needed[] = {
		{SEEN_VIA, "no Via"},
		{SEEN_FROM, "no From"},
		{SEEN_CALL_ID, "no Call-ID"},
		{SEEN_CSEQ, "no CSeq"},
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!(g->seen & needed[i].kind))
			return needed[i].why;
	return NULL;
}

const char *guard_fields_judge(struct guard_progress *g)
{
	const struct guard_message *m = &g->parts;
	const char *why = missing(g);

	if (!(g->seen & SEEN_TO))
		guard_fields_note(g, "no To");
	if (!m->request)
		return why ? why : g->vias > 1 ? "response with more than one Via" : NULL;
	/* Without a Via there is no answer, and so nothing to be lenient for. */
	if (!m->via.l)
		return why ? why : "malformed Via";
	if (!why && !(g->seen & SEEN_TO))
		why = "no To";
	if (!why && pl_cmp(&m->method, &m->cseq_method))
		why = "CSeq names another method";
	if (why)
		(void)guard_fields_fault(g, 400, why);
	return NULL;
}
