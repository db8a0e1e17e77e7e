#include "exporter/engine_listener_trace.h"

#include "base/log.h"
#include "exporter/engine_listener_private.h"
#include "exporter/pages/page_mirror.h"
#include "exporter/pages/page_why.h"
#include "exporter/store/store.h"

void engine_listener_why(struct buffer *b, struct store *s, const char *trunk,
			 const struct trace_report *r)
{
	struct outage o;

	if (!store_outage(s, trunk, &o))
		return;
	page_why_line(b, &o, r);
	buffer_add(b, "", 1);
}

/* A line when signs come or go: rounds are rare, and what they find stays. */
static void engine_listener_mirrored(struct store *s, struct store_target *cell,
				     const char *trunk, unsigned signs)
{
	struct buffer words = {0};

	if (!store_mirrored(s, cell, signs))
		return;
	mirror_words(&words, signs);
	buffer_add(&words, "", 1);
	if (!words.err && signs)
		log_event(LOG_LEVEL_WARN, "something on the way rewrites SIP",
			  LOG_S("trunk", trunk), LOG_S("signs", words.data));
	else if (!words.err)
		log_event(LOG_LEVEL_INFO, "nothing on the way rewrites SIP any more",
			  LOG_S("trunk", trunk));
	buffer_clear(&words);
}

/* @why: NULL: the trunk is not down */
static void engine_listener_way(const char *trunk, const struct trace_report *r,
				const char *words, const char *why)
{
	struct log_field fields[] = {
		LOG_S("trunk", trunk),
		LOG_S("address", r->address),
		LOG_S("transport", r->transport),
		LOG_S("way", words),
		LOG_S("why", why),
		{.kind = LOG_END},
	};

	if (!why)
		fields[4].kind = LOG_END;
	log_write(LOG_LEVEL_INFO, "way to a trunk traced", fields);
}

void engine_listener_traced_h(const char *trunk, const struct trace_report *r,
			      bool by_hand, void *arg)
{
	struct buffer why = {0};
	char words[TRACE_WORDS];

	store_traced(arg, trunk, r, by_hand);
	trace_words(words, sizeof(words), r);
	engine_listener_why(&why, arg, trunk, r);
	engine_listener_way(trunk, r, words, why.data);
	buffer_clear(&why);
}

void engine_listener_seen_as_h(void *p, const struct mirror_view *view, void *arg)
{
	struct store_target *cell = p;

	if (cell)
		store_seen_as(arg, cell, view);
}

void engine_listener_mirrored_h(void *p, unsigned signs, void *arg)
{
	struct store_target *cell = p;

	if (cell)
		engine_listener_mirrored(arg, cell, engine_listener_trunk_name(cell),
					 signs);
}

void engine_listener_peer_shown_h(void *p, unsigned traits, void *arg)
{
	struct store_target *cell = p;

	if (cell)
		store_peer_shown(arg, cell, traits);
}

void engine_listener_peer_changed_h(void *p, const struct peer_change *c, void *arg)
{
	struct store_target *cell = p;
	char address[64], transport[64] = "";

	if (!cell)
		return;
	store_peer_changed(arg, cell, c);
	(void)store_target_label(arg, cell, "transport", transport, sizeof(transport));
	log_event(LOG_LEVEL_INFO, "peer changed",
		  LOG_S("trunk", engine_listener_trunk_name(cell)),
		  LOG_S("address", engine_listener_address(arg, cell, address)),
		  LOG_S("transport", transport), LOG_S("what", peer_trait_name(c->trait)),
		  LOG_S("from", c->before), LOG_S("to", c->now));
}
