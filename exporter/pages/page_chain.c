#include "exporter/pages/page_chain.h"

#include <stdio.h>

#include "base/clock.h"
#include "exporter/pages/page_text.h"

/* A warning stands first: the chain below it must not be read as proven. */
static void page_chain_put_trust(struct buffer *b, const struct chain *c)
{
	if (c->verified)
		buffer_str(b, "verified");
	else
		buffer_str(b, "<span class=\"bad\">not verified</span>");
}

/* The link that ends first: with it, all of them end. */
static const struct chain_link *page_chain_first_to_end(const struct chain *c)
{
	const struct chain_link *first = &c->links[0];

	for (unsigned i = 1; i < c->count; i++)
		if (c->links[i].not_after_s < first->not_after_s)
			first = &c->links[i];
	return first;
}

/* "ends in 83 days" or "expired" */
static void page_chain_put_left(struct buffer *b, int64_t not_after_s, int64_t now_ns)
{
	if (not_after_s > now_ns / CLOCK_NS_PER_S)
		buffer_str(b, "ends in ");
	page_expiry(b, not_after_s, now_ns);
}

static void page_chain_put_summary(struct buffer *b, const struct chain *c,
				   int64_t now_ns)
{
	unsigned shown = c->count + c->left_out;

	buffer_str(b, "<summary>Certificate chain</summary>\n<p class=\"when\">");
	page_number(b, shown);
	buffer_str(b, shown == 1 ? " certificate, " : " certificates, ");
	page_chain_put_trust(b, c);
	buffer_str(b, ", ");
	page_chain_put_left(b, page_chain_first_to_end(c)->not_after_s, now_ns);
	buffer_str(b, " · ");
	page_str(b, c->version);
	if (c->cipher[0]) {
		buffer_str(b, " ");
		page_str(b, c->cipher);
	}
	buffer_str(b, " · shown since ");
	page_time(b, c->seen_unix_ns);
	buffer_str(b, "</p>\n");
}

static void page_chain_put_fact(struct buffer *b, const char *name, const char *value,
				bool code)
{
	if (!value[0])
		return;
	buffer_str(b, "<div><dt>");
	buffer_str(b, name);
	buffer_str(b, code ? "</dt><dd><code>" : "</dt><dd><bdi>");
	page_str(b, value);
	buffer_str(b, code ? "</code></dd></div>\n" : "</bdi></dd></div>\n");
}

static void page_chain_put_times(struct buffer *b, const struct chain_link *l,
				 int64_t now_ns)
{
	buffer_str(b, "<div><dt>Valid</dt><dd>");
	page_time_s(b, l->not_before_s);
	buffer_str(b, " to ");
	page_time_s(b, l->not_after_s);
	buffer_str(b, ", ");
	page_chain_put_left(b, l->not_after_s, now_ns);
	buffer_str(b, "</dd></div>\n");
}

static void page_chain_put_link(struct buffer *b, const struct chain_link *l,
				int64_t now_ns)
{
	buffer_str(b, "<li><dl class=\"facts\">\n");
	page_chain_put_fact(b, "Subject", l->subject, false);
	page_chain_put_fact(b, "Issuer", l->issuer, false);
	page_chain_put_fact(b, "For", l->names, false);
	page_chain_put_times(b, l, now_ns);
	page_chain_put_fact(b, "Key", l->key, false);
	page_chain_put_fact(b, "Serial", l->serial, true);
	page_chain_put_fact(b, "SHA-256", l->sha256, true);
	buffer_str(b, "</dl></li>\n");
}

void page_chain(struct buffer *b, const struct chain *c, size_t index, int64_t now_ns)
{
	char open[64];

	/* By itself it opens where it is what is wrong. */
	snprintf(open, sizeof(open), "<details id=\"chain%zu\" class=\"chain\"%s>", index,
		 c->verified ? "" : " open");
	buffer_str(b, open);
	page_chain_put_summary(b, c, now_ns);
	buffer_str(b, "<ol>\n");
	for (unsigned i = 0; i < c->count; i++)
		page_chain_put_link(b, &c->links[i], now_ns);
	buffer_str(b, "</ol>\n");
	if (c->left_out) {
		buffer_str(b, "<p class=\"when\">");
		page_number(b, c->left_out);
		buffer_str(b, " more are not shown.</p>\n");
	}
	buffer_str(b, "</details>\n");
}
