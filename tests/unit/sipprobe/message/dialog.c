/* Dialogs read off messages, and requests within them. */
#include "sipprobe/message/dialog.h"

#include <stdlib.h>

#include "sipprobe/message/dialog_request.h"
#include "tests/unit/tap.h"

static const char invite_text[] =
	"INVITE sip:100@sbc.example SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKca1100000123456789abcdef;rport\r\n"
	"Max-Forwards: 70\r\n"
	"Route: <sip:edge.example;lr>\r\n"
	"From: <sip:ping@192.0.2.1>;tag=ours\r\n"
	"To: <sip:100@sbc.example>\r\n"
	"Call-ID: abc\r\n"
	"CSeq: 3 INVITE\r\n"
	"Contact: <sip:ping@192.0.2.1:5060>\r\n"
	"Content-Length: 0\r\n\r\n";

static struct guard_message invite;

static char *response_with(const char *status, const char *fields)
{
	char *text = malloc(65536);

	(void)re_snprintf(text, 65536,
			  "SIP/2.0 %s\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
			  "From: <sip:ping@192.0.2.1>;tag=ours\r\n"
			  "To: \"A, B\" <sip:100@sbc.example>;tag=Theirs\r\n"
			  "Call-ID: abc\r\nCSeq: 3 INVITE\r\n%s"
			  "Content-Length: 0\r\n\r\n",
			  status, fields);
	return text;
}

static const struct {
	const char *name, *fields, *target, *routes;
} rows[] = {
	{"a Contact", "Contact: \"x, y\" <sip:a@192.0.2.5:5070;x=1>;q=1\r\n",
	 "sip:a@192.0.2.5:5070;x=1", ""},
	{"its compact form", "m: sip:a@192.0.2.5\r\n", "sip:a@192.0.2.5", ""},
	{"none", "", "sip:100@sbc.example", ""},
	{"one that is none", "Contact: <>\r\n", "sip:100@sbc.example", ""},
	{"one with colons in its host", "Contact: <sip:a@192.0.2.5:p:p1>\r\n",
	 "sip:100@sbc.example", ""},
	{"one with header fields", "Contact: <sip:a@192.0.2.5;x=1?Subject=y>\r\n",
	 "sip:a@192.0.2.5;x=1", ""},
	{"routes the other way round",
	 "Record-Route: <sip:p2;lr>, <sip:p1;lr;x=y>\r\nRecord-Route: <sip:p0;lr>\r\n",
	 "sip:100@sbc.example",
	 "Route: <sip:p0;lr>\r\nRoute: <sip:p1;lr;x=y>\r\nRoute: <sip:p2;lr>\r\n"},
	{"what is behind a bad route", "Record-Route: <sip:p1;lr>, <<<\r\n",
	 "sip:100@sbc.example", "Route: <sip:p1;lr>\r\n"},
};

static void test_read(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = response_with("200 OK", rows[i].fields);
		struct guard_message m;
		struct dialog *d = NULL;

		ok(!guard_datagram(&m, text, strlen(text), NULL) &&
			   !dialog_read_response(&d, &invite, &m),
		   "%s", rows[i].name);
		if (!d)
			exit(1);
		is_str(d->target, rows[i].target, rows[i].name);
		is_str(d->routes, rows[i].routes, rows[i].name);
		ok(!pl_strcmp(&d->remote_tag, "Theirs") &&
			   !pl_strcmp(&d->local_tag, "ours"),
		   "%s: tags", rows[i].name);
		mem_deref(d);
		free(text);
	}
}

/* A To that no strict peer reads is ours again, with the peer's tag where it has one. */
static void test_odd_to(void)
{
	static const struct {
		const char *to, *want;
	} odd[] = {
		{"\"A\" <sip:b@x>;tag=t1", "\"A\" <sip:b@x>;tag=t1"},
		{"A, (B) <sip:b@x>;tag=t1", "<sip:100@sbc.example>;tag=t1"},
		{"\"A <sip:b@x>;tag=t1", "<sip:100@sbc.example>"},
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char *text = NULL;
		struct guard_message m;
		struct dialog *d = NULL;

		(void)re_sdprintf(&text,
				  "SIP/2.0 200 OK\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
				  "From: <sip:ping@192.0.2.1>;tag=ours\r\nTo: %s\r\n"
				  "Call-ID: abc\r\nCSeq: 3 INVITE\r\n\r\n",
				  odd[i].to);
		ok(text && !guard_datagram(&m, text, strlen(text), NULL) &&
			   !dialog_read_response(&d, &invite, &m),
		   "%s", odd[i].to);
		is_str(d ? d->remote : "", odd[i].want, "is answered to");
		mem_deref(d);
		mem_deref(text);
	}
}

/* Whatever is too much is left out, and the dialog can still be ended. */
static void test_bounds(void)
{
	char *fields = malloc(65536), *text;
	struct guard_message m;
	struct dialog *d = NULL;
	size_t n = 0;

	for (int i = 0; i < DIALOG_ROUTES_MAX + 1; i++)
		n += (size_t)re_snprintf(fields + n, 65536 - n,
					 "Record-Route: <sip:p%d;lr>\r\n", i);
	text = response_with("200 OK", fields);
	ok(!guard_datagram(&m, text, strlen(text), NULL) &&
		   !dialog_read_response(&d, &invite, &m),
	   "seventeen routes");
	is_str(d->routes, "", "are none");
	mem_deref(d);
	free(text);
	memset(fields, 'a', 40000);
	memcpy(fields, "Contact: <sip:", 14);
	memcpy(fields + 2000, ">\r\n", 4);
	text = response_with("200 OK", fields);
	ok(!guard_datagram(&m, text, strlen(text), NULL) &&
		   !dialog_read_response(&d, &invite, &m),
	   "a Contact of 2,000 bytes");
	is_str(d->target, "sip:100@sbc.example", "is none");
	mem_deref(d);
	free(text);
	free(fields);
}

static void test_fields(void)
{
	char *text = response_with("183 Session Progress",
				   "Require: timer, 100rel\r\nRSeq: 7\r\n"
				   "x: 90;refresher=uas\r\nMin-SE: 120\r\n"
				   "k: path\r\n");
	struct guard_message m;

	ok(!guard_datagram(&m, text, strlen(text), NULL), "a reliable 183");
	is_int(dialog_rseq(&m), 7, "RSeq");
	is_int(dialog_session_expires_s(&m), 90, "Session-Expires");
	is_int(dialog_min_se_s(&m), 120, "Min-SE");
	ok(dialog_lists(&m, "Require", 0, "TIMER"), "a token in any case");
	ok(!dialog_lists(&m, "Require", 0, "10"), "but a whole one");
	ok(dialog_lists(&m, "Supported", 'k', "path"), "compact");
	ok(!dialog_sdp(&m).l, "no body");
	free(text);
	text = response_with("183 Session Progress", "RSeq: 7\r\n");
	ok(!guard_datagram(&m, text, strlen(text), NULL) && !dialog_rseq(&m),
	   "RSeq without Require is nothing");
	free(text);
}

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

static void test_next_hop(void)
{
	static const struct {
		const char *fields, *want;
		enum config_transport transport; /* NONE: UDP */
	} ways[] = {
		{"Contact: <sip:a@192.0.2.5>\r\n", "192.0.2.5:5060"},
		{"Contact: <sip:a@192.0.2.5:5070;transport=udp>\r\n", "192.0.2.5:5070"},
		{"Contact: <sip:a@192.0.2.5;transport=tcp>\r\n", ""},
		{"Contact: <sips:a@192.0.2.5>\r\n", ""},
		{"Contact: <sip:a@[2001:db8::5]:5070>\r\n", "[2001:db8::5]:5070"},
		{"Contact: <sip:a@host.example>\r\n", ""},
		{"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:192.0.2.7;lr>\r\n",
		 "192.0.2.7:5060"},
		{"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:p.example;lr>\r\n",
		 ""},
		{"Contact: <sip:a@192.0.2.5;maddr=192.0.2.9>\r\n", ""},
		{"Contact: <sip:a@192.0.2.5;transport=tcp>\r\n", "192.0.2.5:5060",
		 CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5>\r\n", "", CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5;transport=tls>\r\n", "",
		 CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5;transport=tls>\r\n", "192.0.2.5:5061",
		 CONFIG_TRANSPORT_TLS},
		{"Contact: <sips:a@192.0.2.5:5070;transport=tcp>\r\n", "192.0.2.5:5070",
		 CONFIG_TRANSPORT_TLS},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char *text = response_with("200 OK", ways[i].fields), got[64] = "";
		struct guard_message m;
		struct dialog *d;
		struct sa hop;

		if (!guard_datagram(&m, text, strlen(text), NULL) &&
		    !dialog_read_response(&d, &invite, &m)) {
			if (dialog_next_hop(&hop, d,
					    ways[i].transport ? ways[i].transport
							      : CONFIG_TRANSPORT_UDP))
				(void)re_snprintf(got, sizeof(got), "%J", &hop);
			mem_deref(d);
		}
		is_str(got, ways[i].want, ways[i].fields);
		free(text);
	}
}

int main(void)
{
	(void)guard_datagram(&invite, invite_text, sizeof(invite_text) - 1, NULL);
	test_read();
	test_odd_to();
	test_bounds();
	test_fields();
	test_alike();
	test_request();
	test_next_hop();
	return tap_done();
}
