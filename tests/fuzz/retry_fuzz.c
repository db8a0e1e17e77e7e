/*
 * Retry-After of any bytes: the seconds that RFC 3261 20.33 sees there by a reading of
 * its own, and a value that is none spoils nothing of the answer.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sipprobe/message/guard.h"
#include "tests/fuzz/fuzz.h"

#define HEAD                                                                             \
	"SIP/2.0 503 Busy\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"             \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"                 \
	"CSeq: 1 OPTIONS\r\nRetry-After:"

#define TAIL "\r\nContent-Length: 0\r\n\r\n"

static bool is_blank(char c)
{
	return c && strchr(" \t\r\n", c);
}

/* Bytes that stay one field's value: no line end but a fold's, no control byte. */
static bool is_value(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* -1: not a number of seconds, or more than an int holds. */
static long long seconds_of(const char *text)
{
	unsigned long long n;
	char *end;

	while (is_blank(*text))
		text++;
	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || n > INT_MAX)
		return -1;
	while (is_blank(*end))
		end++;
	return *end && *end != '(' && *end != ';' ? -1 : (long long)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t head = sizeof(HEAD) - 1, tail = sizeof(TAIL) - 1;
	char *text = malloc(head + size + tail + 1), *value = text + head;
	struct guard_message m;
	int err;

	must(text);
	memcpy(text, HEAD, head);
	memcpy(value, data, size);
	memcpy(value + size, TAIL, tail + 1);
	err = guard_datagram(&m, text, head + size + tail, NULL);
	if (head + size + tail <= GUARD_MESSAGE_MAX && is_value(value, size)) {
		must(!err && m.code == 503 && !m.body.l);
		value[size] = '\0';
		must(m.retry_after_s == seconds_of(value));
	}
	must(err || m.retry_after_s >= -1);
	free(text);
	return 0;
}
