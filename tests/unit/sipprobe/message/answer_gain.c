/* What an answer leaves out, so that nobody has us send much more than he sent. */
#include "sipprobe/message/answer.h"
#include "tests/unit/tap.h"

static const struct siphash_key key = {{1, 2}};

/* Nobody gets four times what he sends, whatever our Contact and however short it is. */
static void test_gain(void)
{
	static const char *const lines[] = {
		"OPTIONS sip:a SIP/2.0",
		"INVITE sip:a SIP/2.0",
		"CANCEL sip:a SIP/2.0",
		"OPTIONS a:b SIP/2.0",
		"OPTIONS sip:a SIP/2.0\r\nRequire:x",
		"OPTIONS sip:a SIP/2.0\r\nX:0123456789012345678901234567890123456789"};
	static const char *const contacts[] = {NULL, "sip:us@sbc.example"};
	char text[512], method[16], contact[1200];
	struct sa src;

	memset(contact, 'a', sizeof(contact) - 1);
	contact[sizeof(contact) - 1] = '\0';
	sa_set_str(&src, "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 65535);
	for (size_t i = 0; i < 3 * sizeof(lines) / sizeof(*lines); i++) {
		struct answer_info info = {
			.src = &src,
			.agent = "siptrunk_exporter/1.2.3",
			.contact = i % 3 < 2 ? contacts[i % 3] : contact,
			.tag = key,
		};
		static char buf[ANSWER_MAX];
		struct guard_message m;
		size_t len = 0;

		snprintf(method, sizeof(method), "%.*s", (int)strcspn(lines[i / 3], " "),
			 lines[i / 3]);
		snprintf(text, sizeof(text),
			 "%s\r\nv:SIP/2.0/UDP a;rport\r\nf:a:b\r\nt:a:b\r\ni:a\r\n"
			 "CSeq:1 %s\r\n\r\n",
			 lines[i / 3], method);
		ok(!guard_datagram(&m, text, strlen(text), NULL), "a request of %zu",
		   strlen(text));
		info.code = answer_code(&m);
		ok(!answer_make(buf, sizeof(buf), &len, &m, &info), "is answered");
		ok(len < 4 * strlen(text), "by %zu bytes", len);
	}
}

static const char ping[] = "OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:a:b\r\n"
			   "t:a:b\r\ni:a\r\nCSeq:1 OPTIONS\r\n\r\n";

static const char *answer_to_ping(const char *contact)
{
	static char buf[4096];
	struct answer_info info = {
		.code = 200, .agent = "us/1", .contact = contact, .tag = key};
	struct guard_message m;
	size_t len = 0;
	struct sa src;

	sa_set_str(&src, "192.0.2.9", 5060);
	info.src = &src;
	if (!guard_datagram(&m, ping, strlen(ping), NULL))
		(void)answer_make(buf, sizeof(buf) - 1, &len, &m, &info);
	buf[len] = '\0';
	return buf;
}

/* Past the tag that an answer gives To. */
static const char *behind_tag(const char *answer)
{
	const char *tag = strstr(answer, "To: a:b;tag=");

	return tag ? tag + 12 + 16 : "";
}

/* All is said up to the last byte that may be; then less, and at last the least. */
static void test_brevity(void)
{
	char contact[512] = "sip:a";
	size_t longest[3] = {0};

	for (size_t n = 5; n < 400; n++) {
		const char *answer;
		size_t kind, len;

		contact[n - 1] = 'a';
		contact[n] = '\0';
		answer = answer_to_ping(contact);
		len = strlen(answer);
		kind = strstr(answer, "User-Agent: ") ? 0
		       : strstr(answer, "Server: ")   ? 1
						      : 2;
		if (len > longest[kind])
			longest[kind] = len;
	}
	is_int((long long)longest[0], 4 * (long long)strlen(ping) - 1, "all is said");
	is_int((long long)longest[1], 4 * (long long)strlen(ping) - 1,
	       "or our name once");
	is_str(behind_tag(answer_to_ping(contact)),
	       "\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\nAllow: OPTIONS\r\n"
	       "Content-Length: 0\r\n\r\n",
	       "or nothing but the answer");
}

int main(void)
{
	test_gain();
	test_brevity();
	return tap_done();
}
