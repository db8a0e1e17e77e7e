#include "exporter/pages/page_loss.h"

#include <stdio.h>

#include "exporter/pages/page_text.h"

enum {
	LOSS_WORTH_PERCENT = 1,	 /* of the requests, from which on it is a sentence */
	LOSS_KNOWN_PERCENT = 75, /* of what was lost, on one way or on both */
};

static void page_loss_share(struct buffer *b, uint32_t lost, uint32_t requests)
{
	char share[24];

	(void)snprintf(share, sizeof(share), "%.1f %%", 100.0 * lost / requests);
	buffer_str(b, share);
}

static void page_loss_count(struct buffer *b, uint32_t n, const char *one,
			    const char *more)
{
	page_number(b, n);
	buffer_str(b, n == 1 ? one : more);
}

static void page_loss_ways(struct buffer *b, const struct stats_ways *w, uint32_t lost)
{
	buffer_str(b, ": ");
	page_loss_count(b, w->there, " request, ", " requests, ");
	page_loss_count(b, w->back, " answer, ", " answers, ");
	page_number(b, lost - w->there - w->back);
	buffer_str(b, " either");
}

void page_loss_numbers(struct buffer *b, const struct status_target *t)
{
	const struct stats_loss *l = &t->stats.loss;

	page_item_begin(b, "Packets lost");
	if (l->requests) {
		page_loss_share(b, l->lost, l->requests);
		buffer_str(b, " (");
		page_number(b, l->lost);
		buffer_str(b, " of ");
		page_number(b, l->requests);
		buffer_str(b, ")");
		if (t->marked && l->lost)
			page_loss_ways(b, &t->ways, l->lost);
	} else {
		buffer_str(b, "not known yet");
	}
	page_item_end(b);
}

/* Whether @part is most of what was lost. */
static bool page_loss_is_most(uint32_t part, uint32_t lost)
{
	return (uint64_t)part * 100 >= (uint64_t)lost * LOSS_KNOWN_PERCENT;
}

static void page_loss_both(struct buffer *b, const struct problems_facts *f)
{
	buffer_str(b, "Packets are lost both ways: ");
	page_loss_share(b, f->lost_there, f->requests);
	buffer_str(b, " on the way out, ");
	page_loss_share(b, f->lost_back, f->requests);
	buffer_str(b, " on the way back");
}

void page_loss_way(struct buffer *b, const struct problems_facts *f)
{
	uint32_t known = f->lost_there + f->lost_back;
	bool there = page_loss_is_most(f->lost_there, f->lost);

	if ((uint64_t)f->lost * 100 < (uint64_t)f->requests * LOSS_WORTH_PERCENT ||
	    !f->lost || !page_loss_is_most(known, f->lost))
		return;
	buffer_str(b, "<p>");
	if (there || page_loss_is_most(f->lost_back, f->lost)) {
		buffer_str(b, there ? "Requests are lost on the way out: "
				    : "Answers are lost on the way back: ");
		page_loss_share(b, there ? f->lost_there : f->lost_back, f->requests);
	} else {
		page_loss_both(b, f);
	}
	buffer_str(b, " of the last half hour.</p>\n");
}
