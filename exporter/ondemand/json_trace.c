#include "exporter/ondemand/json_trace.h"

#include <string.h>

/* @value: 0 is null */
static void json_trace_some(struct json *j, const char *key, int64_t value)
{
	if (value)
		json_number(j, key, value, 0);
	else
		json_null(j, key);
}

static void json_trace_hop(struct json *j, const struct trace_report *r, unsigned ttl)
{
	const struct trace_hop *h = &r->hops[ttl - 1];
	bool icmp = h->type != 0;

	json_open(j, NULL, '{');
	json_number(j, "ttl", ttl, 0);
	json_str(j, "answer", trace_answer_name((enum trace_answer)h->answer));
	json_str(j, "address", *h->address ? h->address : NULL);
	json_seconds(j, "rtt_seconds", h->rtt_ns);
	json_number(j, "tries", h->tries, 0);
	if (icmp) {
		json_number(j, "icmp_type", h->type, 0);
		json_number(j, "icmp_code", h->code, 0);
		json_str(j, "icmp", trace_icmp_words(r->v6, h->type, h->code));
	} else {
		json_null(j, "icmp_type");
		json_null(j, "icmp_code");
		json_null(j, "icmp");
	}
	json_trace_some(j, "sip_code", h->sip_code);
	json_close(j, '}');
}

static void json_trace_sip(struct json *j, const struct trace_sip_hop *s)
{
	json_open(j, NULL, '{');
	json_number(j, "max_forwards", s->max_forwards, 0);
	json_str(j, "outcome", probe_outcome_name((enum probe_outcome)s->outcome));
	json_trace_some(j, "code", s->code);
	json_str(j, "phrase", s->phrase);
	json_str(j, "server", *s->server ? s->server : NULL);
	json_seconds(j, "rtt_seconds", s->rtt_ns);
	json_close(j, '}');
}

static void json_trace_head(struct json *j, const struct trace_report *r)
{
	char words[TRACE_WORDS];

	trace_words(words, sizeof(words), r);
	json_time(j, "begun_unix_s", r->begun_unix_ns);
	json_str(j, "address", r->address);
	json_str(j, "transport", r->transport);
	json_str(j, "local", r->local);
	json_trace_some(j, "bytes", r->bytes);
	json_str(j, "ends", words);
	json_str(j, "error", r->err ? strerror(r->err) : NULL);
	json_trace_some(j, "end_ttl", trace_end(r));
	json_trace_some(j, "last_heard_ttl", trace_last_heard(r));
	json_trace_some(j, "reply_ttl", r->reply_ttl);
	if (r->reply_ttl)
		json_number(j, "reply_hops", trace_reply_hops(r->reply_ttl), 0);
	else
		json_null(j, "reply_hops");
	json_trace_some(j, "path_mtu_bytes", r->path_mtu);
	json_bool(j, "one_by_one", r->one_by_one);
}

void json_trace(struct json *j, const char *key, const struct trace_report *r)
{
	if (!r) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_trace_head(j, r);
	json_open(j, "hops", '[');
	for (unsigned ttl = 1; ttl <= r->count; ttl++)
		json_trace_hop(j, r, ttl);
	json_close(j, ']');
	json_open(j, "sip_hops", '[');
	for (unsigned i = 0; i < r->sip_count; i++)
		json_trace_sip(j, &r->sip[i]);
	json_close(j, ']');
	json_close(j, '}');
}
