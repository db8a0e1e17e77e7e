/* Whose answers datagrams seem to be, before anybody has read them. */
#include "sipprobe/trunk/coming.h"

#include <stdlib.h>
#include <string.h>

#include "sipprobe/target/registry.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/transport/udp.h"
#include "tests/unit/tap.h"

#define NOBODY UINT32_MAX
#define VIA    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch="
#define KEY    "0123456789abcdef"

void __real_registry_fetch(const struct registry *r, uint32_t index);
void __wrap_registry_fetch(const struct registry *r, uint32_t index);

static uint32_t asked[UDP_BATCH];
static unsigned asked_count;

void __wrap_registry_fetch(const struct registry *r, uint32_t index)
{
	asked[asked_count++ % UDP_BATCH] = index;
	__real_registry_fetch(r, index);
}

static const struct {
	const char *name;
	const char *text;
	uint32_t index;
} cases[] = {
	{"an answer", VIA "z9hG4bK00000001" KEY "\r\n", 1},
	{"its last byte is the branch's", VIA "z9hG4bK00000000" KEY, 0},
	{"a number that nobody has", VIA "z9hG4bKfffffffe" KEY "\r\n", 0xfffffffe},
	{"the same letter before it",
	 "SIP/2.0 200 zzz\r\nz: z9\r\nv: z9hG4bK00000002" KEY, 2},
	{"another's branch before it", VIA "z9hG4bKnashds7\r\nv: z9hG4bK00000002" KEY,
	 NOBODY},
	{"cut inside the branch",
	 VIA "z9hG4bK00000001"
	     "0123456789abcde",
	 NOBODY},
	{"another's branch", VIA "z9hG4bKnashds7", NOBODY},
	{"no branch", "SIP/2.0 200 OK\r\n\r\n", NOBODY},
	{"the letter alone", "z", NOBODY},
	{"nothing", "", NOBODY},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]), TARGETS = 3, FAR = 300 };

/* Without a byte to spare, so that one read too many is seen. */
static void datagram(struct mmsghdr *h, struct iovec *iov, const char *text, size_t len)
{
	iov->iov_base = malloc(len ? len : 1);
	iov->iov_len = UDP_BATCH;
	if (!iov->iov_base)
		abort();
	memcpy(iov->iov_base, text, len);
	*h = (struct mmsghdr){.msg_len = (unsigned)len,
			      .msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}};
}

static void test_cases(const struct registry *r)
{
	struct mmsghdr all[CASES];
	struct iovec iov[CASES];

	for (size_t i = 0; i < CASES; i++)
		datagram(&all[i], &iov[i], cases[i].text, strlen(cases[i].text));
	asked_count = 0;
	coming_fetch(r, all, CASES);
	is_int(asked_count, CASES, "each is looked at, once");
	for (size_t i = 0; i < CASES; i++) {
		is_int(asked[i], cases[i].index, cases[i].name);
		free(iov[i].iov_base);
	}
}

/* A branch is near the front; who sends megabytes is not looked through. */
static void test_far(const struct registry *r)
{
	static const char branch[] = "z9hG4bK00000001" KEY;
	struct iovec iov[2];
	struct mmsghdr all[2];
	char text[2 * FAR];

	memset(text, 'x', sizeof(text));
	memcpy(text + FAR - strlen(branch), branch, strlen(branch));
	datagram(&all[0], &iov[0], text, sizeof(text));
	memset(text, 'x', sizeof(text));
	memcpy(text + FAR, branch, strlen(branch));
	datagram(&all[1], &iov[1], text, sizeof(text));
	asked_count = 0;
	coming_fetch(r, all, 2);
	is_int(asked[0], 1, "within the first bytes");
	is_int(asked[1], NOBODY, "not beyond them");
	free(iov[0].iov_base);
	free(iov[1].iov_base);
}

static void test_full(const struct registry *r)
{
	struct mmsghdr all[UDP_BATCH];
	struct iovec iov;

	datagram(&all[0], &iov, cases[0].text, strlen(cases[0].text));
	for (unsigned i = 1; i < UDP_BATCH; i++)
		all[i] = all[0];
	asked_count = 0;
	coming_fetch(r, all, UDP_BATCH);
	is_int(asked_count, UDP_BATCH, "as many as are read at once");
	free(iov.iov_base);
}

int main(void)
{
	struct registry *r = NULL;
	struct target *t[TARGETS];
	uint32_t n;

	if (registry_alloc(&r))
		return 1;
	/* As they are before anything was sent: there is nothing to fetch yet. */
	for (unsigned i = 0; i < TARGETS; i++) {
		t[i] = calloc(1, sizeof(*t[i]));
		if (!t[i] || registry_add(r, &n, t[i]))
			return 1;
	}
	test_cases(r);
	test_far(r);
	test_full(r);
	for (unsigned i = 0; i < TARGETS; i++)
		free(t[i]);
	mem_deref(r);
	return tap_done();
}
