/*
 * What a peer's answer to INVITE makes of a dialog, against any bytes: whatever it said,
 * the BYE and the CANCEL that end the call are well-formed requests with our parts, and
 * bounded. Input: header fields of the answer.
 */
#include <string.h>

#include "sipprobe/message/dialog.h"
#include "sipprobe/message/dialog_request.h"
#include "tests/fuzz/fuzz.h"

#define HEAD                                                                             \
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"               \
	"From: <sip:a@b>;tag=1\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n"

static const char invite_text[] =
	"INVITE sip:100@192.0.2.9 SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
	"To: <sip:100@192.0.2.9>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";

static void printed_check(const struct mbuf *mb, const char *method)
{
	struct guard_message m;

	must(mb->end < 65536);
	must(!guard_datagram(&m, (const char *)mb->buf, mb->end, NULL));
	must(m.request && !m.fault && !pl_strcmp(&m.method, method));
	must(m.size == mb->end);
	must(!pl_strcmp(&m.call_id, "x"));
}

static void dialog_check(const struct dialog *d, const struct pl *call_id)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct dialog_request r = {.method = "BYE",
				   .transport = "UDP",
				   .branch = "z9hG4bKb",
				   .call_id = call_id,
				   .cseq = 2,
				   .max_forwards = 70,
				   .agent = "fuzz",
				   .fields = ""};
	struct sa local, hop;

	(void)sa_set_str(&local, "192.0.2.1", 5060);
	r.local = &local;
	must(mb && !dialog_print_request(mb, d, &r));
	printed_check(mb, "BYE");
	must(strlen(d->routes) <= DIALOG_ROUTES_BYTES);
	must(strlen(d->target) <= DIALOG_VALUE_MAX);
	if (dialog_next_hop(&hop, d, CONFIG_TRANSPORT_UDP))
		must(sa_port(&hop) &&
		     (sa_af(&hop) == AF_INET || sa_af(&hop) == AF_INET6));
	mem_deref(mb);
}

static void sdp_check(const struct guard_message *m)
{
	struct pl sdp = dialog_sdp(m);

	must(!sdp.l || (sdp.p >= m->body.p && sdp.p + sdp.l <= m->body.p + m->body.l));
}

static void answer_check(const struct guard_message *m)
{
	struct guard_message invite;
	struct dialog *d = NULL;
	struct mbuf *mb = mbuf_alloc(512);

	must(mb && !guard_datagram(&invite, invite_text, sizeof(invite_text) - 1, NULL));
	(void)dialog_rseq(m);
	(void)dialog_session_expires_s(m);
	(void)dialog_min_se_s(m);
	sdp_check(m);
	if (!dialog_read_response(&d, &invite, m)) {
		dialog_check(d, &invite.call_id);
		must(!dialog_refresh(d, m));
	}
	must(!dialog_print_ack(mb, &invite, m));
	mem_deref(mb);
	mem_deref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(sizeof(HEAD) + size);
	size_t used = sizeof(HEAD) - 1;
	struct guard_message m;

	must(text);
	memcpy(text, HEAD, used);
	memcpy(text + used, data, size);
	if (size < 65000 && !guard_datagram(&m, text, used + size, NULL) && !m.request)
		answer_check(&m);
	free(text);
	return 0;
}
