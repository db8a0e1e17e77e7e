/* Names and rdata, whole, cut short, and lying about their lengths. */
#include <errno.h>

#include "sipprobe/dns/rr.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *text;
	const char *want; /* NULL: refused */
} names[] = {
	{"as it is", "sip.example.com", "sip.example.com"},
	{"upper case and last dot", "SIP.Example.COM.", "sip.example.com"},
	{"one label", "localhost", "localhost"},
	{"service labels", "_sip._udp.a-b.test", "_sip._udp.a-b.test"},
	{"nothing", "", NULL},
	{"a dot", ".", NULL},
	{"two dots", "a..b", NULL},
	{"dot in front", ".a", NULL},
	{"two last dots", "a..", NULL},
	{"a blank", "a b", NULL},
	{"a slash", "a/b", NULL},
	{"a backslash", "a\\046b", NULL},
	{"UTF-8", "\xc3\xa9.test", NULL},
	{"a label of 63",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b"},
	{"a label of 64",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", NULL},
};

static void test_names(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char got[RR_NAME_MAX + 1] = "untouched";
		int err = rr_name_set(got, names[i].text, strlen(names[i].text));

		is_str(got, names[i].want ? names[i].want : "untouched", names[i].name);
		is_int(err, names[i].want ? 0 : EINVAL, "… error");
	}
}

/* Of all bytes, alone and after another. */
static void test_characters(void)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	unsigned wrong = 0;

	for (int c = 0; c < 256; c++) {
		const char text[2] = {'x', (char)c};
		char got[RR_NAME_MAX + 1] = "";
		bool letter = c && strchr(good, c);

		if (c == '.')
			continue;
		wrong += (rr_name_set(got, text, 2) == 0) != letter;
		if (letter)
			wrong += got[1] != (c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	is_int(wrong, 0, "letters, digits, - and _ are a name's, in lower case");
}

static void test_name_length(void)
{
	char text[300], got[RR_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '.' : 'x';
	memset(got, 'y', sizeof(got));
	ok(!rr_name_set(got, text, 253) && strlen(got) == 253, "253 characters");
	is_int(rr_name_set(got, text, 254), EINVAL, "254 characters");
}

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct {
	const char *name;
	const uint8_t *p;
	size_t l;
	const char *target; /* NULL: refused */
} srvs[] = {
	{"SRV", BYTES("\0\1\0\2\x13\xc4\1A\4tEst\0"), "a.test"},
	{"SRV to the root", BYTES("\0\0\0\0\0\0\0"), ""},
	{"empty", BYTES(""), NULL},
	{"half a number", BYTES("\0"), NULL},
	{"one and a half", BYTES("\0\0\0"), NULL},
	{"two and a half", BYTES("\0\0\0\0\0"), NULL},
	{"a label of 63 bytes", BYTES("\0\1\0\2\x13\xc4\x3f" LABEL_63 "\0"), LABEL_63},
	{"without a name", BYTES("\0\1\0\2\x13\xc4"), NULL},
	{"a label past the end", BYTES("\0\1\0\2\x13\xc4\5a\0"), NULL},
	{"no root label", BYTES("\0\1\0\2\x13\xc4\1a"), NULL},
	{"a compressed name", BYTES("\0\1\0\2\x13\xc4\xc0\x0c"), NULL},
	{"a label of 64 bytes by its length", BYTES("\0\1\0\2\x13\xc4\x40\0"), NULL},
	{"bytes after the name", BYTES("\0\1\0\2\x13\xc4\1a\0\0"), NULL},
	{"a dot in a label", BYTES("\0\1\0\2\x13\xc4\3a.b\0"), NULL},
	{"a NUL in a label", BYTES("\0\1\0\2\x13\xc4\3a\0b\0"), NULL},
};

static void test_srv(void)
{
	for (size_t i = 0; i < sizeof(srvs) / sizeof(*srvs); i++) {
		struct rr_srv srv = {.target = "untouched"};
		int err = rr_srv_decode(&srv, srvs[i].p, srvs[i].l);

		is_int(err, srvs[i].target ? 0 : EBADMSG, srvs[i].name);
		is_str(srv.target, srvs[i].target ? srvs[i].target : "untouched",
		       "… target");
	}
}

static void test_srv_numbers(void)
{
	struct rr_srv srv;

	is_int(rr_srv_decode(&srv, BYTES("\1\2\3\4\5\6\1a\1b\1c\0")), 0, "SRV");
	is_int(srv.priority, 0x102, "priority");
	is_int(srv.weight, 0x304, "weight");
	is_int(srv.port, 0x506, "port");
	is_str(srv.target, "a.b.c", "target");
	is_int(rr_srv_decode(&srv, (const uint8_t *)"\0\1\0\2\0\3\1a\0x", 9), 0,
	       "what stands behind is not looked at");
}

/* A flag or a service as long as one may be, and a byte longer. */
static void test_naptr_words(void)
{
	struct rr_naptr n;
	uint8_t bytes[4 + 2 * (RR_WORD_MAX + 2) + 3];

	for (int word = 0; word < 2; word++) {
		for (size_t len = RR_WORD_MAX; len <= RR_WORD_MAX + 1; len++) {
			size_t at = 4 + (word ? 1 : 0);

			memset(bytes, 0, sizeof(bytes));
			bytes[at] = (uint8_t)len;
			memset(bytes + at + 1, 'w', len);
			at += 1 + len + (word ? 0 : 1);
			is_int(rr_naptr_decode(&n, bytes, at + 2),
			       len > RR_WORD_MAX ? EBADMSG : 0, "a word");
			if (len == RR_WORD_MAX)
				is_int((long long)strlen(word ? n.service : n.flags),
				       RR_WORD_MAX, "as long as may be");
		}
	}
}

static const char naptr[] = "\0\x0a\0\x14\1s\7SIP+D2U\0\1u\4test\0";

static void test_naptr(void)
{
	struct rr_naptr n = {0};
	const uint8_t *p = (const uint8_t *)naptr;
	bool refused = true;

	is_int(rr_naptr_decode(&n, p, sizeof(naptr) - 1), 0, "NAPTR");
	is_int(n.order, 10, "order");
	is_int(n.preference, 20, "preference");
	is_str(n.flags, "s", "flags");
	is_str(n.service, "SIP+D2U", "service");
	is_str(n.replacement, "u.test", "replacement");
	ok(!n.regexp, "no regexp");
	for (size_t l = 0; l < sizeof(naptr) - 1; l++)
		refused = refused && rr_naptr_decode(&n, p, l) == EBADMSG;
	ok(refused, "cut short anywhere it is refused");
	is_int(rr_naptr_decode(&n, p, sizeof(naptr)), EBADMSG, "a byte more");
	is_int(rr_naptr_decode(&n, BYTES("\0\1\0\1\1s\2a\0\0\0")), EBADMSG,
	       "a NUL in the service");
	ok(!rr_naptr_decode(&n, BYTES("\0\1\0\1\0\0\3!a!\0")) && n.regexp, "a regexp");
	ok(!rr_naptr_decode(&n, BYTES("\0\1\0\1\0\0\1!\0")) && n.regexp, "a short one");
	is_int(rr_naptr_decode(&n, BYTES("\0\1\0\1\2a\0\1x\0")), EBADMSG,
	       "flags that are none, and nothing in place of the service");
}

int main(void)
{
	test_names();
	test_characters();
	test_name_length();
	test_srv();
	test_srv_numbers();
	test_naptr();
	test_naptr_words();
	is_str(rr_type_name(RR_A), "A", "a type's name");
	is_str(rr_type_name(RR_AAAA), "AAAA", "another's");
	is_str(rr_type_name(RR_SRV), "SRV", "a third's");
	is_str(rr_type_name(RR_NAPTR), "NAPTR", "the last one's");
	is_str(rr_type_name(250), "?", "another type's name");
	return tap_done();
}
