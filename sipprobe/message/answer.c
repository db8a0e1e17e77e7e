#include "sipprobe/message/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/message/siphdr.h"

/* How much of what could be left out an answer says. */
enum brevity {
	BREVITY_FULL,
	BREVITY_SHORT, /* not what we can take, and our name once */
	BREVITY_BARE,  /* nothing but what makes it an answer */
};

/* A buffer that is filled from the front and remembers whether all went in. */
struct out {
	char *buf;
	size_t size;
	size_t pos;
	bool full;
};

static const struct {
	unsigned code;
	const char *phrase;
} phrases[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{200, "OK"},
	{400, "Bad Request"},
	{405, "Method Not Allowed"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{491, "Request Pending"},
	{500, "Server Internal Error"},
	{505, "Version Not Supported"},
	{603, "Decline"},
};

static const char *phrase_of(unsigned code)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
		if (phrases[i].code == code)
			return phrases[i].phrase;
	}
	return "";
}

static void out_bytes(struct out *o, const char *p, size_t len)
{
	if (o->full || len > o->size - o->pos) {
		o->full = true;
		return;
	}
	memcpy(o->buf + o->pos, p, len);
	o->pos += len;
}

static void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

static void out_number(struct out *o, uint32_t n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%" PRIu32, n);

	out_bytes(o, text, len);
}

/* A value as it came, folds and all, but for control bytes that would be lines of ours.
 */
static void out_value(struct out *o, const struct pl *value)
{
	const char *p = value->p, *end = p + value->l;

	while (p < end && !o->full) {
		const char *from = p;

		while (p < end && siphdr_is(*p, SIPHDR_TEXT))
			p++;
		out_bytes(o, from, p - from);
		if (end - p > 2 && !memcmp(p, "\r\n", 2) &&
		    (p[2] == ' ' || p[2] == '\t')) {
			out_bytes(o, p, 2);
			p += 2;
		} else if (p < end) {
			out_text(o, " ");
			p++;
		}
	}
}

static void out_field(struct out *o, const char *name, const struct pl *value)
{
	out_text(o, name);
	out_text(o, ": ");
	out_value(o, value);
	out_text(o, "\r\n");
}

static void out_until(struct out *o, const char *from, const char *until)
{
	const struct pl part = {.p = from, .l = until - from};

	out_value(o, &part);
}

static bool has_scheme(const struct pl *uri, const char *scheme)
{
	size_t len = strlen(scheme);

	return uri->l > len && uri->p[len] == ':' && !strncasecmp(uri->p, scheme, len);
}

static bool field_find(const struct guard_message *m, const char *want)
{
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		if (guard_field_is(&name, want, 0) && value.l)
			return true;
	}
	return false;
}

unsigned answer_code(const struct guard_message *req)
{
	if (!req->request || !pl_strcmp(&req->method, "ACK"))
		return 0;
	if (req->fault_code)
		return req->fault_code;
	if (!pl_strcmp(&req->method, "CANCEL"))
		return 481;
	if (pl_strcmp(&req->method, "OPTIONS"))
		return 405;
	if (!has_scheme(&req->ruri, "sip") && !has_scheme(&req->ruri, "sips") &&
	    !has_scheme(&req->ruri, "tel"))
		return 416;
	return field_find(req, "Require") ? 420 : 200;
}

/* The sender's address as IPv4 where it is an IPv4-mapped one. */
static void source_plain(struct sa *plain, const struct sa *src)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t addr[16];

	*plain = *src;
	if (sa_af(src) != AF_INET6)
		return;
	sa_in6(src, addr);
	if (!memcmp(addr, mapped, sizeof(mapped)))
		sa_set_in(plain,
			  (uint32_t)addr[12] << 24 | addr[13] << 16 | addr[14] << 8 |
				  addr[15],
			  sa_port(src));
}

static bool is_host(const struct pl *host, const struct sa *addr)
{
	struct pl bare = *host;
	struct sa sa;

	if (*bare.p == '[')
		bare = (struct pl){.p = host->p + 1, .l = host->l - 2};
	return !sa_set(&sa, &bare, 0) && sa_cmp(&sa, addr, SA_ADDR);
}

static void out_address(struct out *o, const struct sa *addr)
{
	char text[64];

	if (sa_ntop(addr, text, sizeof(text)))
		o->full = true;
	else
		out_text(o, text);
}

static const char *out_received(struct out *o, const char *p, const struct siphdr_via *v,
				const struct sa *addr)
{
	if (!v->received.p)
		return p;
	out_until(o, p, v->received.p);
	out_address(o, addr);
	return v->received.p + v->received.l;
}

static const char *out_rport(struct out *o, const char *p, const struct siphdr_via *v,
			     const struct sa *addr)
{
	if (!v->rport.p)
		return p;
	out_until(o, p, v->rport.p);
	out_text(o, "rport=");
	out_number(o, sa_port(addr));
	return v->rport.p + v->rport.l;
}

/* The topmost Via value. What the sender claims about received and rport is replaced. */
static void out_via_top(struct out *o, const struct siphdr_via *v, const struct sa *src)
{
	const char *p = v->sent_by.p + v->sent_by.l;
	struct sa addr;

	source_plain(&addr, src);
	out_until(o, v->value.p, p);
	if (!v->received.p && (v->rport.p || !is_host(&v->host, &addr))) {
		out_text(o, ";received=");
		out_address(o, &addr);
	}
	if (v->rport.p < v->received.p) {
		p = out_rport(o, p, v, &addr);
		p = out_received(o, p, v, &addr);
	} else {
		p = out_received(o, p, v, &addr);
		p = out_rport(o, p, v, &addr);
	}
	out_until(o, p, v->value.p + v->value.l);
}

static void out_vias(struct out *o, const struct guard_message *req, const struct sa *src)
{
	struct pl name, value, rest;
	struct siphdr_via v;
	bool top = true;
	size_t pos = 0;

	while (guard_next_field(req, &pos, &name, &value)) {
		if (!guard_field_is(&name, "Via", 'v'))
			continue;
		rest = value;
		if (top && siphdr_via_take(&v, &rest)) {
			out_text(o, "Via: ");
			out_via_top(o, &v, src);
			out_text(o, "\r\n");
			value = rest;
		}
		top = false;
		if (value.l)
			out_field(o, "Via", &value);
	}
}

/* A tag that the same request always gets, and that nobody else can foretell. */
static void out_tag(struct out *o, const struct guard_message *req,
		    const struct siphash_key *key)
{
	const struct pl *parts[] = {&req->call_id, &req->from_tag, &req->branch};
	uint64_t sums[4] = {req->cseq};
	char text[32];

	for (size_t i = 0; i < 3; i++)
		sums[i + 1] = siphash_bytes(key, parts[i]->p, parts[i]->l);
	(void)snprintf(text, sizeof(text), ";tag=%016" PRIx64,
		       siphash_bytes(key, sums, sizeof(sums)));
	out_text(o, text);
}

/* A field of a faulty request may be missing. */
static void out_copy(struct out *o, const char *name, const struct pl *value)
{
	if (value->l)
		out_field(o, name, value);
}

static void out_identity(struct out *o, const struct guard_message *req,
			 const struct siphash_key *key, const char *own_tag)
{
	out_copy(o, "From", &req->from);
	if (req->to.l) {
		out_text(o, "To: ");
		out_value(o, &req->to);
		if (!req->to_tag.p && own_tag) {
			out_text(o, ";tag=");
			out_text(o, own_tag);
		} else if (!req->to_tag.p) {
			out_tag(o, req, key);
		}
		out_text(o, "\r\n");
	}
	out_copy(o, "Call-ID", &req->call_id);
	if (!req->cseq_method.l) {
		out_copy(o, "CSeq", &req->cseq_value);
		return;
	}
	out_text(o, "CSeq: ");
	out_number(o, req->cseq);
	out_text(o, " ");
	out_value(o, &req->cseq_method);
	out_text(o, "\r\n");
}

/* The phrase of a 400 says what is wrong (RFC 3261 21.4.1). */
static void out_status(struct out *o, const struct guard_message *req, unsigned code)
{
	out_text(o, "SIP/2.0 ");
	out_number(o, code);
	out_text(o, " ");
	out_text(o, phrase_of(code));
	if (req->fault && code == req->fault_code) {
		out_text(o, ": ");
		out_text(o, req->fault);
	}
	out_text(o, "\r\n");
}

/* We support no extension: whatever is required is unsupported. */
static void out_unsupported(struct out *o, const struct guard_message *req)
{
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(req, &pos, &name, &value)) {
		if (guard_field_is(&name, "Require", 0) && value.l)
			out_field(o, "Unsupported", &value);
	}
}

static void out_contact(struct out *o, const char *uri)
{
	out_text(o, "Contact: <");
	out_text(o, uri);
	out_text(o, ">\r\n");
}

static void out_capabilities(struct out *o, const struct guard_message *req,
			     const struct answer_info *info, enum brevity brevity)
{
	if (info->code == 200 && info->contact && brevity < BREVITY_BARE)
		out_contact(o, info->contact);
	if (info->code == 200 && brevity == BREVITY_FULL)
		out_text(o, "Accept: application/sdp\r\n"
			    "Accept-Encoding: identity\r\n"
			    "Accept-Language: en\r\n"
			    "Supported:\r\n");
	if (info->code == 200 || info->code == 405)
		out_text(o, "Allow: OPTIONS\r\n");
	if (info->code == 420)
		out_unsupported(o, req);
}

/* Server is the RFC's place for our name; SBCs' logs show the other. */
static void out_agent(struct out *o, const char *name, enum brevity brevity)
{
	struct pl agent;

	pl_set_str(&agent, name);
	if (brevity < BREVITY_BARE)
		out_field(o, "Server", &agent);
	if (brevity == BREVITY_FULL)
		out_field(o, "User-Agent", &agent);
}

static void out_dialog(struct out *o, const struct guard_message *req,
		       const struct answer_dialog *dialog)
{
	struct pl name, value;
	size_t pos = 0;

	while (dialog->makes && guard_next_field(req, &pos, &name, &value)) {
		if (guard_field_is(&name, "Record-Route", 0) && value.l)
			out_field(o, "Record-Route", &value);
	}
	out_text(o, dialog->fields);
}

static void out_body(struct out *o, const char *sdp)
{
	if (sdp)
		out_text(o, "Content-Type: application/sdp\r\n");
	out_text(o, "Content-Length: ");
	out_number(o, sdp ? (uint32_t)strlen(sdp) : 0);
	out_text(o, "\r\n\r\n");
	if (sdp)
		out_text(o, sdp);
}

static void out_answer(struct out *o, const struct guard_message *req,
		       const struct answer_info *info, enum brevity brevity)
{
	out_status(o, req, info->code);
	out_vias(o, req, info->src);
	out_identity(o, req, &info->tag, info->dialog ? info->dialog->tag : NULL);
	if (info->dialog)
		out_dialog(o, req, info->dialog);
	else
		out_capabilities(o, req, info, brevity);
	out_agent(o, info->agent, brevity);
	out_body(o, info->dialog ? info->dialog->body : NULL);
}

int answer_make(char *buf, size_t size, size_t *len, const struct guard_message *req,
		const struct answer_info *info)
{
	enum brevity brevity = BREVITY_FULL;
	struct out o;

	if (!info->code)
		return EINVAL;
	do {
		o = (struct out){.buf = buf, .size = size};
		out_answer(&o, req, info, brevity);
	} while (o.pos >= ANSWER_GAIN_MAX * req->size && brevity++ < BREVITY_BARE);
	if (o.full)
		return EMSGSIZE;
	*len = o.pos;
	return 0;
}

void answer_destination(struct sa *dst, const struct guard_message *req,
			const struct sa *src)
{
	struct pl value = req->via;
	struct siphdr_via v;

	*dst = *src;
	if (siphdr_via_take(&v, &value) && !v.rport.p)
		sa_set_port(dst, v.port ? v.port : 5060);
}
