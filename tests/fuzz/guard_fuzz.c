/*
 * The guard against any bytes, and against libre: what it lets through, libre's decoder
 * must read the same way, and the guard's ways in must agree with each other.
 *
 * Only what has neither oddity nor fault is compared. Of the rest libre may refuse what
 * the guard lets through for four reasons. It wants a branch, which
 * elements of RFC 2543 do not send (RFC 4475 3.3.15), and a transport in capital letters;
 * it wants Request-URI, From and To to hold a URI of SIP's shape, which they need not
 * (RFC 4475 3.3.5); it reads Content-Type; and it wants the space before an empty reason
 * phrase.
 *
 * libre tells fields apart by twelve bits of a hash of their names: a foreign field may
 * pass there for a From ("ivlennt-Length" does). Such messages are not compared. And it
 * looks for parameters in quoted strings and in comments too: where there are such, a
 * branch or a tag is not compared.
 */
#include <errno.h>
#include <string.h>

#include "sipprobe/message/guard.h"
#include "sipprobe/message/siphdr.h"
#include "tests/fuzz/fuzz.h"

static bool pl_same(const struct pl *a, const struct pl *b)
{
	return a->l == b->l && (!a->l || !memcmp(a->p, b->p, a->l));
}

static void part_check(const struct pl *part, const char *buf, size_t len)
{
	if (part->p) {
		must(part->p >= buf);
		must(part->p + part->l <= buf + len);
	}
}

static void parts_check(const struct guard_message *m, const char *buf, size_t len)
{
	const struct pl *parts[] = {
		&m->method, &m->ruri,	    &m->phrase,	     &m->via,
		&m->branch, &m->call_id,    &m->from,	     &m->to,
		&m->to_tag, &m->fields,	    &m->cseq_method, &m->from_tag,
		&m->body,   &m->cseq_value, &m->received,    &m->rport,
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		part_check(parts[i], buf, len);
	must(m->size <= len && m->size <= GUARD_MESSAGE_MAX);
	must(m->request == (m->code == 0));
	must(m->request || (m->code >= 100 && m->code <= 699));
	must(m->via.l && !m->fault == !m->fault_code && (m->request || !m->fault));
	must(m->fault || (m->from.l && m->call_id.l && m->cseq_method.l));
	must(m->fault || m->to.l || m->oddity);
	must(m->fault || !m->unframed);
	must(m->cseq <= INT32_MAX && m->retry_after_s >= -1);
	must(!m->branch.p || m->branch.l);
	must(!m->from_tag.p || m->from_tag.l);
	must(!m->to_tag.p || m->to_tag.l);
}

static void fields_check(const struct guard_message *m, const char *buf, size_t len)
{
	unsigned ids = 0, cseqs = 0, count = 0;
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		part_check(&name, buf, len);
		part_check(&value, buf, len);
		must(name.l && ++count <= GUARD_MESSAGE_MAX);
		cseqs += guard_field_is(&name, "CSeq", 0);
		if (guard_field_is(&name, "Call-ID", 'i')) {
			ids++;
			must(m->fault || pl_same(&value, &m->call_id));
		}
	}
	must(pos == m->fields.l);
	must(m->fault || m->oddity || (ids == 1 && cseqs == 1));
}

/* Whether libre takes some other field for one of those that it decodes. */
static bool is_name_mistaken(const struct guard_message *m)
{
	static const struct {
		const char *name;
		char compact;
		enum sip_hdrid id;
	} decoded[] = {
		{"Via", 'v', SIP_HDR_VIA},
		{"From", 'f', SIP_HDR_FROM},
		{"To", 't', SIP_HDR_TO},
		{"Call-ID", 'i', SIP_HDR_CALL_ID},
		{"CSeq", 0, SIP_HDR_CSEQ},
		{"Max-Forwards", 0, SIP_HDR_MAX_FORWARDS},
		{"Content-Type", 'c', SIP_HDR_CONTENT_TYPE},
		{"Content-Length", 'l', SIP_HDR_CONTENT_LENGTH},
	};
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		uint32_t id = hash_joaat_ci(name.p, name.l) & 0xfff;

		for (size_t i = 0; i < sizeof(decoded) / sizeof(*decoded); i++) {
			if (id == (uint32_t)decoded[i].id &&
			    !guard_field_is(&name, decoded[i].name, decoded[i].compact))
				return true;
		}
	}
	return false;
}

/* RFC 3261 7.1: the version has no case; libre wants it in capitals. */
static bool is_version_mistaken(const struct guard_message *m, const char *buf)
{
	const char *p = m->request ? m->ruri.p + m->ruri.l : buf;

	while (*p == ' ' || *p == '\t')
		p++;
	return strncmp(p, "SIP/2.0", 7) != 0;
}

/* Whether libre's refusal is one of the five that are known. */
static bool is_refusal_known(const struct guard_message *m, const char *buf)
{
	struct pl name, value;
	struct sip_via via;
	struct sip_addr addr;
	struct uri uri;
	struct msg_ctype type;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		if (guard_field_is(&name, "Content-Type", 'c') &&
		    msg_ctype_decode(&type, &value))
			return true;
	}
	if (is_version_mistaken(m, buf))
		return true;
	if (!m->request && m->phrase.p[-1] != ' ')
		return true;
	if (m->request && uri_decode(&uri, &m->ruri))
		return true;
	return sip_via_decode(&via, &m->via) || sip_addr_decode(&addr, &m->from) ||
	       sip_addr_decode(&addr, &m->to);
}

/* Whether libre may find parameters where there is text. */
static bool is_via_mistaken(const struct pl *via)
{
	return memchr(via->p, '"', via->l) || memchr(via->p, '(', via->l);
}

static bool is_addr_mistaken(const struct pl *value)
{
	struct siphdr_addr a;
	const char *end = value->p + value->l;

	return !siphdr_addr_read(&a, value) ||
	       memchr(a.uri.p + a.uri.l, '"', (size_t)(end - a.uri.p) - a.uri.l);
}

static void libre_check(const struct guard_message *m, const char *buf)
{
	struct mbuf *mb = mbuf_alloc(m->size);
	struct sip_msg *msg = NULL;
	int err;

	must(mb && !mbuf_write_mem(mb, (const uint8_t *)buf, m->size));
	mbuf_set_pos(mb, 0);
	err = sip_msg_decode(&msg, mb);
	must(!err || is_refusal_known(m, buf));
	if (!err) {
		must(msg->req == m->request);
		must(msg->req || msg->scode == m->code);
		must(!msg->req || pl_same(&msg->met, &m->method));
		must(!msg->req || pl_same(&msg->ruri, &m->ruri));
		must(pl_same(&msg->callid, &m->call_id));
		must(msg->cseq.num == m->cseq);
		must(pl_same(&msg->cseq.met, &m->cseq_method));
		must(is_via_mistaken(&m->via) || pl_same(&msg->via.branch, &m->branch));
		must(is_addr_mistaken(&m->from) || pl_same(&msg->from.tag, &m->from_tag));
		must(is_addr_mistaken(&m->to) || pl_same(&msg->to.tag, &m->to_tag));
	}
	mem_deref(msg);
	mem_deref(mb);
}

/* The same bytes in pieces, in a buffer that moves, must give the same verdict. */
static void pieces_check(const char *buf, size_t len, size_t step)
{
	struct guard_progress g = {.pos = 0};
	struct guard_message m, whole;
	int err = EAGAIN, want = guard_stream(&whole, buf, len, NULL);
	size_t have = 0;
	char *copy;

	while (err == EAGAIN && have < len) {
		have = len - have > step ? have + step : len;
		copy = malloc(have);
		must(copy);
		memcpy(copy, buf, have);
		err = guard_stream_resume(&m, &g, copy, have, NULL);
		if (!err) {
			must(m.size == whole.size && pl_same(&m.via, &whole.via));
			must(pl_same(&m.from_tag, &whole.from_tag));
			must(pl_same(&m.fields, &whole.fields));
			must(m.fault == whole.fault && m.oddity == whole.oddity);
			parts_check(&m, copy, have);
		}
		free(copy);
	}
	must(!len || err == want);
}

static void stream_check(const char *buf, size_t len, int datagram_err)
{
	struct guard_message m, d;
	const char *why = NULL;
	int err = guard_stream(&m, buf, len, &why);

	must(err == 0 || err == EAGAIN || (err == EBADMSG && why));
	/* A datagram has no more to come: it is odd, or wrong, where a stream waits. */
	if (err == EAGAIN && len <= GUARD_MESSAGE_MAX)
		must(datagram_err || guard_datagram(&d, buf, len, NULL) || d.fault ||
		     d.oddity);
	if (err)
		return;
	must(!guard_datagram(&d, buf, m.size, NULL));
	must(d.size == m.size && d.cseq == m.cseq && d.body.l == m.body.l);
	must(m.size == 0 || guard_stream(&d, buf, m.size - 1, NULL) == EAGAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = (const char *)data;
	struct guard_message m;
	const char *why = NULL;
	int err = guard_datagram(&m, buf, size, &why);

	must(err == 0 || (err == EBADMSG && why));
	if (!err) {
		parts_check(&m, buf, size);
		fields_check(&m, buf, size);
	}
	/* What is odd or wrong libre refuses, or reads in a way of its own. */
	if (!err && !m.fault && !m.oddity && !is_name_mistaken(&m))
		libre_check(&m, buf);
	stream_check(buf, size, err);
	pieces_check(buf, size, 1 + (size ? data[size / 2] % 61 : 0));
	return 0;
}
