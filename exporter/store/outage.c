#include "exporter/store/outage.h"

#include <stdlib.h>
#include <string.h>

#include "config/uri.h"
#include "exporter/store/store_rows.h"

static void outage_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

static bool outage_label_is(const struct store *s, const struct store_target *t,
			    const char *name, const char *value)
{
	struct slice found = store_target_find(s, t, name);

	return found.l == strlen(value) && !memcmp(found.p, value, found.l);
}

/* The check that tipped it, or NULL. */
static struct store_target *outage_cell(const struct store *s, struct store_trunk *row,
					const struct outage *o)
{
	struct store_target *t;

	SLIST_FOREACH(t, &row->targets, entry) {
		if (outage_label_is(s, t, "address", o->address) &&
		    outage_label_is(s, t, "transport", o->transport) &&
		    outage_label_is(s, t, "method", o->method))
			return t;
	}
	return NULL;
}

static void outage_by_result(struct outage *o, const struct store *s,
			     struct store_trunk *row, const struct engine_change *change)
{
	const struct store_target *t;

	o->result = *change->last;
	o->result.call.media = NULL;
	o->result.call.has_media = o->result.call.has_far = false;
	outage_copy(o->address, sizeof(o->address), change->address);
	outage_copy(o->transport, sizeof(o->transport),
		    change->transport ? change->transport : "");
	outage_copy(o->method, sizeof(o->method), change->method);
	t = outage_cell(s, row, o);
	if (!t)
		return;
	o->success_unix_ns = t->stats.last_success_unix_ns;
	o->success_latency_us = t->success_latency_us;
	o->success_code = t->success_code;
	o->success_reply_hops = t->success_reply_hops;
}

/* Its name gave no address: there was nothing to probe. */
static void outage_by_name(struct outage *o, const struct store_trunk *row)
{
	const char *detail = store_dns_failure(row);

	o->result = probe_result_none();
	o->result.outcome = PROBE_DNS;
	o->result.verdict = PROBE_DOWN;
	o->result.dns_hint = store_dns_hint(row);
	o->result.begun_unix_ns = store_dns_failed_unix_ns(row);
	outage_copy(o->result.detail, sizeof(o->result.detail), detail ? detail : "");
}

/* What was to be resolved stands where there is no address. */
static void outage_by_host(struct outage *o, const struct store_trunk *row)
{
	struct config_uri uri;

	if (!row->conf->settings || config_uri_parse(config_trunk_hop(row->conf), &uri) ||
	    uri.host.l >= sizeof(o->address))
		return;
	memcpy(o->address, uri.host.p, uri.host.l);
	o->address[uri.host.l] = '\0';
}

static void outage_end(struct store_trunk *row)
{
	if (!store_outage_of(row))
		return;
	free(row->more->outage);
	row->more->outage = NULL;
}

/* NULL without memory. */
static struct outage *outage_room(struct store_trunk *row)
{
	if (store_trunk_more_room(row) && !row->more->outage)
		row->more->outage = malloc(sizeof(*row->more->outage));
	return store_outage_of(row);
}

void store_outage_follow(struct store *s, struct store_trunk *row,
			 const struct engine_change *change)
{
	struct outage *o;

	if (change->to != HEALTH_DOWN || change->inbound) {
		outage_end(row);
		return;
	}
	o = outage_room(row);
	if (!o)
		return;
	*o = (struct outage){
		.success_reply_hops = -1,
		.timeout_us = row->conf->settings ? row->conf->settings->timeout_us : 0};
	if (change->last)
		outage_by_result(o, s, row, change);
	else
		outage_by_name(o, row);
	if (!o->address[0])
		outage_by_host(o, row);
}

bool store_outage(struct store *s, const char *name, struct outage *o)
{
	const struct store_trunk *row;
	bool down;

	store_read_lock(s);
	row = name_index_find(&s->names, name);
	down = row && store_outage_of(row);
	if (down)
		*o = *store_outage_of(row);
	store_read_unlock(s);
	return down;
}
