/* The lock of the store: a writer waits for readers, and readers let it go first. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/changes.h"
#include "exporter/store/store_rows.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};
static const struct config_trunk trunk = {.name = "a", .uri = "sip:192.0.2.1"};
static const struct config_trunk fresh = {.name = "b", .uri = "sip:192.0.2.2"};
static const struct engine_target tls = {"OPTIONS", "192.0.2.1:5061", "tls"};
static const struct engine_target invite = {"INVITE", "192.0.2.1:5061", "tls"};

struct held {
	struct store *s;
	struct store_trunk *row;
	struct store_trunk *fresh; /* without any words yet */
	struct store_target *cell;
	struct store_target *calls;
	struct chain *chain;
	void (*write)(struct held *h);
	atomic_bool done;
};

static void write_add(struct held *h)
{
	store_trunk_add(h->s, &trunk);
}

static void write_move(struct held *h)
{
	store_trunk_move(h->s, h->row, &trunk);
}

static void write_remove(struct held *h)
{
	store_trunk_remove(h->s, h->row);
}

static void write_state(struct held *h)
{
	store_trunk_state(h->s, h->row, &(struct engine_change){.to = HEALTH_UP}, 1);
}

static void write_addresses(struct held *h)
{
	store_trunk_addresses(h->s, h->row, 1, 1);
}

static void write_dns(struct held *h)
{
	store_trunk_dns_failed(h->s, h->row, "known", DNS_HINT_NONE);
}

static void write_dns_anew(struct held *h)
{
	store_trunk_dns_failed(h->s, h->row, "new", DNS_HINT_NONE);
}

static void write_dns_first(struct held *h)
{
	store_trunk_dns_failed(h->s, h->fresh, "first", DNS_HINT_NONE);
}

static void write_note(struct held *h)
{
	store_trunk_resolved(h->s, h->row, "note");
}

static void write_settled(struct held *h)
{
	store_probe_settled(h->s, h->cell, &(struct probe_loss){1, 1, 0});
}

static void write_misdirected(struct held *h)
{
	store_probe_misdirected(h->s, h->cell, true);
}

static const struct tls_own own = {.not_after_s = 1};

static void write_certificate(struct held *h)
{
	store_trunk_certificate(h->s, h->row, "/a.pem", &own);
}

static void write_missing(struct held *h)
{
	store_trunk_inbound(h->s, h->row, true);
}

static void write_inbound(struct held *h)
{
	store_inbound(h->s, h->row, "OPTIONS", 1);
}

static void write_target(struct held *h)
{
	store_target_add(h->s, h->row, &tls);
}

static void write_target_remove(struct held *h)
{
	store_target_remove(h->s, h->cell);
}

static void write_begin(struct held *h)
{
	store_probe_begin(h->s, h->cell, 1);
}

static void write_done(struct held *h)
{
	struct probe_result r = probe_result_none();

	store_probe_done(h->s, h->cell, &r);
}

static void write_late(struct held *h)
{
	store_probe_late(h->s, h->cell);
}

static void write_ladder(struct held *h)
{
	struct probe_result r = probe_result_none();
	struct ladder l = {0};

	store_ladder(h->s, h->cell, &r, &l);
}

static void write_chain(struct held *h)
{
	store_chain(h->s, h->cell, h->chain);
}

static void write_stray(struct held *h)
{
	store_stray(h->s, ENGINE_STRAY_STRANGER);
}

static void write_change_begin(struct held *h)
{
	store_change_begin(h->s);
}

static void write_change_end(struct held *h)
{
	store_change_end(h->s);
}

static void write_shard(struct held *h)
{
	store_shard(h->s, &(struct config_shard){.total = 2});
}

static void write_listen(struct held *h)
{
	store_listen_certificate(h->s, "a.pem", &own);
}

static void write_tls_files(struct held *h)
{
	store_tls_files(h->s, true);
}

static void write_reload(struct held *h)
{
	store_reload(h->s, true, 1);
}

static void write_paused(struct held *h)
{
	store_trunk_paused(h->s, h->row, true, 1);
}

static void write_prepare(struct held *h)
{
	(void)store_prepare(h->s, &trunk);
}

static void write_shown(struct held *h)
{
	store_peer_shown(h->s, h->cell, 1);
}

static void write_changed(struct held *h)
{
	store_peer_changed(h->s, h->cell,
			   &(struct peer_change){.before = "a", .now = "b"});
}

static void write_seen_as(struct held *h)
{
	store_seen_as(h->s, h->cell, &(struct mirror_view){.address = "192.0.2.9"});
}

static void write_mirrored(struct held *h)
{
	(void)store_mirrored(h->s, h->cell, 1);
}

static void write_size(struct held *h)
{
	(void)store_survey_size(h->s, h->cell, &(struct survey_size_report){.bytes = 1});
}

static void write_train(struct held *h)
{
	store_survey_train(h->s, h->cell, &(struct survey_train_report){.answers = 1});
}

static void write_traced(struct held *h)
{
	store_traced(h->s, "a", &(struct trace_report){.count = 1}, true);
}

static void write_refused(struct held *h)
{
	store_call_refused(h->s, h->calls);
}

static void write_open(struct held *h)
{
	store_calls_open(h->s, "a", 1);
}

static void write_call(struct held *h)
{
	const struct call_report r = call_report_none();

	store_call_made(h->s, "a", &r);
}

static void write_not_ended(struct held *h)
{
	store_call_not_ended(h->s, "a");
}

static void write_lateness(struct held *h)
{
	store_media_lateness(h->s, &(struct media_lateness){.sum_us = 1});
}

static void write_hep_sent(struct held *h)
{
	store_hep_sent(h->s, true);
}

static void write_hep(struct held *h)
{
	store_hep(h->s, true);
}

static void write_spare(struct held *h)
{
	store_spare(h->s, &(struct config_metrics){.classic_histograms = false});
}

static void write_keep_audio(struct held *h)
{
	store_keep_audio(h->s, false);
}

static void write_changes(struct held *h)
{
	struct changes c = {.at_unix_ns = 1};

	changes_keep(h->s, &c);
}

static const struct {
	const char *name;
	void (*write)(struct held *h);
} writers[] = {
	{"store_trunk_add", write_add},
	{"store_trunk_move", write_move},
	{"store_trunk_remove", write_remove},
	{"store_trunk_state", write_state},
	{"store_trunk_addresses", write_addresses},
	{"store_trunk_dns_failed", write_dns},
	{"store_trunk_dns_failed, with other words", write_dns_anew},
	{"store_trunk_dns_failed, with the first words", write_dns_first},
	{"store_trunk_resolved", write_note},
	{"store_trunk_certificate", write_certificate},
	{"store_trunk_inbound", write_missing},
	{"store_inbound", write_inbound},
	{"store_target_add", write_target},
	{"store_target_remove", write_target_remove},
	{"store_probe_begin", write_begin},
	{"store_probe_done", write_done},
	{"store_probe_late", write_late},
	{"store_probe_settled", write_settled},
	{"store_probe_misdirected", write_misdirected},
	{"store_ladder", write_ladder},
	{"store_chain", write_chain},
	{"store_stray", write_stray},
	{"store_change_begin", write_change_begin},
	{"store_change_end", write_change_end},
	{"store_shard", write_shard},
	{"store_listen_certificate", write_listen},
	{"store_tls_files", write_tls_files},
	{"store_reload", write_reload},
	{"store_trunk_paused", write_paused},
	{"store_prepare", write_prepare},
	{"store_peer_shown", write_shown},
	{"store_peer_changed", write_changed},
	{"store_seen_as", write_seen_as},
	{"store_mirrored", write_mirrored},
	{"store_survey_size", write_size},
	{"store_survey_train", write_train},
	{"store_traced", write_traced},
	{"store_call_refused", write_refused},
	{"store_calls_open", write_open},
	{"store_call_made", write_call},
	{"store_call_not_ended", write_not_ended},
	{"store_media_lateness", write_lateness},
	{"store_hep_sent", write_hep_sent},
	{"store_hep", write_hep},
	{"store_spare", write_spare},
	{"store_keep_audio", write_keep_audio},
	{"changes_keep", write_changes},
};

static void *held_run(void *arg)
{
	struct held *h = arg;

	h->write(h);
	atomic_store(&h->done, true);
	return NULL;
}

/* Until the writer says that it waits, or is through without. */
static bool held_waits(struct held *h)
{
	const struct timespec step = {.tv_nsec = 100000};
	int64_t end_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_S;

	while (!atomic_load(&h->s->writer_waits) && !atomic_load(&h->done) &&
	       clock_monotonic_ns() < end_ns)
		nanosleep(&step, NULL);
	return atomic_load(&h->s->writer_waits);
}

static void held_open(struct held *h)
{
	const struct chain_link link = {"CN=a", "CN=b", "", "1", "k", "f", 1, 2};

	*h = (struct held){0};
	if (store_alloc(&h->s, bounds, 1) || chain_alloc(&h->chain, &link, 1))
		exit(1);
	store_remember(h->s, 5, 1 << 20);
	h->row = store_trunk_add(h->s, &trunk);
	h->fresh = store_trunk_add(h->s, &fresh);
	h->cell = store_target_add(h->s, h->row, &tls);
	h->calls = store_target_add(h->s, h->row, &invite);
	store_trunk_dns_failed(h->s, h->row, "known", DNS_HINT_NONE);
	store_trunk_certificate(h->s, h->row, "/a.pem", &own);
}

/* What readers may look at, byte by byte: padding stands still as well. */
struct seen {
	unsigned char row[sizeof(struct store_trunk)];
	unsigned char fresh[sizeof(struct store_trunk)];
	unsigned char more[sizeof(struct store_trunk_more)];
	unsigned char texts[sizeof(struct store_texts)];
	unsigned char cell[sizeof(struct store_target)];
	unsigned char exporter[sizeof(struct stats_exporter)];
	unsigned char lag[sizeof(struct store_lag) * STORE_LAG_SLOTS];
	uint64_t sequence, generation, target_count, changing;
};

static void seen_take(struct seen *n, const struct held *h)
{
	memset(n, 0, sizeof(*n));
	memcpy(n->row, h->row, sizeof(n->row));
	memcpy(n->fresh, h->fresh, sizeof(n->fresh));
	memcpy(n->more, h->row->more, sizeof(n->more));
	memcpy(n->texts, store_texts_of(h->row), sizeof(n->texts));
	memcpy(n->cell, h->cell, sizeof(n->cell));
	memcpy(n->exporter, &h->s->exporter, sizeof(n->exporter));
	memcpy(n->lag, h->s->lag, sizeof(n->lag));
	n->sequence = h->s->sequence;
	n->generation = h->s->generation;
	n->target_count = h->s->target_count;
	n->changing = h->s->changing;
}

int main(void)
{
	static struct seen before, meanwhile;

	for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++) {
		struct held h;
		pthread_t thread;

		held_open(&h);
		h.write = writers[i].write;
		store_read_lock(h.s);
		seen_take(&before, &h);
		pthread_create(&thread, NULL, held_run, &h);
		ok(held_waits(&h), "%s waits for a reader", writers[i].name);
		seen_take(&meanwhile, &h);
		ok(!memcmp(&before, &meanwhile, sizeof(before)),
		   "and changes nothing until then");
		store_read_unlock(h.s);
		pthread_join(thread, NULL);
		ok(atomic_load(&h.done) && !atomic_load(&h.s->writer_waits),
		   "and goes on after it");
		store_free(h.s);
		chain_unref(h.chain);
	}
	return tap_done();
}
