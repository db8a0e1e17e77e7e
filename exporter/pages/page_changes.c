/* What of a target's peer has changed, for people and in the API. */
#include <stdio.h>

#include "base/json.h"
#include "exporter/pages/api.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/page_trunk.h"
#include "exporter/store/status.h"

static void page_changes_text(struct buffer *b, const char *text)
{
	page_str(b, *text ? text : "none");
}

static void page_changes_put(struct buffer *b, const struct peer_change *c,
			     uint32_t count, int64_t now_ns)
{
	char name[48];

	snprintf(name, sizeof(name), "Changed: %s", peer_trait_name(c->trait));
	page_item_begin(b, name);
	page_changes_text(b, c->before);
	buffer_str(b, " (since ");
	page_time(b, c->before_unix_ns);
	buffer_str(b, ") \u2192 ");
	page_changes_text(b, c->now);
	buffer_str(b, ", since ");
	page_time(b, c->now_unix_ns);
	buffer_str(b, ", for ");
	page_age(b, c->now_unix_ns, now_ns);
	buffer_str(b, ", ");
	page_number(b, count);
	buffer_str(b, count == 1 ? " change" : " changes");
	page_item_end(b);
}

void page_changes(struct buffer *b, const struct status_target *t, int64_t now_ns)
{
	for (int i = 0; i < PEER_TRAITS; i++)
		if (t->changes[i])
			page_changes_put(b, t->changes[i], t->change_counts[i], now_ns);
}

void api_peer_changes(struct json *j, const struct status_target *t)
{
	json_open(j, "changes", '[');
	for (int i = 0; i < PEER_TRAITS; i++) {
		const struct peer_change *c = t->changes[i];

		if (!c)
			continue;
		json_open(j, NULL, '{');
		json_str(j, "what", peer_trait_name(c->trait));
		json_number(j, "count", t->change_counts[i], 0);
		json_str(j, "from", c->before);
		json_time(j, "from_unix_s", c->before_unix_ns);
		json_str(j, "to", c->now);
		json_time(j, "to_unix_s", c->now_unix_ns);
		json_close(j, '}');
	}
	json_close(j, ']');
}
