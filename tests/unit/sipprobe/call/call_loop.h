/*
 * The called end of a loop, as a B2BUA has it: what it is asked, what it says, by a
 * socket, a connection or the caller's way. To be included by one file.
 */
#ifndef TESTS_UNIT_SIPPROBE_CALL_CALL_LOOP_H
#define TESTS_UNIT_SIPPROBE_CALL_CALL_LOOP_H

#include "sipprobe/transport/stream_private.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/sipprobe/call/call_stage.h"

/* What the called end of a loop sends, by its socket. */
static char guest_sent[4096];
static size_t guest_len;
static unsigned guest_count;
static struct sa guest_dst; /* where that went */

int udp_transmit(struct udp *u, const struct sa *dst, const char *buf, size_t len,
		 unsigned dscp)
{
	(void)u;
	(void)dscp;
	if (dst)
		guest_dst = *dst;
	guest_len = len < sizeof(guest_sent) ? len : 0;
	memcpy(guest_sent, buf, guest_len);
	guest_count++;
	return 0;
}

static unsigned guest_own_count;

static inline int guest_own_way(const char *buf, size_t len)
{
	guest_own_count++;
	return udp_transmit(NULL, NULL, buf, len, 0);
}

/* The connection that a loop comes back by; only what borrows it looks inside. */
static struct stream guest_stream;
static bool guest_by_stream;

int __wrap_stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);

int __wrap_stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	(void)sent_ns;
	return s == &guest_stream ? udp_transmit(NULL, NULL, buf, len, 0) : ENOTCONN;
}

static inline bool guest_said(struct guard_message *m)
{
	return guest_len && !guard_datagram(m, guest_sent, guest_len, NULL);
}

/* Of what the called end is asked, and how that is answered. */
static const char *guest_call_id = "other";
static const char *guest_from = "<sip:+47 21@b>;tag=b2b";
static const char *guest_body = "v=0\r\n";
static const char *guest_contact = "<sip:b2b@192.0.2.9>";
static const char *guest_more = ""; /* fields */
static const char *guest_src = "192.0.2.9";
static unsigned guest_code;
static char guest_fields[256];

/* A request to the called end, as a B2BUA makes it. @tag: of To, NULL: none */
static inline bool guest_ask(const char *method, const char *number, const struct pl *tag,
			     const char *branch, unsigned cseq)
{
	struct answer_dialog dialog = {.fields = NULL};
	char text[2048];
	struct guard_message m;
	struct sa src, local;
	bool taken;
	int len;

	guest_code = 0;
	(void)sa_set_str(&src, guest_src, 5060);
	(void)sa_set_str(&local, "192.0.2.1", 5060);
	len = re_snprintf(
		text, sizeof(text),
		"%s sip:%s@192.0.2.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.9;branch=%s\r\n"
		"From: %s\r\nTo: <sip:x@y>%s%b\r\n"
		"Call-ID: %s\r\nCSeq: %u %s\r\n"
		"Contact: %s\r\n%s"
		"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
		method, number, branch, guest_from, tag ? ";tag=" : "", tag ? tag->p : "",
		tag ? tag->l : (size_t)0, guest_call_id, cseq, method, guest_contact,
		guest_more, strlen(guest_body), guest_body);
	if (len < 0 || guard_datagram(&m, text, (size_t)len, NULL))
		return false;
	if (!tag)
		return calls_invite(
			calls, &m,
			&(struct call_arrival){
				.transport = guest_by_stream ? CONFIG_TRANSPORT_TCP
							     : CONFIG_TRANSPORT_UDP,
				.stream = guest_by_stream ? &guest_stream : NULL,
				.src = &src,
				.local = &local});
	taken = calls_request(calls, &m, virtual_now_ns, &guest_code, &dialog);
	str_ncpy(guest_fields, dialog.fields ? dialog.fields : "", sizeof(guest_fields));
	return taken && (guest_code == 200 || !strcmp(method, "ACK"));
}

static inline void loop_begin_with(const struct peer_script *script)
{
	call_conf.mode = CONFIG_CALL_LOOP;
	heard = MEDIA_HEARD_NONCE;
	guest_len = guest_count = guest_own_count = 0;
	begin(script);
	dial();
	pass_ms(200);
}

static inline void loop_begin(void)
{
	static const struct peer_script script = {.ring_ms = 100, .answer_ms = 500};

	loop_begin_with(&script);
}

/* The tag of the called end, from what it said. */
static char guest_tag[64];

static inline const struct pl *guest_own(void)
{
	static struct pl own;
	struct guard_message m;

	if (guest_said(&m) && !m.request)
		(void)pl_strcpy(&m.to_tag, guest_tag, sizeof(guest_tag));
	pl_set_str(&own, guest_tag);
	return &own;
}

#endif
