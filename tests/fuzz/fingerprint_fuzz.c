/*
 * What any bytes in a field, and in a body, are as a trait: the set that a reading of its
 * own finds there, the same whatever the order and the case, printable and cut to fit.
 */
#include <ctype.h>
#include <string.h>

#include "sipprobe/fingerprint/fingerprint_read.h"
#include "sipprobe/fingerprint/token_set.h"
#include "tests/fuzz/fuzz.h"

#define HEAD                                                                             \
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"               \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"                 \
	"CSeq: 1 OPTIONS\r\nSupported: "

enum { MAX = 4096 };

/* One field's value without what an oracle would have to read as SIP does. */
static bool is_plain(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] == 0x7f || p[i] == '"' || p[i] == '\\')
			return false;
	return true;
}

static void draw(struct fingerprint_draft *s, const char *value, size_t len,
		 const uint8_t *body, size_t size)
{
	static char text[2 * MAX];
	struct guard_message m;
	int n = snprintf(text, sizeof(text), "%s%.*s\r\n\r\n", HEAD, (int)len, value);

	memcpy(text + n, body, size);
	*s = (struct fingerprint_draft){.code = 0};
	if (guard_datagram(&m, text, (size_t)n + size, NULL))
		return;
	fingerprint_read_answer(s, &m);
	must(fingerprint_raw_hash(&m));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The set as text, by cutting, sorting and joining; false where it is too large. */
static bool oracle(char *out, char *value)
{
	char *tokens[TOKEN_SET_TOKENS + 1];
	size_t count = 0;

	*out = '\0';
	for (char *p = value; p && count <= TOKEN_SET_TOKENS;) {
		char *end = strchr(p, ','), *to = p;

		if (end)
			*end = '\0';
		tokens[count] = p;
		for (const char *from = p; *from; from++)
			if (*from != ' ')
				*to++ = (char)tolower((unsigned char)*from);
		*to = '\0';
		count += *p != '\0';
		p = end ? end + 1 : NULL;
	}
	if (count > TOKEN_SET_TOKENS)
		return false;
	qsort(tokens, count, sizeof(*tokens), compare);
	for (size_t i = 0; i < count; i++) {
		if (i && !strcmp(tokens[i], tokens[i - 1]))
			continue;
		strcat(strcat(out, *out ? ", " : ""), tokens[i]);
	}
	return strlen(out) < PEER_TEXT;
}

/* Tokens backwards, in capitals. */
static void turn(char *out, const char *value, size_t len)
{
	char *to = out;

	for (size_t end = len, i = len + 1; i-- > 0;) {
		if (i && value[i - 1] != ',')
			continue;
		for (size_t k = i; k < end; k++)
			*to++ = (char)toupper((unsigned char)value[k]);
		*to++ = ',';
		end = i ? i - 1 : 0;
	}
	*to = '\0';
}

static bool has_long_token(const char *value, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = value[i] == ',' ? 0 : run + 1;
		if (run > TOKEN_SET_BYTES)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < MAX / 2 ? size / 2 : MAX / 4;
	size_t rest = size - len < MAX / 2 ? size - len : MAX / 2;
	static struct fingerprint_draft s, t;
	char value[MAX], text[MAX], turned[MAX];

	memcpy(value, data, len);
	value[len] = '\0';
	draw(&s, value, len, data + len, rest);
	for (int i = 0; i < PEER_TRAITS; i++) {
		must(strlen(s.traits[i].text) == s.traits[i].len &&
		     s.traits[i].len < PEER_TEXT);
		must(!s.traits[i].id == !s.traits[i].len);
		for (const char *p = s.traits[i].text; *p; p++)
			must(*p >= ' ' && *p < 0x7f);
	}
	if (!s.code || !is_plain(value, len) || has_long_token(value, len))
		return 0;
	turn(turned, value, len);
	if (!oracle(text, value))
		return 0;
	must(!strcmp(text, s.traits[PEER_SUPPORTED].text));
	draw(&t, turned, strlen(turned), data + len, rest);
	must(t.traits[PEER_SUPPORTED].id == s.traits[PEER_SUPPORTED].id);
	must(t.traits[PEER_SDP].id == s.traits[PEER_SDP].id);
	return 0;
}
