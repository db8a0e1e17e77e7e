/* What the guard reads of fields, and of those that are not as they should be. */
#include <errno.h>
#include <stdlib.h>

#include "sipprobe/message/guard.h"
#include "tests/unit/tap.h"

#define REQUEST	 "OPTIONS sip:a SIP/2.0\r\n"
#define RESPONSE "SIP/2.0 200 OK\r\n"
#define VIA	 "Via: SIP/2.0/UDP h;branch=z\r\n"
#define FROM	 "From: <sip:a@b>;tag=1\r\n"
#define TO	 "To: <sip:c@d>;tag=2\r\n"
#define ID	 "Call-ID: x\r\n"
#define CSEQ	 "CSeq: 1 OPTIONS\r\n"

static void read_well(struct guard_message *m, const char *text)
{
	if (guard_datagram(m, text, strlen(text), NULL)) {
		printf("# refused: %s\n", text);
		exit(1);
	}
}

static void part_is(const struct pl *part, const char *want, const char *name)
{
	ok(want ? part->p && !pl_strcmp(part, want) : !part->l, "%s: %s", name,
	   want ? want : "none");
}

/* Of several Via values the first, and what is said there first. */
static void test_via(void)
{
	static const struct {
		const char *via, *more, *received, *rport;
	} rows[] = {
		{"SIP/2.0/UDP h;received=192.0.2.1;rport=7;branch=z", "", "192.0.2.1",
		 "rport=7"},
		{"SIP/2.0/UDP h;rport;branch=z", "", NULL, "rport"},
		{"SIP/2.0/UDP h;rport=1;received=::1;rport=2;received=::2;branch=z", "",
		 "::1", "rport=1"},
		{"SIP/2.0/UDP h;received=;received=::1;branch=z", "", "::1", NULL},
		{"SIP/2.0/UDP h;branch=z", "", NULL, NULL},
		{"SIP/2.0/UDP h;branch=z", " , SIP/2.0/UDP g;received=::1;branch=y", NULL,
		 NULL},
		{"SIP/2.0/UDP h;branch=z", "\r\nVia: SIP/2.0/UDP g;rport;branch=y", NULL,
		 NULL},
		{"SIP/2.0/UDP h;;branch=z;", "", NULL, NULL},
		{"SIP/2.0/UDP h;branch=z;", ", SIP/2.0/UDP g;branch=y", NULL, NULL},
		{"SIP/2.0/UDP h;branch=z; (a)  (b)", "", NULL, NULL},
		{"SIP/2.0/UDP h;branch=z (\\))", "", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;
		char text[512];

		(void)snprintf(text, sizeof(text),
			       REQUEST "Via: %s%s\r\n" FROM TO ID CSEQ "\r\n",
			       rows[i].via, rows[i].more);
		read_well(&m, text);
		is_str(m.fault, NULL, "no fault");
		part_is(&m.via, rows[i].via, "Via");
		part_is(&m.received, rows[i].received, "received");
		part_is(&m.rport, rows[i].rport, "rport");
		part_is(&m.branch, "z", "branch");
	}
}

/* What cannot be read is there as it came, and nothing of it as if it had been. */
static void test_wrong(void)
{
	static const struct {
		const char *text, *fault;
		const char *call_id, *cseq, *method, *to_tag;
	} rows[] = {
		{REQUEST VIA FROM "To: \"x <sip:c@d>;tag=2\r\n" ID CSEQ "\r\n",
		 "malformed To", "x", "1 OPTIONS", "OPTIONS", NULL},
		{REQUEST VIA FROM TO "t: <sip:c@d>;tag=3\r\n" ID CSEQ "\r\n",
		 "two Tos that differ", "x", "1 OPTIONS", "OPTIONS", "2"},
		{REQUEST VIA FROM TO "i: x y\r\n" CSEQ "\r\n", "malformed Call-ID", "x y",
		 "1 OPTIONS", "OPTIONS", "2"},
		{REQUEST VIA FROM TO ID "CSeq: 1 OPTIONS x\r\n\r\n",
		 "CSeq without a method", "x", "1 OPTIONS x", NULL, "2"},
		{REQUEST VIA FROM TO ID "CSeq: 1OPTIONS\r\n\r\n", "CSeq without a method",
		 "x", "1OPTIONS", NULL, "2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;

		read_well(&m, rows[i].text);
		is_str(m.fault, rows[i].fault, rows[i].fault);
		is_int(m.fault_code, 400, "is answered 400");
		part_is(&m.call_id, rows[i].call_id, "Call-ID");
		part_is(&m.cseq_value, rows[i].cseq, "CSeq");
		part_is(&m.cseq_method, rows[i].method, "its method");
		part_is(&m.to_tag, rows[i].to_tag, "To's tag");
	}
}

/* A comment that does not end is none, whatever its last byte is. */
static void test_comment(void)
{
	static const char *const comments[] = {"(", "(a", "(\\", "(\\)", "(()"};

	for (size_t i = 0; i < ARRAY_SIZE(comments); i++) {
		struct guard_message m;
		const char *why = "";
		char text[512];

		(void)snprintf(text, sizeof(text),
			       RESPONSE FROM TO ID CSEQ
			       "Via: SIP/2.0/UDP h;branch=z %s\r\n\r\n",
			       comments[i]);
		is_int(guard_datagram(&m, text, strlen(text), &why), EBADMSG,
		       comments[i]);
		is_str(why, "malformed Via", "why");
	}
}

/* Whoever writes a To that no grammar allows has a dialog by its tag all the same. */
static void test_odd(void)
{
	static const struct {
		const char *text, *oddity, *to_tag;
	} rows[] = {
		{RESPONSE VIA FROM "To: a, (b) <sip:c@d>;tag=2\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", "2"},
		{RESPONSE VIA FROM "To: a, (b) <sip:c@d>\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", NULL},
		{REQUEST VIA FROM "To: c@d\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", NULL},
		{RESPONSE VIA FROM "To: c@d;tag=2\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", "2"},
		{RESPONSE VIA FROM "To: a, (b) <sip:c@d>;tag=2;tag=3\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", NULL},
		{RESPONSE VIA FROM "To: a\\\001sip:c@d>;tag=2\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", NULL},
		{RESPONSE VIA FROM "To: <>;tag=2\r\n" ID CSEQ "\r\n",
		 "a To that no grammar allows", NULL},
		{RESPONSE "X: a\\\001\r\n" VIA FROM TO ID CSEQ "\r\n", NULL, "2"},
		{RESPONSE "X: a\\\\\001\r\n" VIA FROM TO ID CSEQ "\r\n",
		 "control byte in a header field", "2"},
		{RESPONSE "X: a\\\\\\\001\r\n" VIA FROM TO ID CSEQ "\r\n", NULL, "2"},
		{RESPONSE "X: a\\\rb\r\n" VIA FROM TO ID CSEQ "\r\n",
		 "control byte in a header field", "2"},
		{RESPONSE "X: \001\\\001\r\n" VIA FROM TO ID CSEQ "\r\n",
		 "control byte in a header field", "2"},
		{RESPONSE VIA FROM TO ID CSEQ "Max-Forwards: 7x\r\n\r\n",
		 "Max-Forwards that is no number to 255", "2"},
		{RESPONSE VIA FROM TO ID CSEQ "Max-Forwards:\r\n\r\n",
		 "Max-Forwards that is no number to 255", "2"},
		{RESPONSE VIA FROM TO ID CSEQ "Max-Forwards: 255\r\n\r\n", NULL, "2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;

		read_well(&m, rows[i].text);
		is_str(m.oddity, rows[i].oddity, "its oddity");
		is_str(m.fault, NULL, "which is no fault");
		part_is(&m.to_tag, rows[i].to_tag, "To's tag");
	}
}

/* The first empty line ends the head, whatever the body begins with. */
static void test_body(void)
{
	struct guard_message m;

	read_well(&m, RESPONSE VIA FROM TO ID CSEQ "\r\n X: y\r\n");
	part_is(&m.body, " X: y\r\n", "body");
}

/* A response whose Call-ID, CSeq, From, To and Via have these names. */
static int read_named(struct guard_message *m, const char *const *names)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       RESPONSE "%s:x\r\n%s: 1 OPTIONS\r\n%s: <sip:a@b>;tag=1\r\n"
				"%s: <sip:c@d>;tag=2\r\n%s: SIP/2.0/UDP h;branch=z\r\n"
				"\r\n",
		       names[0], names[1], names[2], names[3], names[4]);
	return guard_datagram(m, text, strlen(text), NULL);
}

/* Letters of either size, the compact form, and white space before the colon. */
static void test_names(void)
{
	static const char *const rows[][5] = {
		{"Call-ID", "CSeq", "From", "To", "Via"},
		{"CALL-ID", "CSEQ", "FROM", "TO", "VIA"},
		{"call-id", "cseq", "from", "to", "via"},
		{"cALL-iD", "cSeQ", "fRoM", "tO", "vIa"},
		{"i", "CSeq", "f", "t", "v"},
		{"I", "CSeq", "F", "T", "V"},
		{"Call-ID ", "CSeq\t", "From \t", "To ", "Via "},
		{"i ", "CSeq", "f\t", "t ", "v  "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;

		is_int(read_named(&m, rows[i]), 0, rows[i][0]);
		part_is(&m.call_id, "x", "Call-ID");
		part_is(&m.cseq_method, "OPTIONS", "CSeq");
		part_is(&m.from_tag, "1", "From");
		part_is(&m.to_tag, "2", "To");
		part_is(&m.branch, "z", "Via");
	}
}

/* A name that is nearly one of them is another field's. */
static void test_names_alike(void)
{
	static const struct {
		size_t which;
		const char *name;
	} rows[] = {
		{0, "Call-I"},	{0, "Call-IDs"}, {0, "Call_ID"}, {0, "Call-IE"},
		{0, "Xall-ID"}, {0, "c"},	 {0, "CallMID"}, {1, "CSe"},
		{1, "CSeqs"},	{1, "Content"},	 {1, "s"},	 {2, "Fro"},
		{2, "Fromm"},	{2, "Frob"},	 {4, "Vi"},	 {4, "Viaa"},
		{4, "Vib"},	{4, "6ia"},	 {2, "&rom"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *names[] = {"Call-ID", "CSeq", "From", "To", "Via"};
		struct guard_message m;

		names[rows[i].which] = rows[i].name;
		is_int(read_named(&m, names), EBADMSG, rows[i].name);
	}
}

int main(void)
{
	test_names();
	test_names_alike();
	test_via();
	test_wrong();
	test_comment();
	test_odd();
	test_body();
	return tap_done();
}
