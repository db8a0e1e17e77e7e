/* Who else sends on a connection. */
#include "sipprobe/transport/stream_private.h"

void stream_lend(struct stream_loan *loan, struct stream *s)
{
	loan->stream = s;
	list_append(&s->loans, &loan->le, loan);
}

void stream_give_back(struct stream_loan *loan)
{
	list_unlink(&loan->le);
	loan->stream = NULL;
}

void stream_loans_end(struct stream *s)
{
	struct le *le = list_head(&s->loans);

	for (; le; le = list_head(&s->loans))
		stream_give_back(le->data);
}
