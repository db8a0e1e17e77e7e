#include "exporter/ondemand/why.h"

#include <string.h>

#include "base/buffer_format.h"
#include "exporter/ondemand/probe_explain.h"

/* mixin/lib/reasons.libsonnet has the same words; a test compares them. */
static const struct why_words reasons[PROBE_OUTCOMES] = {
	[PROBE_TIMEOUT] = {"no answer",
			   "see where packets are lost (a trace tells), and ask the peer "
			   "whether it knows our address"},
	[PROBE_DNS] = {"its name does not resolve",
		       "check the name, and its records at the resolver that the "
		       "exporter uses"},
	[PROBE_REFUSED] = {"port closed",
			   "check the port, and whether the peer's SIP service runs"},
	[PROBE_UNREACHABLE] = {"unreachable",
			       "check the route and the firewalls between, and whether "
			       "the peer's machine is on"},
	[PROBE_CONNECT] = {"no connection",
			   "check that the peer takes TCP on this port from our address"},
	[PROBE_TLS] = {"TLS fails",
		       "look at the certificates of both ends: the trunk's page "
		       "says which and why"},
	[PROBE_PROTOCOL] = {"answers are not SIP",
			    "check the port and the transport: something else answers"},
	[PROBE_AUTH] = {"credentials refused",
			"check user name, password and realm with the peer's operator"},
	[PROBE_RESPONSE] = {"answers with errors",
			    "ask the peer's operator about this code, with a Call-ID"},
	[PROBE_INTERNAL] = {"probe fails", "look at the exporter's machine and log: this "
					   "says nothing about the peer"},
	[PROBE_ELSEWHERE] = {"answers come from another address",
			     "have the peer answer from where it is asked, or set "
			     "answers_from"},
	[PROBE_WEBSOCKET] = {"WebSocket fails",
			     "check the path, the Origin and the proxy before the peer, "
			     "which answered in HTTP"},
};

const struct why_words *why_words(enum probe_outcome o)
{
	return &reasons[(unsigned)o < PROBE_OUTCOMES ? o : PROBE_INTERNAL];
}

void why_list(FILE *out)
{
	for (int i = 0; i < PROBE_OUTCOMES; i++)
		fprintf(out, "%s\t%s\t%s\n", probe_outcome_name((enum probe_outcome)i),
			reasons[i].cause, reasons[i].advice);
}

/* A call fails for reasons of its own; it has words for them. */
static void why_put_cause(struct buffer *b, const struct probe_result *r)
{
	if (r->call.made)
		buffer_str(b, "calls fail");
	else if (r->outcome == PROBE_RESPONSE)
		buffer_format(b, "answers %u", r->code);
	else
		buffer_str(b, why_words(r->outcome)->cause);
}

static void why_put_what(struct buffer *b, const struct why *w)
{
	buffer_format(b, ": %s", w->address);
	if (*w->transport)
		buffer_format(b, " over %s", w->transport);
	if (*w->method && strcmp(w->method, "OPTIONS") != 0)
		buffer_format(b, " by %s", w->method);
	buffer_str(b, " ");
	probe_explain_result(b, w->result, w->timeout_us);
}

static void why_put_way(struct buffer *b, const struct trace_report *t)
{
	char words[TRACE_WORDS];

	if (!t || t->err)
		return;
	trace_words(words, sizeof(words), t);
	buffer_format(b, "; %s", words);
}

static void why_put_routers(struct buffer *b, int hops)
{
	buffer_format(b, "%d router%s", hops, hops == 1 ? "" : "s");
}

/* What was different when it worked. */
static void why_put_success(struct buffer *b, const struct why *w)
{
	const struct why_success *s = w->success;
	const struct probe_result *r = w->result;
	int hops = r->reply_ttl ? (int)trace_reply_hops(r->reply_ttl) : -1;

	if (!s)
		return;
	if (!s->unix_ns) {
		buffer_str(b, "; it has not answered since the exporter started");
		return;
	}
	buffer_str(b, "; ");
	probe_explain_time(
		b, r->begun_unix_ns > s->unix_ns ? r->begun_unix_ns - s->unix_ns : 0);
	buffer_format(b, " before it answered %u after ", s->code);
	probe_explain_time(b, (int64_t)s->latency_us * 1000);
	if (s->reply_hops < 0)
		return;
	buffer_str(b, ", ");
	why_put_routers(b, s->reply_hops);
	buffer_str(b, " away");
	if (hops >= 0 && hops != s->reply_hops) {
		buffer_str(b, " and now ");
		why_put_routers(b, hops);
	}
}

void why_line(struct buffer *b, const struct why *w)
{
	why_put_cause(b, w->result);
	why_put_what(b, w);
	why_put_way(b, w->trace);
	why_put_success(b, w);
	buffer_format(b, ". To do: %s.",
		      w->result->call.made ? "look at the call's ladder"
					   : why_words(w->result->outcome)->advice);
}

void why_report(struct buffer *b, const struct ondemand_report *r)
{
	const struct ondemand_answer *a = r->decisive;
	struct buffer uri = {0};

	if (r->state != HEALTH_DOWN)
		return;
	probe_explain_uri(&uri, r->uri);
	buffer_add(&uri, "", 1);
	if (!uri.err)
		why_line(b, &(struct why){.result = &r->result,
					  .address = a ? a->address : uri.data,
					  .transport = a ? a->transport : "",
					  .method = a ? a->method : "",
					  .timeout_us = r->timeout_us,
					  .trace = r->trace});
	buffer_clear(&uri);
}
