/* Start lines: what is one, and what is wrong with a Request-URI. */
#include <errno.h>

#include "sipprobe/message/guard.h"
#include "tests/unit/tap.h"

#define REST                                                                             \
	"Via: SIP/2.0/UDP h;branch=z\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"      \
	"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"

static void test_lines(void)
{
	static const struct {
		const char *text;
		int err;
		const char *said; /* why, the fault or the oddity */
	} rows[] = {
		{"SIP/2.0 200 OK\r\n" REST, 0, NULL},
		{"SIP/2.0 200\nVia: SIP/2.0/UDP h\nFrom: <sip:a@b>\nTo: <sip:c@d>\n"
		 "Call-ID: x\nCSeq: 1 OPTIONS\n\n",
		 0, "lines that end in LF alone"},
		{"XIP/2.0 200 OK\r\n" REST, EBADMSG,
		 "start line of neither request nor response"},
		{"(PTIONS sip:a SIP/2.0\r\n" REST, EBADMSG,
		 "start line of neither request nor response"},
		{"OPTIONS sip:a SIP/2.0\r\n" REST, 0, NULL},
		{"OPTIONS sip:a SIP/2.0\r\n X: y\r\n" REST, 0,
		 "a line that is no header field"},
		{"OPTIONS sip:a SIP/7\r\n" REST, 0, "another version than SIP/2.0"},
		{"OPTIONS sip:a SIP/\r\n" REST, EBADMSG,
		 "request line without SIP/2.0 at its end"},
		{"OPTIONS SIP/2.0\r\n" REST, 0,
		 "request line with white space out of place"},
		{"OPTIONS \r\n" REST, EBADMSG, "request line without SIP/2.0 at its end"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;
		const char *why = NULL;

		is_int(guard_datagram(&m, rows[i].text, strlen(rows[i].text), &why),
		       rows[i].err, rows[i].text);
		if (!rows[i].err)
			why = m.fault ? m.fault : m.oddity;
		is_str(why, rows[i].said, "what is said of it");
	}
}

/* No method is as long as 64 bytes. */
static void test_method(void)
{
	for (size_t len = 63; len <= 65; len++) {
		struct guard_message m;
		char text[512];

		memset(text, 'M', len);
		(void)snprintf(text + len, sizeof(text) - len, " sip:a SIP/2.0\r\n" REST);
		is_int(guard_datagram(&m, text, strlen(text), NULL),
		       len == 63 ? 0 : EBADMSG, "a long method");
	}
}

static void test_uris(void)
{
	static const char malformed[] = "malformed Request-URI",
			  colons[] = "Request-URI with colons in its host",
			  fields[] = "Request-URI with header fields";
	static const struct {
		const char *uri, *fault;
	} rows[] = {
		{"sip:h", NULL},
		{"sip:a@h:5060", NULL},
		{"sip:a:b@h:5060", NULL},
		{"sip:a:@h:5060", NULL},
		{"sip:[2001:db8::1]:5060", NULL},
		{"sip:a@[2001:db8::1]:5060", NULL},
		{"sip:a@h:5060;x=a:b:c", NULL},
		{"A:b", NULL},
		{"tel:1:2:3", NULL},
		{"x:y?z", NULL},
		{"sip:2001:db8::1", colons},
		{"sip:a@2001:db8::1", colons},
		{"SIPS:a@h:5060:5061", colons},
		{"sip:a@h:5060?x=a:b:c", fields},
		{"sips:h?x", fields},
		{"", malformed},
		{"sip", malformed},
		{"sip:", malformed},
		{":b", malformed},
		{"1:b", malformed},
		{"_:b", malformed},
		{"sip:a b", malformed},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pl uri;

		pl_set_str(&uri, rows[i].uri);
		is_str(guard_request_uri_fault(&uri), rows[i].fault, rows[i].uri);
	}
}

int main(void)
{
	test_lines();
	test_method();
	test_uris();
	return tap_done();
}
