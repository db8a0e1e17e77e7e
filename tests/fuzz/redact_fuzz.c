/*
 * A ladder's messages hide what is secret, whatever stands around it: a word that is
 * planted where secrets stand must not come out. Input: a byte for the place, a byte for
 * how the value is written, then the text before it and, after a NUL, behind it.
 */
#include <string.h>

#include "sipprobe/ladder.h"
#include "tests/fuzz/fuzz.h"

#define WORD "Qx7Vw9Zk3"

/* @before: what makes the word after it a secret; @after: what ends it */
static const struct {
	const char *before, *after;
} places[] = {
	{" nonce=", ","},
	{",cnonce=\"", "\""},
	{", response = \"", "\","},
	{";rspauth=\t", " "},
	{",nextnonce\r\n =\r\n\t\"x\r\n ", "y\""},
	{",response\n =\n ", "\n"},
	{",password=\"\\\"", "\\\\\""},
	{"\r\nAuthorization: Basic ", "\r\n"},
	{"\nproxy-authorization:Bearer\n x\n ", "\n"},
	{"\r\nAuthorization:\r\n\tDigest response=", "\r\n"},
	{"\r\nAuthorization: Digested ", ","},
	{" <sip:u:", "@h>"},
	{"\tSIPS:u%20x:", "@h;lr"},
	{"<sip:u:a:", ":b@h:5060>"},
	{"<sip:u:p@", "@h>"},
	{"\r\nContent-Type: application/sdp\r\n\r\na=crypto:1 X inline:", "\r\n"},
	{"\nc:application/sdp\n\nk=", "\n"},
};

enum { PLACES = sizeof(places) / sizeof(*places) };

static size_t message_add(char *out, const char *p, size_t len)
{
	memcpy(out, p, len);
	return len;
}

/* The text as it is: never more than there is room for, and the same once more. */
static void any_check(const char *text, size_t len)
{
	char once[LADDER_BYTES], twice[LADDER_BYTES];
	size_t n = ladder_redact(once, text, len), again;

	must(n <= LADDER_BYTES);
	again = ladder_redact(twice, once, n);
	must(again <= LADDER_BYTES);
}

static void planted_check(size_t place, const char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);
	size_t first = nul ? (size_t)(nul - text) : len;
	char *message = malloc(len + 128), out[LADDER_BYTES];
	const char *before = places[place].before, *after = places[place].after;
	size_t n;

	must(message);
	n = message_add(message, text, first);
	n += message_add(message + n, before, strlen(before));
	n += message_add(message + n, WORD, strlen(WORD));
	n += message_add(message + n, after, strlen(after));
	if (nul)
		n += message_add(message + n, nul + 1, len - first - 1);
	n = ladder_redact(out, message, n);
	must(n <= LADDER_BYTES && !memmem(out, n, WORD, strlen(WORD)));
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	any_check(text, size);
	if (size < 1 || memmem(text, size, WORD, strlen(WORD)))
		return 0;
	planted_check(data[0] % PLACES, text + 1, size - 1);
	return 0;
}
