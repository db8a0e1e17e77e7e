/* Messages of a stream, in pieces, in a buffer that moves as it grows. */
#include <errno.h>
#include <stdlib.h>

#include "sipprobe/message/guard.h"
#include "tests/unit/tap.h"

#define FIELDS                                                                           \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\n"                 \
	"CSeq: 1 OPTIONS\r\n"
#define VIA "Via: SIP/2.0/UDP h;received=192.0.2.1;rport=5060;branch=z\r\n"

/* A part by where it stands in its message, and its length; "-" without. */
static int part_print(char *out, size_t size, const struct pl *part, const char *message)
{
	return part->p ? snprintf(out, size, "%td+%zu ", part->p - message, part->l)
		       : snprintf(out, size, "- ");
}

static const char *parts_of(const struct guard_message *m, const char *message)
{
	const struct pl *parts[] = {
		&m->method,	&m->ruri,	 &m->phrase, &m->via,
		&m->received,	&m->rport,	 &m->branch, &m->call_id,
		&m->from,	&m->from_tag,	 &m->to,     &m->to_tag,
		&m->cseq_value, &m->cseq_method, &m->fields, &m->body,
	};
	static char texts[2][512];
	static unsigned turn;
	char *out = texts[++turn % 2];
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		n += part_print(out + n, sizeof(texts[0]) - (size_t)n, parts[i], message);
	return out;
}

/* Reads a message in two pieces, the second time from other memory. */
static int read_in_two(struct guard_message *m, char **last, const char *text,
		       size_t first)
{
	size_t len = strlen(text);
	struct guard_progress g = {.pos = 0};
	char *buf = malloc(first ? first : 1);
	int err;

	memcpy(buf, text, first);
	err = guard_stream_resume(m, &g, buf, first, NULL);
	*last = malloc(len);
	memcpy(*last, text, len);
	memset(buf, '#', first);
	free(buf);
	return err == EAGAIN ? guard_stream_resume(m, &g, *last, len, NULL) : err;
}

/* Wherever a message is cut, each of its parts is where it is in the whole. */
static void test_moved(void)
{
	static const char *const texts[] = {
		"SIP/2.0 200 All well\r\n" VIA FIELDS "Content-Length: 2\r\n\r\nhi",
		"OPTIONS sip:a SIP/2.0\r\nl: 2\r\n" VIA FIELDS "\r\nhi",
		"OPTIONS sip:a SIP/2.0\r\nl: 5\r\nX: a\001b\r\n" VIA
		"From: <sip:a@b>\r\n ;tag=1\r\nTo: <sip:c@d>\r\n\t;tag=2\r\n"
		"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n body",
		"OPTIONS sip:a SIP/2.0\r\nl: 2\r\n" VIA FIELDS "l: 2\r\n" FIELDS "\r\nhi",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct guard_message whole, m;
		size_t len = strlen(texts[i]), wrong = 0;

		ok(!guard_stream(&whole, texts[i], len, NULL), "a message");
		for (size_t first = 0; first < len; first++) {
			char *last;
			bool same =
				!read_in_two(&m, &last, texts[i], first) &&
				!strcmp(parts_of(&m, last), parts_of(&whole, texts[i])) &&
				m.size == whole.size && m.fault == whole.fault &&
				m.oddity == whole.oddity;

			wrong += !same;
			free(last);
		}
		is_int((long long)wrong, 0, "the same, wherever it was cut");
	}
}

/* What is known of one message is nothing of the next, whatever became of it. */
static void test_next(void)
{
	static const char good[] = "SIP/2.0 200 OK\r\n" VIA FIELDS "l: 0\r\n\r\n";
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{good, 0},
		{"SIP/2.0 200 OK\r\n\r\n", EBADMSG},
		{"SIP/2.0 200 OK\r\nl: x\r\nX: \x01\r\n" VIA FIELDS "\r\n", EBADMSG},
		{good, 0},
	};
	struct guard_progress g = {.pos = 0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guard_message m;
		int err = guard_stream_resume(&m, &g, rows[i].text, strlen(rows[i].text),
					      NULL);

		is_int(err, rows[i].err, "one after the other");
		if (!err)
			ok(m.code == 200 && !m.oddity, "read from its beginning");
	}
}

/* A request whose end nobody knows ends with its head. */
static void test_unframed(void)
{
	static const char *const lengths[] = {"", "l: x\r\n", "l: 1\r\nl: 2\r\n",
					      "l: 65535\r\n"};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		char text[512];
		int head = snprintf(text, sizeof(text),
				    "OPTIONS sip:a SIP/2.0\r\n" VIA FIELDS "%s\r\n",
				    lengths[i]);
		struct guard_message m;

		memcpy(text + head, "body", 5);
		ok(!guard_stream(&m, text, (size_t)head + 4, NULL) && m.unframed,
		   "unframed: %s", lengths[i]);
		is_int((long long)m.size, head, "its head alone");
		is_int((long long)m.body.l, 0, "is it");
	}
}

/* As long as a message may be, body and all, and a byte more. */
static void test_longest(void)
{
	for (unsigned more = 0; more <= 1; more++) {
		static const char before[] = "SIP/2.0 200 OK\r\n" VIA FIELDS "l: ";
		size_t head = strlen(before) + 5 + 4;
		struct guard_message m;
		char text[512];

		(void)snprintf(text, sizeof(text), "%s%zu\r\n\r\n", before,
			       GUARD_MESSAGE_MAX - head + more);
		is_int(guard_stream(&m, text, head, NULL), more ? EBADMSG : EAGAIN,
		       "a long message's head");
	}
}

static void test_is_response(void)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {{"SIP/2.0 200", true}, {"sip/2", true}, {"SIP/", true},
		    {"SIP", false},	   {"", false},	    {"HTTP/1.1", false},
		    {"SIP 2", false}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok(guard_is_response(rows[i].text, strlen(rows[i].text)) == rows[i].is,
		   "\"%s\" %s to be SIP", rows[i].text,
		   rows[i].is ? "means" : "does not mean");
}

int main(void)
{
	test_moved();
	test_next();
	test_unframed();
	test_longest();
	test_is_response();
	return tap_done();
}
