/* What answers tell of what happened to our messages. */
#include <string.h>

#include "sipprobe/message/siphdr.h"
#include "sipprobe/way/mirror_ask.h"

const char *mirror_sign_name(enum mirror_sign s)
{
	static const char *const names[MIRROR_SIGNS] = {
		[MIRROR_VIA] = "via",	      [MIRROR_FROM] = "from",
		[MIRROR_CALL_ID] = "call_id", [MIRROR_RPORT] = "rport",
		[MIRROR_HIDDEN] = "hidden",
	};

	return names[s];
}

static bool mirror_via(struct siphdr_via *v, const struct guard_message *m)
{
	struct pl value = m->via;

	return siphdr_via_take(v, &value);
}

/* An address of a Via, in its brackets or not. */
static bool mirror_address(struct sa *sa, const struct pl *text)
{
	struct pl bare = *text;
	char host[64];

	if (bare.l > 2 && *bare.p == '[') {
		bare.p++;
		bare.l -= 2;
	}
	return bare.p && !pl_strcpy(&bare, host, sizeof(host)) &&
	       !sa_set_str(sa, host, 0);
}

static bool mirror_same_uri(const struct pl *a, const struct pl *b)
{
	struct siphdr_addr x, y;

	return siphdr_addr_read_loosely(&x, a) && siphdr_addr_read_loosely(&y, b) &&
	       !pl_casecmp(&x.uri, &y.uri);
}

void mirror_compare(struct mirror_answer *a, const struct guard_message *sent,
		    const struct guard_message *answer)
{
	struct siphdr_via ours, theirs;

	*a = (struct mirror_answer){.came = true};
	sa_init(&a->received, AF_UNSPEC);
	if (!mirror_via(&ours, sent) || !mirror_via(&theirs, answer))
		return;
	a->via = !pl_casecmp(&ours.host, &theirs.host) && ours.port == theirs.port;
	a->from = mirror_same_uri(&sent->from, &answer->from);
	a->call_id = !pl_cmp(&sent->call_id, &answer->call_id);
	a->rport = theirs.rport.p != NULL;
	/* Who sees the address that stands there may leave it out. */
	if (!mirror_address(&a->received, &theirs.received) &&
	    !mirror_address(&a->received, &theirs.host))
		sa_init(&a->received, AF_UNSPEC);
}

int mirror_judge(const struct mirror_answer *plain, const struct mirror_answer *canary)
{
	const struct mirror_answer *both[] = {plain, canary};
	unsigned signs = 0;

	if (!plain->came || !canary->came)
		return -1;
	for (int i = 0; i < 2; i++) {
		signs |= (unsigned)!both[i]->via << MIRROR_VIA;
		signs |= (unsigned)!both[i]->from << MIRROR_FROM;
		signs |= (unsigned)!both[i]->call_id << MIRROR_CALL_ID;
		signs |= (unsigned)!both[i]->rport << MIRROR_RPORT;
	}
	/* A NAT may forget a port between the two, but has one address. */
	if (sa_isset(&plain->received, SA_ADDR) && sa_isset(&canary->received, SA_ADDR) &&
	    !sa_cmp(&plain->received, &canary->received, SA_ADDR))
		signs |= 1U << MIRROR_HIDDEN;
	return (int)signs;
}

void mirror_conclude(struct mirror_found *f, int *last, unsigned signs)
{
	if (*last >= 0) {
		unsigned before = (unsigned)*last;

		f->signs = (f->signs | (signs & before)) & (signs | before);
		f->known = true;
	}
	*last = (int)signs;
}

/* The port that `rport=` says; 0: none. */
static uint16_t mirror_rport(const struct pl *rport)
{
	const char *eq = rport->p ? memchr(rport->p, '=', rport->l) : NULL;
	uint32_t port;
	struct pl digits;

	if (!eq)
		return 0;
	digits = (struct pl){.p = eq + 1, .l = rport->l - (size_t)(eq + 1 - rport->p)};
	return siphdr_number_take(&port, &digits, UINT16_MAX) ? (uint16_t)port : 0;
}

bool mirror_read(struct mirror_view *v, const struct guard_message *sent,
		 const struct guard_message *answer, bool stream)
{
	struct siphdr_via ours, theirs;
	struct sa seen, local;
	uint16_t port;

	if (!mirror_via(&ours, sent) || !mirror_via(&theirs, answer) ||
	    !mirror_address(&local, &ours.host) ||
	    (!mirror_address(&seen, &theirs.received) &&
	     !mirror_address(&seen, &theirs.host)))
		return false;
	port = stream ? 0 : mirror_rport(&theirs.rport);
	sa_set_port(&seen, port);
	sa_set_port(&local, ours.port);
	*v = (struct mirror_view){.nat = !sa_cmp(&seen, &local, port ? SA_ALL : SA_ADDR)};
	(void)re_snprintf(v->address, sizeof(v->address), port ? "%J" : "%j", &seen);
	return true;
}
