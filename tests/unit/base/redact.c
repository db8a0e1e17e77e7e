/* What is shown of texts that may hold a password. */
#include <string.h>

#include "base/redact.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	const char *shown;
} texts[] = {
	{"", ""},
	{"sip:a.example", "sip:a.example"},
	{"sip:u@a.example:5060;lr", "sip:u@a.example:5060;lr"},
	{"sip:u:PW@a.example", "sip:u:redacted@a.example"},
	{"SIPS:u:PW@a.example", "SIPS:u:redacted@a.example"},
	{"sip:u:PW@h:99999", "sip:u:redacted@h:99999"},
	{"sip:u%3APW@h", "sip:u%3Aredacted@h"},
	{"sip:u:P@W@h", "sip:u:redacted@h"},
	{"u:PW@h", "u:redacted@h"},
	{"PW", "PW"},
	{"<sip:u:PW@h>, <sip:v:PW@i>", "<sip:u:redacted@i>"},
	{"\"N\" <sip:u:PW@h>", "\"N\" <sip:u:redacted@h>"},
	{"http://u:PW@h/", "http://u:redacted@h/"},
	/* the '@' is lost */
	{"sip:u:PW", "sip:u:redacted"},
	{"sip:u:123456", "sip:u:redacted"},
	{"sip:h:99999", "sip:h:99999"},
	{"sip:h:5060;transport=ws", "sip:h:5060;transport=ws"},
	{"sip:2001:db8::1", "sip:2001:db8::1"},
	{"sip:[2001:db8::1]:5060", "sip:[2001:db8::1]:5060"},
	{"sip:[2001:db8::1]:PW", "sip:[2001:db8::1]:redacted"},
	/* words that say so */
	{"password=PW", "password=redacted"},
	{"my_Secret: PW x", "my_Secret: redacted"},
	{"passwd PW", "passwd redacted"},
	{"{\"pwd\":\"PW\"}", "{\"pwd\":\"redacted"},
	{"sip:h;password=PW;lr", "sip:h;password=redacted"},
	{"sip:h?Authorization=PW", "sip:h?redacted"},
	{"sip:password:PW@h", "sip:password:redacted"},
	{"sip:u:a?b=PW@h", "sip:u:redacted"},
	{"password", "password"},
	{"the_passport", "the_passport"},
	{"weight=50", "weight=50"},
};

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		is_str(redact(texts[i].text).s, texts[i].shown, "what is shown");
}

/* However little fits, it ends, and no password is in it. */
static void test_cut(void)
{
	const char *text = "sip:user:PASSWORD@h";

	for (size_t size = 1; size < 32; size++) {
		char out[32];

		memset(out, 'x', sizeof(out));
		redact_copy(out, size, text);
		ok(strnlen(out, sizeof(out)) < size && !strchr(out, 'P'), "%zu bytes",
		   size);
	}
}

static void test_words(void)
{
	ok(redact_is_secret("password", 8), "a password");
	ok(redact_is_secret("X-AUTH_TOKEN", 12), "in any case");
	ok(!redact_is_secret("passage", 4 - 1), "no more than its length");
	ok(!redact_is_secret("uri", 3), "a URI");
}

int main(void)
{
	test_texts();
	test_cut();
	test_words();
	return tap_done();
}
