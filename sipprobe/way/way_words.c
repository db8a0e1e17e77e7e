/* A trace in words, and what its parts mean. */
#include <stdio.h>
#include <string.h>

#include "sipprobe/way/way_icmp.h"

/* RFC 792, RFC 1812 5.2.7.1 and IANA's list; RFC 4443 3. */
static const struct {
	bool v6;
	uint8_t type, code;
	const char *words;
} words[] = {
	{false, 3, 0, "network unreachable"},
	{false, 3, 1, "host unreachable"},
	{false, 3, 2, "protocol unreachable"},
	{false, 3, 3, "port unreachable"},
	{false, 3, 5, "source route failed"},
	{false, 3, 6, "network unknown"},
	{false, 3, 7, "host unknown"},
	{false, 3, 9, "network administratively prohibited"},
	{false, 3, 10, "host administratively prohibited"},
	{false, 3, 11, "network unreachable for this type of service"},
	{false, 3, 12, "host unreachable for this type of service"},
	{false, 3, 13, "administratively prohibited"},
	{false, 11, 0, "time exceeded"},
	{false, 12, 0, "parameter problem"},
	{true, 1, 0, "no route"},
	{true, 1, 1, "administratively prohibited"},
	{true, 1, 2, "beyond the scope of the source address"},
	{true, 1, 3, "address unreachable"},
	{true, 1, 4, "port unreachable"},
	{true, 1, 5, "source address failed the policy"},
	{true, 1, 6, "route rejected"},
	{true, 3, 0, "time exceeded"},
	{true, 4, 0, "parameter problem"},
};

const char *trace_icmp_words(bool v6, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].v6 == v6 && words[i].type == type && words[i].code == code)
			return words[i].words;
	return "unreachable";
}

bool way_icmp_read(enum trace_answer *answer, bool v6, uint8_t type, uint8_t code,
		   bool by_peer)
{
	bool port = v6 ? type == 1 && code == 4 : type == 3 && code == 3;

	if (v6 ? type == 2 : type == 3 && code == 4)
		return false;
	if (type == (v6 ? 3 : 11)) {
		*answer = TRACE_ROUTER;
		return code == 0;
	}
	*answer = port && by_peer ? TRACE_REFUSED : TRACE_REJECTED;
	return v6 ? type == 1 || type == 4 : type == 3 || type == 12;
}

const char *trace_answer_name(enum trace_answer a)
{
	static const char *const names[] = {
		[TRACE_SILENT] = "silent",     [TRACE_ROUTER] = "router",
		[TRACE_REJECTED] = "rejected", [TRACE_REFUSED] = "refused",
		[TRACE_ANSWERED] = "answered",
	};

	return names[a];
}

unsigned trace_end(const struct trace_report *r)
{
	for (unsigned ttl = 1; ttl <= r->count; ttl++)
		if (r->hops[ttl - 1].answer > TRACE_ROUTER)
			return ttl;
	return 0;
}

unsigned trace_last_heard(const struct trace_report *r)
{
	unsigned ttl = r->count;

	while (ttl && !r->hops[ttl - 1].answer)
		ttl--;
	return ttl;
}

/* A router lets a TTL run out before its rules see the packet: it was heard before. */
static unsigned way_words_hop(const struct trace_report *r, unsigned end)
{
	unsigned ttl = 1;

	while (ttl < end &&
	       strcmp(r->hops[ttl - 1].address, r->hops[end - 1].address) != 0)
		ttl++;
	return ttl;
}

void trace_words(char *out, size_t size, const struct trace_report *r)
{
	unsigned end = trace_end(r), last = trace_last_heard(r);
	const struct trace_hop *h = last ? &r->hops[(end ? end : last) - 1] : NULL;

	if (r->err)
		(void)snprintf(out, size, "not traced: %s", strerror(r->err));
	else if (!h)
		(void)snprintf(out, size, "lost before any router spoke");
	else if (h->answer == TRACE_ROUTER)
		(void)snprintf(out, size, "lost after %s (hop %u)", h->address, last);
	else if (h->answer == TRACE_REJECTED)
		(void)snprintf(out, size, "rejected by %s (hop %u): %s", h->address,
			       way_words_hop(r, end),
			       trace_icmp_words(r->v6, h->type, h->code));
	else
		(void)snprintf(
			out, size, "%s by %s (hop %u)%s",
			trace_answer_name((enum trace_answer)h->answer), h->address, end,
			h->answer == TRACE_REFUSED ? ": nothing listens there" : "");
}
