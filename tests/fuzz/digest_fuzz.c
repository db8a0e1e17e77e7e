/*
 * The challenge parser against any bytes: it must end, stay inside them, give texts that
 * can stand in a header field of ours, and read each challenge alone as among others.
 */
#include <string.h>

#include "sipprobe/message/digest.h"
#include "tests/fuzz/fuzz.h"

/* What is sent back of it: one line, without a quote that is not escaped. */
static void text_check(const struct pl *text, const char *buf, size_t len)
{
	static char copy[DIGEST_TEXT_MAX + 1];
	size_t l;

	if (!text->p)
		return;
	must(text->p >= buf && text->p + text->l <= buf + len);
	must(text->l <= DIGEST_TEXT_MAX);
	l = digest_text_copy(copy, text);
	must(l <= text->l && !copy[l]);
	for (size_t i = 0; i < l; i++) {
		must((uint8_t)copy[i] >= ' ' && copy[i] != 0x7f);
		if (copy[i] == '\\')
			must(++i < l);
		else
			must(copy[i] != '"');
	}
}

static void challenge_check(const struct digest_challenge *c, const char *buf, size_t len)
{
	text_check(&c->realm, buf, len);
	text_check(&c->nonce, buf, len);
	text_check(&c->opaque, buf, len);
	must(c->realm.p && c->nonce.l);
	must(!c->qop_auth || c->qop_given);
	must(c->algorithm_given || c->algorithm == DIGEST_MD5);
	must((unsigned)c->algorithm <= DIGEST_UNKNOWN);
}

/* What was taken for one challenge reads the same without what follows it. */
static void alone_check(const struct digest_challenge *c, const char *from, size_t len)
{
	char *copy = malloc(len + 1);
	struct digest_challenge again;
	struct pl value = {.p = copy, .l = len};

	must(copy);
	memcpy(copy, from, len);
	must(digest_challenge_take(&again, &value));
	must(again.realm.l == c->realm.l && again.nonce.l == c->nonce.l);
	must(again.algorithm == c->algorithm && again.qop_auth == c->qop_auth);
	must(!value.l);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = (const char *)data;
	struct pl value = {.p = buf, .l = size};
	struct digest_challenge c;
	size_t count = 0;

	while (size <= 65535) {
		const char *from = value.p;
		bool more = digest_challenge_take(&c, &value);

		must(value.p >= from && value.p + value.l == buf + size);
		if (!more)
			break;
		challenge_check(&c, buf, size);
		if (++count < 16)
			alone_check(&c, from, value.p - from);
	}
	must(size > 65535 || !value.l);
	return 0;
}
