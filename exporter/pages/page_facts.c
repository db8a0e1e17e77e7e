/* What a trunk's page says of the trunk itself, as a list of facts. */
#include "base/clock.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/page_trunk.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"

static void page_facts_put_text_item(struct buffer *b, const char *name,
				     struct slice label)
{
	if (!label.l)
		return;
	page_item_begin(b, name);
	page_label(b, label);
	page_item_end(b);
}

static void page_facts_put_labels(struct buffer *b, const struct page_trunk *p)
{
	struct slice name, value;
	size_t pos = 0;

	(void)labels_next(p->t->labels, &pos, &name, &value);
	while (labels_next(p->t->labels, &pos, &name, &value)) {
		buffer_str(b, "<div><dt>");
		page_bytes(b, name);
		buffer_str(b, "</dt><dd>");
		page_label(b, value);
		page_item_end(b);
	}
}

static int64_t page_facts_earliest_expiry(const struct status_trunk *t)
{
	int64_t at_s = 0;

	for (size_t i = 0; i < t->target_count; i++) {
		int64_t other_s = stats_certificate_end_s(&t->targets[i].tls);

		if (other_s && (!at_s || other_s < at_s))
			at_s = other_s;
	}
	return at_s;
}

/* The certificate that we show its peer, and what the peer will mind of it. */
static void page_facts_put_own(struct buffer *b, const struct page_trunk *p)
{
	char why[TLS_OWN_TEXT + 96];

	tls_own_complaint(why, sizeof(why), &p->t->own, p->now_ns / CLOCK_NS_PER_S);
	page_item_begin(b, "Our certificate");
	page_label(b, labels_find(p->t->own_file, "file"));
	buffer_str(b, *why ? ": <span class=\"bad\">" : ", ends in ");
	if (*why) {
		page_str(b, why);
		buffer_str(b, "</span>");
	} else {
		page_expiry(b, p->t->own.not_after_s, p->now_ns);
	}
	page_item_end(b);
}

/* "sip:100@isp.example until 2026-11-22 09:52:11, for 43 min, at 192.0.2.1:5060" */
static void page_facts_put_registration(struct buffer *b, const struct page_trunk *p)
{
	const struct status_target *t = status_registered(p->t);
	int64_t until_s = t ? t->registered_until_s : 0;
	bool lost = t && until_s <= p->now_ns / CLOCK_NS_PER_S;

	page_item_begin(b, p->t->binds ? "Registration" : "Registration, as asked");
	buffer_str(b, "<bdi>");
	page_bytes(b, (struct slice){p->t->aor.data, p->t->aor.len});
	buffer_str(b, "</bdi> ");
	if (!t) {
		buffer_str(b, "is not registered</dd></div>\n");
		return;
	}
	buffer_str(b, lost ? "<span class=\"bad\">ended at " : "until ");
	page_time_s(b, until_s);
	buffer_str(b, lost ? ", " : ", for ");
	if (lost)
		page_age(b, until_s * CLOCK_NS_PER_S, p->now_ns);
	else
		page_left(b, until_s, p->now_ns);
	buffer_str(b, lost ? " ago</span>, at " : " more, at ");
	page_label(b, labels_find(t->labels, "address"));
	page_item_end(b);
}

void page_facts(struct buffer *b, const struct page_trunk *p)
{
	const struct stats_trunk *s = &p->t->stats;
	int64_t expiry_s = page_facts_earliest_expiry(p->t);

	buffer_str(b, "<dl class=\"facts\">\n");
	page_facts_put_text_item(b, "URI", labels_find(p->t->info, "uri"));
	page_facts_put_text_item(b, "Profile", labels_find(p->t->info, "profile"));
	page_facts_put_labels(b, p);
	page_item_begin(b, s->paused ? "Addresses" : "Addresses that answer");
	if (!s->paused) {
		page_number(b, s->addresses_up);
		buffer_str(b, " of ");
	}
	page_number(b, s->addresses);
	page_item_end(b);
	if (p->t->aor.len)
		page_facts_put_registration(b, p);
	if (expiry_s) {
		page_item_begin(b, "Certificate ends in");
		page_expiry(b, expiry_s, p->now_ns);
		buffer_str(b, " (");
		page_time_s(b, expiry_s);
		buffer_str(b, ")");
		page_item_end(b);
	}
	if (p->t->own_file.l)
		page_facts_put_own(b, p);
	if (s->dns_failures) {
		page_item_begin(b, "Failed look-ups of its name");
		page_number(b, s->dns_failures);
		if (p->t->dns_said.l) {
			buffer_str(b, ", at last <bdi>");
			page_bytes(b, p->t->dns_said);
			buffer_str(b, "</bdi>");
		}
		page_item_end(b);
	}
	if (p->t->dns_note.l) {
		page_item_begin(b, "Its addresses were found in spite of");
		buffer_str(b, "<bdi>");
		page_bytes(b, p->t->dns_note);
		buffer_str(b, "</bdi>");
		page_item_end(b);
	}
	page_item_begin(b, "Its own last ping to us");
	if (p->t->inbound_options_unix_ns) {
		page_age(b, p->t->inbound_options_unix_ns, p->now_ns);
		buffer_str(b, " ago");
	} else {
		buffer_str(b, "none yet");
	}
	if (s->inbound_missing > 0)
		buffer_str(b, "; more were expected: see expect_inbound");
	page_item_end(b);
	buffer_str(b, "</dl>\n");
}
