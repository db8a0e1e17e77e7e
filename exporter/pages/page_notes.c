#include "exporter/pages/page_notes.h"

#include <stdio.h>

#include "exporter/pages/page_text.h"
#include "exporter/store/problems.h"

/* What the state, its reason and the column of certificates say is not said again. */
static const struct {
	enum problem problem;
	bool bad;
	const char *words;
} notes[] = {
	{PROBLEM_REGISTRATION_LOST, true, "not registered"},
	{PROBLEM_CALLS_FAILING, true, "calls fail"},
	{PROBLEM_CALLS_WITHOUT_AUDIO, true, "calls without audio"},
	{PROBLEM_CALLS_NOT_ENDED, true, "calls not ended"},
	{PROBLEM_FLAPPING, true, "flapping"},
	{PROBLEM_REGISTRATION_LAPSING, false, "registration lapsing"},
	{PROBLEM_CALL_QUALITY_LOW, false, "calls sound bad"},
	{PROBLEM_LATENCY_HIGH, false, "slow"},
	{PROBLEM_DNS_FAILING, false, "DNS fails"},
	{PROBLEM_OWN_CERTIFICATE_EXPIRING, false, "our certificate ends"},
	{PROBLEM_OWN_CERTIFICATE_UNFIT, false, "our certificate unfit"},
};

static void page_notes_put(struct buffer *b, const char *class, const char *words)
{
	buffer_str(b, " <span class=\"note");
	buffer_str(b, class);
	buffer_str(b, "\">");
	page_str(b, words);
	buffer_str(b, "</span>");
}

/* An outage, or a dead address, is not loss. */
#define OUTAGES                                                                          \
	(1U << PROBLEM_DOWN | 1U << PROBLEM_FLAPPING | 1U << PROBLEM_PARTIALLY_DOWN |    \
	 1U << PROBLEM_DEGRADED | 1U << PROBLEM_STATE_UNKNOWN)

/* From one in a hundred on it is shown; the problem begins later. */
static void page_notes_put_loss(struct buffer *b, const struct page_notes *n)
{
	bool wrong = n->problems >> PROBLEM_PACKET_LOSS & 1;
	double percent = n->requests ? 100.0 * n->lost / n->requests : 0;
	char words[24];

	if (!wrong && (percent < 1 || n->problems & OUTAGES))
		return;
	(void)snprintf(words, sizeof(words),
		       percent < 9.95 ? "loss %.1f %%" : "loss %.0f %%", percent);
	page_notes_put(b, wrong ? " warn" : "", words);
}

void page_notes(struct buffer *b, const struct page_notes *n)
{
	char words[48];

	if (n->paused)
		return;
	if (n->addresses > 1 && n->addresses_up < n->addresses) {
		(void)snprintf(words, sizeof(words), "%u of %u addresses",
			       n->addresses_up, n->addresses);
		page_notes_put(b,
			       n->problems >> PROBLEM_PARTIALLY_DOWN & 1 ? " warn" : "",
			       words);
	}
	page_notes_put_loss(b, n);
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (n->problems >> notes[i].problem & 1)
			page_notes_put(b, notes[i].bad ? " bad" : " warn",
				       notes[i].words);
}
