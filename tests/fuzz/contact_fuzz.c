/*
 * A registrar's answer against any bytes: it must end, stay inside them, and believe no
 * more than what can be said. Input: our Contact's URI, a line end, header fields.
 */
#include <string.h>

#include "sipprobe/message/registration.h"
#include "sipprobe/message/siphdr.h"
#include "tests/fuzz/fuzz.h"

#define HEAD                                                                             \
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"               \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"                 \
	"CSeq: 1 REGISTER\r\n"

static void uris_check(const struct pl *one, const struct pl *other)
{
	enum uri_match match = uri_match(one, other), back = uri_match(other, one);

	must((match == URI_MATCH_EQUAL) == (back == URI_MATCH_EQUAL));
	must(match != URI_MATCH_EQUAL || uri_hash(one) == uri_hash(other));
}

static void contact_check(const struct pl *own, const char *buf, size_t len)
{
	struct pl value = {.p = buf, .l = len};
	struct siphdr_contact c;

	(void)siphdr_contact_take(&c, &value);
	must(value.p >= buf && value.p + value.l == buf + len);
	if (!c.uri.p)
		return;
	must(c.uri.p >= buf && c.uri.p + c.uri.l <= buf + len);
	must(c.expires_s >= SIPHDR_EXPIRES_ODD && c.expires_s <= UINT32_MAX);
	uris_check(own, &c.uri);
}

static void answer_check(const char *own, const char *fields, size_t len)
{
	char *text = malloc(sizeof(HEAD) + len + 4);
	struct registration_bindings b;
	struct guard_message m;
	size_t used = sizeof(HEAD) - 1;

	must(text);
	memcpy(text, HEAD, used);
	memcpy(text + used, fields, len);
	memcpy(text + used + len, "\r\n\r\n", 4);
	if (!guard_datagram(&m, text, used + len + 4, NULL)) {
		registration_read(&b, &m, own);
		must(b.own_s >= -1 && b.own_s <= UINT32_MAX && b.own_s <= b.longest_s);
		must(b.contacts || !b.own);
		must(registration_granted_s(&b, 3600) >= 0);
		must(b.own || !b.contacts || registration_granted_s(&b, 3600) <= 3600);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = (const char *)data;
	const char *end = size ? memchr(buf, '\n', size) : NULL;
	char own[1025];
	struct pl uri;

	if (!end || (size_t)(end - buf) >= sizeof(own) || size > 65535 ||
	    memchr(buf, '\0', (size_t)(end - buf)))
		return 0;
	memcpy(own, buf, (size_t)(end - buf));
	own[end - buf] = '\0';
	pl_set_str(&uri, own);
	contact_check(&uri, end + 1, size - (size_t)(end - buf) - 1);
	answer_check(own, end + 1, size - (size_t)(end - buf) - 1);
	return 0;
}
