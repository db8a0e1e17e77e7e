/* A lookup that answers from a table of text, for the tests of what asks through it. */
#ifndef TESTS_UNIT_SIPPROBE_DNS_ZONE_H
#define TESTS_UNIT_SIPPROBE_DNS_ZONE_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sipprobe/dns/lookup.h"

enum { ZONE_RDATA_MAX = 600, ZONE_ASKED_MAX = 4000 };

/*
 * "NAME TTL TYPE RDATA" lines: "a.test 60 A 192.0.2.1", "s.test 60 SRV 1 2 5060 a.test.",
 * "n.test 60 NAPTR 1 2 s SIP+D2U - _sip._udp.s.test." ("-": empty), and for failures
 * "x.test 5 A !TIMEOUT". "\x.." in hex as RDATA is taken as it is. Names that stand with
 * another type only have no data, others do not exist.
 */
struct zone {
	struct lookup lookup;
	const char *text;
	struct list asked; /* not yet answered */
	bool newest_first;
	int refuse_after;	  /* ask() fails after so many questions; 0: never */
	unsigned count;		  /* questions so far */
	char log[ZONE_ASKED_MAX]; /* "TYPE NAME, …" */
};

struct zone_query {
	struct le le;
	enum rr_type type;
	lookup_h *h;
	void *arg;
	char name[RR_NAME_MAX + 1];
};

static inline void zone_query_destructor(void *data)
{
	struct zone_query *q = data;

	list_unlink(&q->le);
}

static inline int zone_ask(void **qp, struct lookup *l, const char *name,
			   enum rr_type type, lookup_h *h, void *arg)
{
	struct zone *z = (struct zone *)l;
	struct zone_query *q;
	size_t used = strlen(z->log);

	if (z->refuse_after && (int)z->count >= z->refuse_after)
		return ENOBUFS;
	z->count++;
	q = mem_zalloc(sizeof(*q), zone_query_destructor);
	q->type = type;
	q->h = h;
	q->arg = arg;
	snprintf(q->name, sizeof(q->name), "%s", name);
	snprintf(z->log + used, sizeof(z->log) - used, "%s%s %s", used ? ", " : "",
		 rr_type_name(type), name);
	list_append(&z->asked, &q->le, q);
	*qp = q;
	return 0;
}

static inline size_t zone_put_name(uint8_t *p, const char *name)
{
	uint8_t *start = p;

	while (*name && strcmp(name, ".")) {
		size_t l = strcspn(name, ".");

		*p++ = (uint8_t)l;
		memcpy(p, name, l);
		p += l;
		name += l + (name[l] == '.');
	}
	*p++ = 0;
	return (size_t)(p - start);
}

static inline size_t zone_put_string(uint8_t *p, const char *s)
{
	size_t l = strcmp(s, "-") ? strlen(s) : 0;

	*p = (uint8_t)l;
	memcpy(p + 1, s, l);
	return l + 1;
}

static inline uint8_t *zone_put_u16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static inline size_t zone_rdata_srv(uint8_t *p, const char *text)
{
	unsigned priority, weight, port;
	uint8_t *at = p;
	char name[300] = "";

	sscanf(text, "%u %u %u %299s", &priority, &weight, &port, name);
	at = zone_put_u16(zone_put_u16(zone_put_u16(at, priority), weight), port);
	return (size_t)(at - p) + zone_put_name(at, name);
}

static inline size_t zone_rdata_naptr(uint8_t *p, const char *text)
{
	char flags[64] = "", service[64] = "", regexp[300] = "", name[300] = "";
	unsigned order, preference;
	uint8_t *at = p;

	sscanf(text, "%u %u %63s %63s %299s %299s", &order, &preference, flags, service,
	       regexp, name);
	at = zone_put_u16(zone_put_u16(at, order), preference);
	at += zone_put_string(at, flags);
	at += zone_put_string(at, service);
	at += zone_put_string(at, regexp);
	return (size_t)(at - p) + zone_put_name(at, name);
}

/* Returns the bytes of @text's rdata. */
static inline size_t zone_rdata(uint8_t *p, enum rr_type type, const char *text)
{
	size_t l = 0;

	if (!strncmp(text, "\\x", 2)) {
		for (text += 2; text[0] && text[1]; text += 2)
			p[l++] = (uint8_t)strtol((char[]){text[0], text[1], 0}, NULL, 16);
		return l;
	}
	switch (type) {
	case RR_A:
		inet_pton(AF_INET, text, p);
		return 4;
	case RR_AAAA:
		inet_pton(AF_INET6, text, p);
		return 16;
	case RR_SRV:
		return zone_rdata_srv(p, text);
	case RR_NAPTR:
		return zone_rdata_naptr(p, text);
	}
	return 0;
}

static inline enum resolve_status zone_failure(const char *word)
{
	if (!strcmp(word, "!TIMEOUT"))
		return RESOLVE_TIMEOUT;
	if (!strcmp(word, "!BOGUS"))
		return RESOLVE_BOGUS;
	return RESOLVE_SERVFAIL;
}

struct zone_found {
	struct lookup_answer ans;
	struct lookup_record records[LOOKUP_RECORDS_MAX];
	uint8_t rdata[LOOKUP_RECORDS_MAX][ZONE_RDATA_MAX];
};

static inline void zone_line(struct zone_found *f, const struct zone_query *q,
			     const char *line)
{
	char name[300], type[16], rdata[700];
	unsigned ttl_s;
	size_t i = f->ans.count;

	if (sscanf(line, "%299s %u %15s %699[^\n]", name, &ttl_s, type, rdata) != 4 ||
	    strcmp(name, q->name))
		return;
	if (f->ans.status == RESOLVE_NXDOMAIN)
		f->ans.status = RESOLVE_NODATA;
	if (strcmp(type, rr_type_name(q->type)))
		return;
	f->ans.ttl_s = ttl_s;
	f->ans.status = rdata[0] == '!' ? zone_failure(rdata) : RESOLVE_OK;
	if (rdata[0] == '!' || i == LOOKUP_RECORDS_MAX)
		return;
	f->records[i].p = f->rdata[i];
	f->records[i].l = zone_rdata(f->rdata[i], q->type, rdata);
	f->ans.count++;
}

/* Answers one question. Returns false when there was none. */
static inline bool zone_answer_one(struct zone *z)
{
	struct le *le = z->newest_first ? z->asked.tail : z->asked.head;
	struct zone_query *q = list_ledata(le);
	struct zone_found *f;

	if (!q)
		return false;
	f = calloc(1, sizeof(*f));
	f->ans.status = RESOLVE_NXDOMAIN;
	f->ans.ttl_s = 300;
	f->ans.records = f->records;
	for (const char *line = z->text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		zone_line(f, q, line);
	}
	list_unlink(&q->le);
	q->h(&f->ans, q->arg);
	free(f);
	return true;
}

static inline void zone_answer_all(struct zone *z)
{
	while (zone_answer_one(z))
		;
}

#endif
