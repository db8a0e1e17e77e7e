/* Numbers of copies, names that stand for our end, and a request that finds no memory. */
#include <errno.h>
#include <stdlib.h>

#include "sipprobe/message/request.h"
#include "tests/unit/tap.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);

static bool no_memory;

void *__wrap_calloc(size_t n, size_t size)
{
	return __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return __real_strdup(s);
}

static int make(struct request *r, bool marks, enum config_transport transport, bool call)
{
	static const struct request_call called = {.uri = "sip:100@192.0.2.1"};
	const struct config_settings s = {.max_forwards = 70, .mark_copies = marks};
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &s};
	struct sa local;
	const struct request_info info = {.method = call ? "INVITE" : "OPTIONS",
					  .trunk = &trunk,
					  .transport = transport,
					  .local = &local,
					  .agent = "agent",
					  .via = ";last",
					  .call = call ? &called : NULL};

	(void)sa_set_str(&local, "192.0.2.9", 5060);
	return request_make(r, &info);
}

static const char *via_end(const struct request *r)
{
	static char got[64];
	const char *from = memmem(r->buf, r->len, ";rport", 6), *to;

	to = from ? memchr(from, '\r', (size_t)(r->buf + r->len - from)) : NULL;
	(void)snprintf(got, sizeof(got), "%.*s", to ? (int)(to - from) : 0,
		       to ? from : "");
	return got;
}

/* An INVITE's ACK and CANCEL must repeat its Via, and a stream has no copies. */
static void test_who_is_numbered(void)
{
	static const struct {
		bool marks;
		enum config_transport transport;
		bool call;
		const char *want;
	} rows[] = {
		{true, CONFIG_TRANSPORT_UDP, false, ";rport;siptrunk-copy=01;last"},
		{false, CONFIG_TRANSPORT_UDP, false, ";rport;last"},
		{true, CONFIG_TRANSPORT_TCP, false, ";rport;last"},
		{true, CONFIG_TRANSPORT_UDP, true, ";rport;last"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct request r = {0};

		is_int(make(&r, rows[i].marks, rows[i].transport, rows[i].call), 0,
		       "made");
		is_str(via_end(&r), rows[i].want, "its Via's end");
		request_free(&r);
	}
}

static void test_numbers(void)
{
	static const struct {
		unsigned n;
		const char *want;
	} rows[] = {
		{2, ";rport;siptrunk-copy=02;last"},
		{42, ";rport;siptrunk-copy=42;last"},
		{REQUEST_COPIES_MAX, ";rport;siptrunk-copy=99;last"},
		{REQUEST_COPIES_MAX + 1, ";rport;siptrunk-copy=00;last"},
		{1, ";rport;siptrunk-copy=01;last"},
	};
	struct request r = {0}, none = {0};
	char before[1024];

	is_int(make(&r, true, CONFIG_TRANSPORT_UDP, false), 0, "made");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		request_number_copy(&r, rows[i].n);
		is_str(via_end(&r), rows[i].want, "its number");
	}
	request_free(&r);
	is_int(make(&none, false, CONFIG_TRANSPORT_UDP, false), 0, "one without");
	memcpy(before, none.buf, none.len);
	request_number_copy(&none, 2);
	ok(!memcmp(before, none.buf, none.len), "is left alone");
	request_free(&none);
}

static void test_nowhere(void)
{
	char names[2][32] = {"", ""};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ok(!request_nowhere(names[i], sizeof(names[i])), "a name");
		is_int((long long)strspn(names[i], "0123456789abcdef"), 12,
		       "twelve digits");
		is_str(names[i] + 12, ".invalid", "of nobody's");
	}
	ok(strcmp(names[0], names[1]) != 0, "another each time");
}

static void test_no_memory(void)
{
	struct request r = {0};
	const char *buf;

	is_int(make(&r, true, CONFIG_TRANSPORT_UDP, false), 0, "made");
	buf = r.buf;
	no_memory = true;
	is_int(make(&r, false, CONFIG_TRANSPORT_UDP, false), ENOMEM, "no memory");
	no_memory = false;
	ok(r.buf == buf, "the former stays");
	request_free(&r);
	ok(!r.buf, "freed");
}

int main(void)
{
	test_who_is_numbered();
	test_numbers();
	test_nowhere();
	test_no_memory();
	return tap_done();
}
