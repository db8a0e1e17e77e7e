#include <stdlib.h>

#include "sipprobe/media/media_private.h"

/* Each has its own bound: a peer that changes its source all the time hides no nonce. */
static unsigned session_event_bound(enum media_event_kind k)
{
	bool repeats = k == MEDIA_EVENT_SILENCE || k == MEDIA_EVENT_RESUMED ||
		       k == MEDIA_EVENT_SOURCE;

	return repeats ? MEDIA_EVENT_REPEATS : 1;
}

void session_tell(struct media *m, struct media_session *s, enum media_event_kind k,
		  int64_t at_ns, const struct sa *where)
{
	struct media_message *msg;

	if (s->told[k] == session_event_bound(k))
		return;
	s->told[k]++;
	if (!s->handlers->event_h)
		return;
	/* For people: without memory they miss a line. */
	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return;
	msg->session = s;
	msg->event = (struct media_event){.kind = k, .at_ns = at_ns};
	if (where)
		(void)re_snprintf(msg->event.where, sizeof(msg->event.where), "%J",
				  where);
	media_message_push(m, msg);
}
