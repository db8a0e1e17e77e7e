/* What a dialog is steered by: fields and bodies of messages within it. */
#include <stdlib.h>

#include "sipprobe/message/dialog.h"
#include "tests/unit/tap.h"

/* A response whose first fields are these. */
static void response_read(struct guard_message *m, unsigned code, const char *fields,
			  const char *body)
{
	static char text[1024];

	(void)re_snprintf(text, sizeof(text),
			  "SIP/2.0 %u Words\r\n%s"
			  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
			  "From: <sip:a@b>;tag=ours\r\nTo: <sip:c@d>;tag=theirs\r\n"
			  "Call-ID: abc\r\nCSeq: 3 INVITE\r\n\r\n%s",
			  code, fields, body);
	if (guard_datagram(m, text, strlen(text), NULL))
		exit(1);
}

/* RFC 3262 3: a provisional response above 100 that requires 100rel. */
static void test_rseq(void)
{
	static const struct {
		const char *name;
		unsigned code;
		const char *fields;
		uint32_t rseq;
	} rows[] = {
		{"a reliable 183", 183, "RSeq: 7\r\nRequire: 100rel\r\n", 7},
		{"the lowest code", 101, "RSeq: 7\r\nRequire: 100rel\r\n", 7},
		{"a 100 is never reliable", 100, "RSeq: 7\r\nRequire: 100rel\r\n", 0},
		{"the highest code", 199, "RSeq: 7\r\nRequire: 100rel\r\n", 7},
		{"nor is a final response", 200, "RSeq: 7\r\nRequire: 100rel\r\n", 0},
		{"behind others", 180, "Require: timer, 100rel\r\nRSeq: 7\r\n", 7},
		{"RSeq without Require is nothing", 183, "RSeq: 7\r\n", 0},
		{"nor with another Require", 183, "Require: timer\r\nRSeq: 7\r\n", 0},
		{"Require without RSeq", 183, "Require: 100rel\r\n", 0},
		{"the greatest", 183, "RSeq: 2147483647\r\nRequire: 100rel\r\n",
		 INT32_MAX},
		{"one more", 183, "RSeq: 2147483648\r\nRequire: 100rel\r\n", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_message m;

		response_read(&m, rows[i].code, rows[i].fields, "");
		is_int(dialog_rseq(&m), rows[i].rseq, rows[i].name);
	}
}

static void test_timer(void)
{
	static const struct {
		const char *fields;
		uint32_t expires_s, min_s;
	} rows[] = {
		{"x: 90;refresher=uas\r\nMin-SE: 120\r\n", 90, 120},
		{"Min-SE: 120\r\nSession-Expires: 1800\r\n", 1800, 120},
		{"Session-Expires: soon\r\nMin-SE:\r\n", 0, 0},
		{"Session-Expires: 90\r\nSession-Expires: 91\r\n", 90, 0},
		{"", 0, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_message m;

		response_read(&m, 200, rows[i].fields, "");
		is_int(dialog_session_expires_s(&m), rows[i].expires_s, rows[i].fields);
		is_int(dialog_min_se_s(&m), rows[i].min_s, "Min-SE");
	}
}

static void test_lists(void)
{
	static const struct {
		const char *fields, *token;
		bool has;
	} rows[] = {
		{"Supported: timer\r\n", "timer", true},
		{"Supported: timer\r\n", "TIMER", true},
		{"Supported: timer\r\n", "time", false},
		{"Supported: timer\r\n", "timers", false},
		{"Supported: timer,path\r\n", "path", true},
		{"Supported: timer , path\r\n", "path", true},
		{"Supported: timer\r\nSupported: path\r\n", "path", true},
		{"k: timer\r\n", "timer", true},
		{"Require: timer\r\n", "timer", false},
		{"Supported:\r\n", "timer", false},
		{"Supported: path,\r\n", "timer", false},
		{"Supported: ;timer\r\n", "timer", false},
		{"Supported: path;timer\r\n", "timer", false},
		{"", "timer", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_message m;

		response_read(&m, 200, rows[i].fields, "");
		ok(dialog_lists(&m, "Supported", 'k', rows[i].token) == rows[i].has,
		   "%s %s %s", rows[i].fields, rows[i].has ? "has" : "lacks",
		   rows[i].token);
	}
}

/* A body is SDP where its type says so, whatever it looks like. */
static void test_sdp(void)
{
	static const struct {
		const char *fields;
		bool is;
	} rows[] = {
		{"Content-Type: application/sdp\r\n", true},
		{"c: APPLICATION/SDP\r\n", true},
		{"c: application/sdp;charset=utf-8\r\n", true},
		{"c: application/sdp ; x\r\n", true},
		{"c: application/sdpx\r\n", false},
		{"c: application/sdpxx\r\n", false},
		{"c: application/sdx\r\n", false},
		{"c: application/sdp-x;y\r\n", false},
		{"c: application/sd\r\n", false},
		{"c: multipart/mixed\r\n", false},
		{"c: multipart/related;x\r\n", false},
		{"c: multipart/mixed\r\nc: application/sdp\r\n", false},
		{"", false},
	};
	struct guard_message m;
	struct pl sdp;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		response_read(&m, 200, rows[i].fields, "v=0\r\n");
		sdp = dialog_sdp(&m);
		ok(rows[i].is ? !pl_strcmp(&sdp, "v=0\r\n") : !sdp.l, "%s %s SDP",
		   rows[i].fields, rows[i].is ? "is" : "is no");
	}
	response_read(&m, 200, "c: application/sdp\r\n", "");
	ok(!dialog_sdp(&m).l, "no body is none");
	response_read(&m, 200, "c: multipart/mixed;boundary=b\r\n",
		      "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n");
	sdp = dialog_sdp(&m);
	ok(!pl_strcmp(&sdp, "v=0"), "a part of it is");
}

int main(void)
{
	test_rseq();
	test_timer();
	test_lists();
	test_sdp();
	return tap_done();
}
