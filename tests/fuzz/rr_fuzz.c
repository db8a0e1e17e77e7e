/*
 * DNS records and names against any bytes. What a decoder takes must be what it says: a
 * name that stands another reading, and rdata that every shorter piece of is refused.
 */
#include <errno.h>
#include <string.h>

#include "sipprobe/dns/address_set.h"
#include "sipprobe/dns/naptr_srv.h"
#include "sipprobe/loop/ip_literal.h"
#include "tests/fuzz/fuzz.h"

static void name_check(const char *name)
{
	char again[RR_NAME_MAX + 1];

	must(memchr(name, 0, RR_NAME_MAX + 1));
	if (!name[0])
		return;
	must(!rr_name_set(again, name, strlen(name)));
	must(!strcmp(again, name));
}

static void srv_check(const uint8_t *p, size_t len)
{
	struct rr_srv srv, before;

	memset(&srv, 0xa5, sizeof(srv));
	memcpy(&before, &srv, sizeof(srv)); /* padding too */
	if (rr_srv_decode(&srv, p, len)) {
		must(!memcmp((void *)&srv, (void *)&before, sizeof(srv)));
		return;
	}
	name_check(srv.target);
	must(strlen(srv.target) + 8 - !srv.target[0] == len);
	for (size_t l = 0; l < len; l++)
		must(rr_srv_decode(&before, p, l) == EBADMSG);
}

static void naptr_check(const uint8_t *p, size_t len)
{
	struct rr_naptr naptr, before;

	memset(&naptr, 0xa5, sizeof(naptr));
	memcpy(&before, &naptr, sizeof(naptr)); /* padding too */
	if (rr_naptr_decode(&naptr, p, len)) {
		must(!memcmp((void *)&naptr, (void *)&before, sizeof(naptr)));
		return;
	}
	name_check(naptr.replacement);
	must(strlen(naptr.flags) <= RR_WORD_MAX && strlen(naptr.service) <= RR_WORD_MAX);
	for (size_t l = 0; l < len; l++)
		must(rr_naptr_decode(&before, p, l) == EBADMSG);
}

/* The input as records: a byte of length in front of each. */
static size_t records_split(struct lookup_record *v, size_t max, const uint8_t *p,
			    size_t len)
{
	size_t count = 0;

	while (len && count < max) {
		size_t l = p[0] < len ? p[0] : len - 1;

		v[count].p = p + 1;
		v[count++].l = l;
		p += 1 + l;
		len -= 1 + l;
	}
	return count;
}

static void choose_check(const uint8_t *p, size_t len)
{
	struct lookup_record records[64];
	struct lookup_answer ans = {.records = records};
	struct choice choices[LOOKUP_NAPTR_MAX];
	struct rr_srv srv[8];
	bool refused;
	size_t count;

	ans.count = records_split(records, 64, p, len);
	count = srv_choose(srv, 8, &ans, &refused);
	must(count <= 8);
	for (size_t i = 0; i < count; i++) {
		must(srv[i].port && srv[i].target[0]);
		must(!i || srv[i - 1].priority <= srv[i].priority);
	}
	count = naptr_choose(choices, LOOKUP_NAPTR_MAX, &ans, false);
	must(count <= LOOKUP_NAPTR_MAX);
	for (size_t i = 0; i < count; i++) {
		name_check(choices[i].name);
		mem_deref(choices[i].name);
	}
}

static void text_check(const char *text, size_t len)
{
	char name[RR_NAME_MAX + 1];
	struct sa sa;

	if (!rr_name_set(name, text, len))
		name_check(name);
	if (!ip_literal_parse(&sa, text, len))
		must(sa_af(&sa) == AF_INET || sa_af(&sa) == AF_INET6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	srv_check(data, size);
	naptr_check(data, size);
	choose_check(data, size);
	text_check((const char *)data, size);
	return 0;
}
