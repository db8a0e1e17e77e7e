/* Requests within a dialog, and those that are made like their INVITE. */
#include "sipprobe/message/dialog_request.h"

#include "tests/unit/sipprobe/message/dialogs.h"

static void printed_is(struct mbuf *mb, const char *want, const char *name)
{
	char *text = NULL;

	mb->pos = 0;
	(void)mbuf_strdup(mb, &text, mb->end);
	is_str(text, want, name);
	mem_deref(text);
	mem_deref(mb);
}

static void test_alike(void)
{
	char *text = response_with("486 Busy Here", "");
	struct mbuf *mb = mbuf_alloc(64);
	struct guard_message m;

	ok(!dialog_print_cancel(mb, &invite), "CANCEL");
	printed_is(mb,
		   "CANCEL sip:100@sbc.example SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP "
		   "192.0.2.1:5060;branch=z9hG4bKca1100000123456789abcdef;rport\r\n"
		   "Max-Forwards: 70\r\nRoute: <sip:edge.example;lr>\r\n"
		   "Route: <sip:core.example;lr>\r\n"
		   "From: <sip:ping@192.0.2.1>;tag=ours\r\n"
		   "To: <sip:100@sbc.example>\r\nCall-ID: abc\r\nCSeq: 3 CANCEL\r\n"
		   "Content-Length: 0\r\n\r\n",
		   "repeats its INVITE's parts");
	mb = mbuf_alloc(64);
	ok(!guard_datagram(&m, text, strlen(text), NULL) &&
		   !dialog_print_ack(mb, &invite, &m),
	   "ACK to a refusal");
	printed_is(mb,
		   "ACK sip:100@sbc.example SIP/2.0\r\n"
		   "Via: SIP/2.0/UDP "
		   "192.0.2.1:5060;branch=z9hG4bKca1100000123456789abcdef;rport\r\n"
		   "Max-Forwards: 70\r\nRoute: <sip:edge.example;lr>\r\n"
		   "Route: <sip:core.example;lr>\r\n"
		   "From: <sip:ping@192.0.2.1>;tag=ours\r\n"
		   "To: \"A, B\" <sip:100@sbc.example>;tag=Theirs\r\nCall-ID: abc\r\n"
		   "CSeq: 3 ACK\r\nContent-Length: 0\r\n\r\n",
		   "has the response's To");
	free(text);
}

/* A strict proxy is the Request-URI, and the target the last Route (12.2.1.1). */
static void test_request(void)
{
	static const struct {
		const char *routes, *head, *want;
	} ways[] = {
		{"Record-Route: <sip:p1;lr>\r\n", "BYE sip:a@192.0.2.5 SIP/2.0\r\n",
		 "Route: <sip:p1;lr>\r\nFrom"},
		{"Record-Route: <sip:p1;a;LR=on>\r\n", "BYE sip:a@192.0.2.5 SIP/2.0\r\n",
		 "Route: <sip:p1;a;LR=on>\r\nFrom"},
		{"Record-Route: <sip:p1;;lr>\r\n", "BYE sip:a@192.0.2.5 SIP/2.0\r\n",
		 "Route: <sip:p1;;lr>\r\nFrom"},
		{"Record-Route: <sip:p1;lr;a>\r\n", "BYE sip:a@192.0.2.5 SIP/2.0\r\n",
		 "Route: <sip:p1;lr;a>\r\nFrom"},
		{"Record-Route: <sip:p1;ab;lrs>\r\n", "BYE sip:p1;ab;lrs SIP/2.0\r\n",
		 "\r\nRoute: <sip:a@192.0.2.5>\r\nFrom"},
		{"Record-Route: <sip:p0;lr>, <sip:p1>\r\n", "BYE sip:p1 SIP/2.0\r\n",
		 "Route: <sip:p0;lr>\r\nRoute: <sip:a@192.0.2.5>\r\nFrom"},
	};
	struct sa local;

	(void)sa_set_str(&local, "192.0.2.1", 5060);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char fields[256], *out = NULL;
		const struct dialog_request r = {.method = "BYE",
						 .transport = "UDP",
						 .local = &local,
						 .branch = "z9hG4bKb",
						 .call_id = &invite.call_id,
						 .cseq = 4,
						 .max_forwards = 70,
						 .agent = "us",
						 .fields = ""};
		struct mbuf *mb = mbuf_alloc(64);
		struct guard_message m;
		struct dialog *d = NULL;
		char *text;

		(void)re_snprintf(fields, sizeof(fields),
				  "Contact: <sip:a@192.0.2.5>\r\n%s", ways[i].routes);
		text = response_with("200 OK", fields);
		ok(!guard_datagram(&m, text, strlen(text), NULL) &&
			   !dialog_read_response(&d, &invite, &m) &&
			   !dialog_print_request(mb, d, &r),
		   "BYE");
		mb->pos = 0;
		if (mbuf_strdup(mb, &out, mb->end))
			exit(1);
		ok(!strncmp(out, ways[i].head, strlen(ways[i].head)) &&
			   strstr(out, ways[i].want),
		   "%s", ways[i].head);
		ok(!guard_datagram(&m, out, strlen(out), NULL) && !m.fault,
		   "well-formed");
		mem_deref(out);
		mem_deref(d);
		mem_deref(mb);
		free(text);
	}
}

int main(void)
{
	invite_read();
	test_alike();
	test_request();
	return tap_done();
}
