#include "sipprobe/media/sdp_crypto.h"

#include <stdio.h>
#include <string.h>

#include "sipprobe/media/sdp_gate.h"

/* RFC 4568 6.2, RFC 6188 2, RFC 7714 14. */
static const struct {
	const char *name;
	size_t key_bytes; /* master key and salt */
} suites[SDP_SUITES] = {
	[SDP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 30},
	[SDP_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 46},
	[SDP_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 30},
	[SDP_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 28},
};

enum {
	SDP_TAG_MAX = 999999999, /* nine digits (RFC 4568 9.1) */
	SDP_KEY_TEXT_MAX = 64,	 /* 46 bytes in base64 */
};

const char *sdp_suite_name(enum sdp_suite s)
{
	return suites[s].name;
}

size_t sdp_suite_key_bytes(enum sdp_suite s)
{
	return suites[s].key_bytes;
}

static bool sdp_crypto_suite(enum sdp_suite *s, const struct pl *name)
{
	for (unsigned i = 0; i < SDP_SUITES; i++) {
		if (pl_strcmp(name, suites[i].name) == 0) {
			*s = (enum sdp_suite)i;
			return true;
		}
	}
	return false;
}

/* "2^31" or a number of packets: more than a call has, whatever it is. Without ':'. */
static bool sdp_crypto_lifetime(struct pl text)
{
	uint32_t n;

	(void)sdp_begins(&text, "2^");
	return sdp_number(&n, &text, 1, UINT32_MAX);
}

/* libre's decoder takes any character for one of the alphabet's (RFC 4648 4). */
static bool sdp_crypto_is_base64(const struct pl *text)
{
	size_t len = text->l;

	while (len && text->l - len < 2 && text->p[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		char c = text->p[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '+' && c != '/')
			return false;
	}
	return len > 0;
}

/* "inline:KEY" or "inline:KEY|2^31"; a third part would be an identifier. */
static bool sdp_crypto_key(struct sdp_crypto *c, struct pl text)
{
	size_t want = suites[c->suite].key_bytes, got = SDP_KEY_TEXT_MAX;
	uint8_t key[SDP_KEY_TEXT_MAX];
	const char *bar;
	bool good;

	if (!sdp_begins(&text, "inline:") || !text.l)
		return false;
	bar = memchr(text.p, '|', text.l);
	if (bar) {
		struct pl rest = {bar + 1, text.l - (size_t)(bar - text.p) - 1};

		if (!sdp_crypto_lifetime(rest))
			return false;
		text.l = (size_t)(bar - text.p);
	}
	good = text.l <= SDP_KEY_TEXT_MAX && sdp_crypto_is_base64(&text) &&
	       !base64_decode(text.p, text.l, key, &got) && got == want;
	if (good)
		memcpy(c->key, key, want);
	explicit_bzero(key, sizeof(key));
	return good;
}

bool sdp_crypto_read(struct sdp_crypto *c, const char *value)
{
	struct pl rest = {value, strlen(value)};
	struct pl tag = sdp_word(&rest), suite = sdp_word(&rest), key = sdp_word(&rest);
	struct sdp_crypto read = {0};
	bool good = !rest.l && sdp_number(&read.tag, &tag, 0, SDP_TAG_MAX) &&
		    sdp_crypto_suite(&read.suite, &suite) && sdp_crypto_key(&read, key);

	if (good)
		*c = read;
	explicit_bzero(&read, sizeof(read));
	return good;
}

size_t sdp_crypto_write(char *out, const struct sdp_crypto *c)
{
	char key[SDP_KEY_TEXT_MAX + 1] = "";
	size_t len = SDP_KEY_TEXT_MAX;
	int n;

	if (base64_encode(c->key, suites[c->suite].key_bytes, key, &len))
		len = 0;
	n = snprintf(out, SDP_CRYPTO_BYTES, "a=crypto:%u %s inline:%.*s\r\n", c->tag,
		     suites[c->suite].name, (int)len, key);
	explicit_bzero(key, sizeof(key));
	return n > 0 ? (size_t)n : 0;
}
