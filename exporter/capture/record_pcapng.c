/* Probes as packets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer_format.h"
#include "exporter/capture/pcapng.h"
#include "exporter/capture/record.h"
#include "exporter/capture/record_private.h"

/* One probe's packets under way. */
struct flow {
	const struct capture_record *record;
	struct pcapng_end local;
	struct pcapng_end peer;
	bool stream;
	bool websocket;
	uint32_t sent; /* over a stream: the next byte's number, each way */
	uint32_t received;
	const struct ladder_entry *request; /* the last one, for its repetitions */
};

/* The value of a message's field, or an empty slice. @compact: its short name, or 0 */
static struct slice record_pcapng_field(const struct ladder_entry *e, const char *name,
					char compact)
{
	const char *p = e->text, *end = e->text + e->len;
	size_t len = strlen(name);

	for (const char *lf; p < end && (lf = memchr(p, '\n', (size_t)(end - p)));
	     p = lf + 1) {
		const char *at = lf + 1;
		size_t left = (size_t)(end - at);

		if (left > len && !strncasecmp(at, name, len))
			at += len;
		else if (compact && left > 1 && (*at | 0x20) == compact)
			at++;
		else
			continue;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (at == end || *at++ != ':')
			continue;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		lf = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		return (struct slice){at, (size_t)((lf ? lf : end) - at)};
	}
	return (struct slice){0};
}

/* "SIP/2.0/UDP 192.0.2.9:5060;branch=…" of a request of ours: where it was sent from. */
static void record_pcapng_via(struct flow *f, const struct ladder_entry *e)
{
	struct slice via = record_pcapng_field(e, "Via", 'v');
	const char *space = via.l ? memchr(via.p, ' ', via.l) : NULL;
	struct pcapng_end local;
	const char *at, *end;

	if (!space)
		return;
	at = space + 1;
	end = memchr(at, ';', via.l - (size_t)(at - via.p));
	if (!end || !pcapng_end_parse(&local, at, (size_t)(end - at)) ||
	    local.ipv6 != f->peer.ipv6)
		return;
	if (local.port != f->local.port)
		f->sent = f->received = 1;
	f->local = local;
}

/* The value of a parameter of a Via, or an empty slice. */
static struct slice record_pcapng_param(struct slice via, const char *name)
{
	size_t len = strlen(name);
	const char *end = via.p + via.l, *p = via.l ? memchr(via.p, ';', via.l) : NULL;

	for (; p; p = memchr(p + 1, ';', (size_t)(end - p - 1))) {
		const char *at = p + 1 + len;
		const char *to = at;

		if ((size_t)(end - p - 1) <= len || strncasecmp(p + 1, name, len) ||
		    *at != '=')
			continue;
		while (to < end && !strchr(";, \t\r\n", *to))
			to++;
		return (struct slice){at + 1, (size_t)(to - at - 1)};
	}
	return (struct slice){0};
}

/*
 * Our end over WebSocket, where Via has a name that leads nowhere: as the peer saw it, by
 * what it answered (RFC 3581). Else it is not known.
 */
static void record_pcapng_seen(struct flow *f)
{
	const struct capture_record *r = f->record;
	struct pcapng_end seen;
	char text[96];

	for (unsigned i = 0; i < r->count; i++) {
		struct slice via = record_pcapng_field(&r->entries[i], "Via", 'v');
		struct slice host = record_pcapng_param(via, "received");
		struct slice port = record_pcapng_param(via, "rport");
		bool bare = f->peer.ipv6 && host.l && *host.p != '[';

		if (r->entries[i].kind != LADDER_RECEIVED || !host.l || !port.l)
			continue;
		snprintf(text, sizeof(text), bare ? "[%.*s]:%.*s" : "%.*s:%.*s",
			 (int)host.l, host.p, (int)port.l, port.p);
		if (pcapng_end_parse(&seen, text, strlen(text)) &&
		    seen.ipv6 == f->peer.ipv6)
			f->local = seen;
	}
}

/* Whether the whole head of a message is there, with the empty line at its end. */
static bool record_pcapng_is_whole(const struct ladder_entry *e)
{
	return (e->len >= 4 && !memcmp(e->text + e->len - 4, "\r\n\r\n", 4)) ||
	       (e->len >= 2 && !memcmp(e->text + e->len - 2, "\n\n", 2));
}

/* Whether a message's body, SDP, is there as well, all of it. */
static bool record_pcapng_has_body(const struct ladder_entry *e)
{
	return e->len && e->len < LADDER_BYTES && memmem(e->text, e->len, "\r\n\r\n", 4);
}

/*
 * How long the message was, as far as what is kept of it tells: a secret that was taken
 * out has changed its length, so that a body is what Content-Length says.
 */
static uint32_t record_pcapng_size(const struct ladder_entry *e)
{
	struct slice length;
	uint32_t body = 0;

	if (!record_pcapng_is_whole(e))
		return record_pcapng_has_body(e) ? e->len : e->size;
	length = record_pcapng_field(e, "Content-Length", 'l');
	for (size_t i = 0; i < length.l && length.p[i] >= '0' && length.p[i] <= '9'; i++)
		if (body < PCAPNG_PAYLOAD_MAX)
			body = body * 10 + (uint32_t)(length.p[i] - '0');
	return e->len + body;
}

static void record_pcapng_put(struct buffer *b, struct flow *f,
			      const struct ladder_entry *e,
			      const struct ladder_entry *message, const char *comment)
{
	bool outbound = !ladder_is_inbound(e->kind);
	struct pcapng_packet p = {
		.at_unix_ns = f->record->result->begun_unix_ns + e->at_ns,
		.from = outbound ? f->local : f->peer,
		.to = outbound ? f->peer : f->local,
		.outbound = outbound,
		.payload = {message->text, message->len},
		.size = record_pcapng_size(message),
		.comment = comment,
	};
	uint32_t *mine = outbound ? &f->sent : &f->received;
	uint32_t *other = outbound ? &f->received : &f->sent;

	/* At the ports of HTTP it would be taken for that. */
	if (f->websocket) {
		pcapng_sip(b, &p);
		return;
	}
	if (!f->stream) {
		pcapng_udp(b, &p);
		return;
	}
	pcapng_tcp(b, &p, *mine, *other);
	*mine += p.size > message->len ? p.size : message->len;
}

/* The message that an entry stands for, NULL for none. */
static const struct ladder_entry *record_pcapng_message(const struct flow *f,
							const struct ladder_entry *e)
{
	if (e->kind == LADDER_RETRANSMITTED)
		return f->request;
	return capture_is_message(e->kind) ? e : NULL;
}

static void record_pcapng_event(struct buffer *b, const struct ladder_entry *e)
{
	buffer_format(b, "%s+%.3f ms: ", b->len ? "\n" : "", (double)e->at_ns / 1e6);
	capture_put_event(b, e);
}

/* What happened beside messages from entry @i on, up to the next message. */
static void record_pcapng_events(struct buffer *b, const struct flow *f, unsigned i)
{
	const struct capture_record *r = f->record;

	if (*capture_words(r->entries[i].kind))
		record_pcapng_event(b, &r->entries[i]);
	while (++i < r->count && !record_pcapng_message(f, &r->entries[i]))
		record_pcapng_event(b, &r->entries[i]);
	buffer_add(b, "", 1);
}

static void record_pcapng_packet(struct buffer *b, struct flow *f, unsigned i)
{
	const struct ladder_entry *e = &f->record->entries[i];
	const struct ladder_entry *message;
	struct buffer comment = {0};

	if (e->kind == LADDER_REPLACED)
		f->sent = f->received = 1;
	if (e->kind == LADDER_SENT) {
		f->request = e;
		record_pcapng_via(f, e);
	}
	message = record_pcapng_message(f, e);
	if (!message)
		return;
	record_pcapng_events(&comment, f, i);
	record_pcapng_put(b, f, e, message, comment.err ? NULL : comment.data);
	buffer_clear(&comment);
}

static void record_pcapng_record(struct buffer *b, const struct capture_record *r)
{
	struct flow f = {
		.record = r,
		.stream = strcmp(r->transport, "udp") != 0,
		.websocket = *r->transport == 'w',
		.sent = 1,
		.received = 1,
	};
	size_t media = 0;

	if (!pcapng_end_parse(&f.peer, r->address, strlen(r->address)))
		return;
	f.local.ipv6 = f.peer.ipv6;
	if (f.websocket)
		record_pcapng_seen(&f);
	/* In order of time: who reads them knows by the SDP before what is RTP. */
	for (unsigned i = 0; i < r->count; i++) {
		media = record_rtp_until(b, r, media,
					 r->result->begun_unix_ns + r->entries[i].at_ns);
		record_pcapng_packet(b, &f, i);
	}
	(void)record_rtp_until(b, r, media, INT64_MAX);
}

/* For who opens the file and knows nothing of where it is from. */
static void record_pcapng_about(struct buffer *b, const struct capture_record *r)
{
	buffer_str(b, b->len ? "\n\n" : "");
	capture_put_safe(b, r->trunk, strlen(r->trunk));
	buffer_format(b, ", %s %s, %s at ", r->address, r->transport, r->method);
	capture_put_time(b, r->result->begun_unix_ns);
	buffer_str(b, ": ");
	capture_put_outcome(b, r->result);
	for (unsigned i = 0; i < r->count; i++)
		if (r->entries[i].kind != LADDER_RETRANSMITTED &&
		    *capture_words(r->entries[i].kind))
			record_pcapng_event(b, &r->entries[i]);
	if (r->dropped)
		buffer_format(b, "\n%u more steps were not kept", r->dropped);
	if (r->late_unix_ns) {
		buffer_str(b, "\na response came too late, at ");
		capture_put_time(b, r->late_unix_ns);
	}
	if (!strcmp(r->transport, "tls") || !strcmp(r->transport, "wss"))
		buffer_str(b, "\nIt went over TLS; the packets show what was inside.");
}

void capture_pcapng(struct buffer *b, const struct capture_record *records, size_t count,
		    const char *version)
{
	struct buffer about = {0}, program = {0};

	for (size_t i = 0; i < count; i++)
		record_pcapng_about(&about, &records[i]);
	buffer_str(&about,
		   "\n\nMade of what was kept of the probe, not captured: messages "
		   "without bodies other than SDP, secrets replaced.");
	buffer_add(&about, "", 1);
	buffer_format(&program, "siptrunk_exporter %s", version);
	pcapng_begin(b, program.err ? NULL : program.data, about.err ? NULL : about.data);
	for (size_t i = 0; i < count; i++)
		record_pcapng_record(b, &records[i]);
	buffer_clear(&about);
	buffer_clear(&program);
}
