/* Answers that come from another place than the request went to. */
#include <stdlib.h>
#include <string.h>

#include "sipprobe/target/target_ladder.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"

static enum probe_misdirected elsewhere_how(const struct target *t, const struct sa *src)
{
	return sa_cmp(src, &t->address.sa, SA_ADDR) ? PROBE_MISDIRECTED_PORT
						    : PROBE_MISDIRECTED_ADDRESS;
}

/* The first that comes is told: what, from where, and where it was asked. */
static void elsewhere_tell(struct target *t, enum probe_misdirected how,
			   const struct sa *src, const struct guard_message *m,
			   int64_t rx_ns)
{
	char words[PROBE_DETAIL];

	if (how == PROBE_MISDIRECTED_PORT)
		(void)re_snprintf(words, sizeof(words), "%u from %J (asked port %u)",
				  m->code, src, sa_port(&t->address.sa));
	else
		(void)re_snprintf(words, sizeof(words), "%u from %J (asked %J)", m->code,
				  src, &t->address.sa);
	t->attempt->elsewhere = strdup(words);
	target_note_words(t, LADDER_ELSEWHERE, rx_ns, words);
}

bool target_misdirected(struct target *t, const struct udp *u, const struct sa *src,
			const struct guard_message *m, int64_t rx_ns)
{
	const struct probe_events *events = t->group->events;
	enum probe_misdirected how;

	if (t->address.transport != CONFIG_TRANSPORT_UDP ||
	    sa_cmp(src, &t->address.sa, SA_ALL))
		return false;
	if (target_settings(t)->answers_from == CONFIG_ANSWERS_FROM_ANYWHERE &&
	    t->udp == u)
		return target_response_take(t, m, rx_ns);
	if (!request_answered_by(&t->request, t->prober->method, m))
		return false;
	how = elsewhere_how(t, src);
	if (events->probe_misdirected_h && !t->more->unregistration)
		events->probe_misdirected_h(t->cell, how, t->group->arg);
	if (t->pending && !t->attempt->elsewhere)
		elsewhere_tell(t, how, src, m, rx_ns);
	return true;
}
