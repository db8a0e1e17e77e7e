/* The part of a body that is of a type (RFC 2046 5.1). */
#include <stdlib.h>
#include <string.h>

#include "sipprobe/message/multipart.h"
#include "tests/unit/tap.h"

#define MIXED "multipart/mixed;boundary=b"
#define SDP   "Content-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n"
#define ISUP                                                                             \
	"Content-Type: application/isup;version=itu-t92+\r\n"                            \
	"Content-Disposition: signal;handling=optional\r\n\r\n\x01\x11\n--\r\n"

static const struct {
	const char *name, *content, *body, *part; /* NULL: none */
} rows[] = {
	{"SIP-I", MIXED, "--b\r\n" SDP "\r\n--b\r\n" ISUP "\r\n--b--\r\n",
	 "v=0\r\ns=-\r\n"},
	{"the other way round", MIXED, "--b\r\n" ISUP "\r\n--b\r\n" SDP "--b--\r\n",
	 "v=0\r\ns=-"},
	{"a preamble, blanks behind a boundary", MIXED,
	 "This is MIME\r\n--b \t\r\n" SDP "--b-- \r\nend", "v=0\r\ns=-"},
	{"a quoted boundary", "Multipart/Related ; type=x; Boundary=\"a b=c\"",
	 "--a b=c\r\n" SDP "--a b=c--\r\n", "v=0\r\ns=-"},
	{"LF alone", MIXED, "--b\nc: APPLICATION/SDP;x=y\n\nv=0\n--b--\n", "v=0"},
	{"a folded type", MIXED, "--b\r\nContent-Type :\r\n application/sdp\r\n\r\nv=0",
	 "v=0"},
	{"the first of two", MIXED, "--b\r\n" SDP "--b\r\nc: application/sdp\r\n\r\nx",
	 "v=0\r\ns=-"},
	{"one that nothing closes", MIXED, "--b\r\n" SDP, "v=0\r\ns=-\r\n"},
	{"a boundary in a longer one", MIXED, "--bc\r\n" SDP "--b\r\n" SDP "--bc\r\n--b",
	 "v=0\r\ns=-\r\n--bc"},
	{"a body that begins with a blank", MIXED,
	 "--b\r\nc: application/sdp\r\n\r\n v=0\r\n--b", " v=0"},

	{"none of the type", MIXED, "--b\r\n" ISUP "\r\n--b--\r\n", NULL},
	{"another type", MIXED, "--b\r\nc: application/sdpx\r\n\r\nv=0\r\n--b--", NULL},
	{"no type", MIXED, "--b\r\n\r\nv=0\r\n--b--\r\n", NULL},
	{"a type in the text", MIXED, "--b\r\n\r\n" SDP "--b--\r\n", NULL},
	{"behind the end", MIXED, "--b\r\n\r\nx\r\n--b--\r\n--b\r\n" SDP, NULL},
	{"before the begin", MIXED, SDP "--b--\r\n", NULL},
	{"another boundary", MIXED, "--c\r\n" SDP "--c--\r\n", NULL},
	{"no text", MIXED, "--b\r\nc: application/sdp\r\n\r\n--b--\r\n", NULL},
	{"no end of the fields", MIXED, "--b\r\nc: application/sdp\r\n--b--\r\n", NULL},
	{"nothing behind a boundary", MIXED, "--b", NULL},
	{"nothing", MIXED, "", NULL},
	{"no boundary", "multipart/mixed", "--b\r\n" SDP, NULL},
	{"an empty one", "multipart/mixed;boundary=\"\"", "--\r\n" SDP, NULL},
	{"one without its quote", "multipart/mixed;boundary=\"b", "--b\r\n" SDP, NULL},
	{"one without a value", "multipart/mixed;boundary", "--b\r\n" SDP, NULL},
	{"no subtype", "multipart/;boundary=b", "--b\r\n" SDP, NULL},
	{"no multipart", "application/sdp;boundary=b", "--b\r\n" SDP, NULL},
	{"71 bytes",
	 "multipart/mixed;boundary="
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "--"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r"
	 "\n" SDP,
	 NULL},
};

/* On bytes of their own, so that a sanitizer sees who reads past their end. */
static struct pl part_of(char **text, const char *content, const char *body, size_t len)
{
	struct pl value, bytes;

	pl_set_str(&value, content);
	*text = malloc(len + 1);
	if (!*text)
		exit(1);
	memcpy(*text, body, len);
	bytes = (struct pl){*text, len};
	return multipart_part(&value, &bytes, "application/sdp");
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text;
		struct pl part = part_of(&text, rows[i].content, rows[i].body,
					 strlen(rows[i].body));

		ok(rows[i].part ? !pl_strcmp(&part, rows[i].part) : !part.l, "%s",
		   rows[i].name);
		free(text);
	}
}

/* Wherever it is cut, what is found lies within. */
static void test_cut(void)
{
	const char *body = rows[0].body;
	unsigned wrong = 0;

	for (size_t len = 0; len <= strlen(body); len++) {
		char *text;
		struct pl part = part_of(&text, MIXED, body, len);

		wrong += part.l && (part.p < text || part.p + part.l > text + len);
		free(text);
	}
	is_int(wrong, 0, "cut anywhere");
}

/* Many boundaries take no longer than many bytes. */
static void test_many(void)
{
	enum { BYTES = 60000 };
	static char body[BYTES + 1];
	char *text;

	for (size_t n = 0; n + 5 <= BYTES; n += 5)
		memcpy(body + n, "--b\r\n", 5);
	ok(!part_of(&text, MIXED, body, BYTES).l, "12,000 boundaries");
	free(text);
}

int main(void)
{
	test_rows();
	test_cut();
	test_many();
	return tap_done();
}
