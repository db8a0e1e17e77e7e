#include <stdlib.h>

#include "sipprobe/media/media_private.h"

/* What may happen again and again; the rest is told the first time only. */
static bool event_repeats(enum media_event_kind k)
{
	return k == MEDIA_EVENT_SILENCE || k == MEDIA_EVENT_RESUMED ||
	       k == MEDIA_EVENT_SOURCE;
}

void session_tell(struct media *m, struct media_session *s, enum media_event_kind k,
		  int64_t at_ns, const struct sa *where)
{
	struct media_message *msg;

	if ((s->told[k] && !event_repeats(k)) || s->events == MEDIA_EVENTS_MAX)
		return;
	s->told[k] = true;
	s->events++;
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
