#include "exporter/store.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/uri.h"
#include "exporter/buckets.h"
#include "exporter/store_rows.h"
#include "exporter/labels.h"
#include "exporter/store_text.h"
#include "sipprobe/clock.h"

/* The methods of the SIP registry; what else a peer may call its request is "other". */
static const char *const methods[STATS_METHODS] = {
	"OPTIONS",  "INVITE", "ACK",	   "BYE",    "CANCEL",
	"REGISTER", "PRACK",  "SUBSCRIBE", "NOTIFY", "PUBLISH",
	"MESSAGE",  "REFER",  "INFO",	   "UPDATE", "other",
};

const char *stats_method_name(size_t i)
{
	return methods[i];
}

static size_t method_index(const char *name)
{
	size_t i;

	for (i = 0; i < STATS_METHODS - 1; i++) {
		if (!strcmp(methods[i], name))
			break;
	}
	return i;
}

static void write_lock(struct store *s)
{
	if (!pthread_mutex_trylock(&s->lock))
		return;
	atomic_store(&s->writer_waits, true);
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->writer_waits, false);
}

static void write_unlock(struct store *s)
{
	pthread_mutex_unlock(&s->lock);
}

void store_read_lock(struct store *s)
{
	while (atomic_load(&s->writer_waits))
		sched_yield();
	pthread_mutex_lock(&s->lock);
}

void store_read_unlock(struct store *s)
{
	pthread_mutex_unlock(&s->lock);
}

int store_alloc(struct store **sp, const double *buckets, size_t bucket_count)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	err = buckets_init(&s->buckets, buckets, bucket_count);
	if (err) {
		free(s);
		return err;
	}
	pthread_mutex_init(&s->lock, NULL);
	TAILQ_INIT(&s->trunks);
	history_init(&s->history, 0, 0);
	s->begun_unix_ns = clock_wall_ns();
	*sp = s;
	return 0;
}

void store_remember(struct store *s, unsigned probes, size_t bytes)
{
	history_init(&s->history, probes, bytes);
}

/* With the lock held: whoever asks for what is new since then gets the row. */
static void touch(struct store *s, struct store_trunk *row)
{
	row->changed = ++s->sequence;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	while (!TAILQ_EMPTY(&s->trunks))
		store_trunk_remove(s, TAILQ_FIRST(&s->trunks));
	buckets_clear(&s->buckets);
	free(s->names.slots);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void store_keep_native(struct store *s, int schema, unsigned max_buckets)
{
	native_scale_init(&s->native, schema, max_buckets);
}

void store_keep_exemplars(struct store *s)
{
	atomic_store(&s->exemplars, true);
}

static struct store_trunk *trunk_alloc(const struct buffer *labels,
				       const struct buffer *info)
{
	struct store_trunk *row;

	if (labels->err || info->err)
		return NULL;
	row = calloc(1, sizeof(*row) + labels->len + info->len);
	if (!row)
		return NULL;
	memcpy(row->text, labels->data, labels->len);
	memcpy(row->text + labels->len, info->data, info->len);
	row->label_len = (uint32_t)labels->len;
	row->info_len = (uint32_t)info->len;
	TAILQ_INIT(&row->targets);
	return row;
}

struct store_trunk *store_trunk_add(struct store *s, const struct config_trunk *trunk)
{
	struct buffer labels = {0}, info = {0};
	struct config_uri uri;
	bool valid = !config_uri_parse(trunk->uri, &uri);
	struct config_uri hop = {0};
	struct store_trunk *row;

	store_text_trunk(&labels, trunk);
	store_text_info(&info, trunk, valid ? &uri : NULL);
	row = trunk_alloc(&labels, &info);
	buffer_clear(&labels);
	buffer_clear(&info);
	if (!row)
		return NULL;
	row->stats.named =
		!config_uri_parse(trunk->settings ? config_trunk_hop(trunk) : trunk->uri,
				  &hop) &&
		!hop.ipv4 && !hop.ipv6;
	row->stats.state = HEALTH_UNKNOWN;
	row->conf = trunk;
	row->since_unix_ns = clock_wall_ns();
	row->stats.paused = trunk->settings && trunk->settings->paused;

	write_lock(s);
	TAILQ_INSERT_TAIL(&s->trunks, row, entry);
	store_names_add(&s->names, row, trunk->name);
	touch(s, row);
	s->exporter.trunks++;
	s->generation++;
	write_unlock(s);
	return row;
}

/*
 * Nothing that is shown changed. Going to the end keeps the rows in the order of the new
 * configuration, whose trunks the engine visits in order.
 */
void store_trunk_move(struct store *s, struct store_trunk *row,
		      const struct config_trunk *trunk)
{
	if (!row)
		return;
	write_lock(s);
	row->conf = trunk;
	TAILQ_REMOVE(&s->trunks, row, entry);
	TAILQ_INSERT_TAIL(&s->trunks, row, entry);
	s->generation++;
	write_unlock(s);
}

static char said_ok[] = "OK";

static void said_free(struct store_target *cell)
{
	if (cell->said != said_ok)
		free(cell->said);
}

static void target_free(struct store_target *cell)
{
	free(cell->exemplars);
	free(cell->native);
	said_free(cell);
	free(cell->codes);
	free(cell->tls_failures);
	free(cell);
}

void store_trunk_remove(struct store *s, struct store_trunk *row)
{
	struct store_target *cell;

	if (!row)
		return;
	write_lock(s);
	TAILQ_REMOVE(&s->trunks, row, entry);
	store_names_remove(&s->names, row);
	TAILQ_FOREACH(cell, &row->targets, entry)
	history_track_free(&s->history, cell->track);
	s->exporter.trunks--;
	s->target_count -= row->target_count;
	s->generation++;
	write_unlock(s);

	while ((cell = TAILQ_FIRST(&row->targets)) != NULL) {
		TAILQ_REMOVE(&row->targets, cell, entry);
		target_free(cell);
	}
	free(row->inbound);
	free(row->own_file);
	free(row);
}

void store_trunk_state(struct store *s, struct store_trunk *row,
		       const struct engine_change *change, int64_t now_unix_ns)
{
	if (!row)
		return;
	write_lock(s);
	row->stats.state = (uint8_t)change->to;
	row->stats.state_changes++;
	row->since_unix_ns = now_unix_ns;
	touch(s, row);
	write_unlock(s);
}

void store_trunk_addresses(struct store *s, struct store_trunk *row, unsigned total,
			   unsigned up)
{
	if (!row)
		return;
	write_lock(s);
	row->stats.addresses = total;
	row->stats.addresses_up = up;
	row->stats.addresses_known = true;
	touch(s, row);
	write_unlock(s);
}

void store_trunk_dns_failed(struct store *s, struct store_trunk *row)
{
	int64_t now_unix_ns = clock_wall_ns();

	if (!row)
		return;
	write_lock(s);
	row->stats.dns_failures++;
	row->dns_failed_unix_ns = now_unix_ns;
	touch(s, row);
	write_unlock(s);
}

void store_trunk_certificate(struct store *s, struct store_trunk *row, const char *file,
			     int64_t not_after_s)
{
	struct buffer text = {0};

	if (!row)
		return;
	/* The file's name is part of the trunk's description: it never changes. */
	if (!row->own_file) {
		store_text_file(&text, file);
		buffer_add(&text, "", 1);
	}
	write_lock(s);
	if (text.data && !text.err) {
		row->own_file = text.data;
		text = (struct buffer){0};
	}
	row->stats.own_not_after_s = row->own_file ? not_after_s : 0;
	write_unlock(s);
	buffer_clear(&text);
}

void store_inbound(struct store *s, struct store_trunk *row, const char *method,
		   int64_t now_unix_ns)
{
	size_t i = method_index(method);

	if (!row)
		return;
	write_lock(s);
	if (!row->inbound)
		row->inbound = calloc(STATS_METHODS, sizeof(*row->inbound));
	if (row->inbound)
		row->inbound[i]++;
	if (i == 0)
		row->stats.inbound_options_unix_ns = now_unix_ns;
	touch(s, row);
	write_unlock(s);
}

static struct store_target *target_alloc(const struct store *s, const struct buffer *text)
{
	size_t counts = (s->buckets.count + 1) * sizeof(uint32_t);
	struct store_target *cell;
	int i;

	cell = text->err ? NULL : calloc(1, sizeof(*cell) + counts + text->len);
	if (!cell)
		return NULL;
	memcpy(store_target_text(s, cell), text->data, text->len);
	cell->label_len = (uint16_t)text->len;
	cell->stats.success = -1;
	cell->stats.retry_after_s = -1;
	for (i = 0; i < PROBE_PHASES; i++)
		cell->stats.phase_ns[i] = -1;
	return cell;
}

struct store_target *store_target_add(struct store *s, struct store_trunk *row,
				      const struct engine_target *target)
{
	struct buffer text = {0};
	struct store_target *cell;

	if (!row)
		return NULL;
	store_text_target(&text, target);
	cell = target_alloc(s, &text);
	buffer_clear(&text);
	if (!cell)
		return NULL;
	cell->row = row;
	if (!strcmp(target->transport, "tls"))
		cell->tls_failures = calloc(TLS_FAILURES, sizeof(*cell->tls_failures));

	write_lock(s);
	cell->track = history_track_alloc(&s->history);
	touch(s, row);
	TAILQ_INSERT_TAIL(&row->targets, cell, entry);
	row->target_count++;
	s->target_count++;
	write_unlock(s);
	return cell;
}

bool store_target_label(struct store *s, struct store_target *cell, const char *name,
			char *out, size_t size)
{
	struct slice text, key, value;
	size_t pos = 0;

	if (!cell)
		return false;
	text = (struct slice){store_target_text(s, cell), cell->label_len};
	while (labels_next(text, &pos, &key, &value)) {
		if (key.l != strlen(name) || memcmp(key.p, name, key.l))
			continue;
		(void)snprintf(out, size, "%.*s", (int)value.l, value.p);
		return true;
	}
	return false;
}

void store_target_remove(struct store *s, struct store_target *cell)
{
	if (!cell)
		return;
	write_lock(s);
	TAILQ_REMOVE(&cell->row->targets, cell, entry);
	history_track_free(&s->history, cell->track);
	touch(s, cell->row);
	cell->row->target_count--;
	s->target_count--;
	write_unlock(s);
	target_free(cell);
}

static void lag_note(struct store *s, int64_t now_ns, int64_t lag_ns)
{
	int64_t second = now_ns / CLOCK_NS_PER_S;
	struct store_lag *slot = &s->lag[second % STORE_LAG_SLOTS];

	if (slot->second != second)
		*slot = (struct store_lag){second, 0};
	if (lag_ns > slot->lag_ns)
		slot->lag_ns = lag_ns;
}

int64_t store_lag_ns(const struct store *s, int64_t now_ns)
{
	int64_t second = now_ns / CLOCK_NS_PER_S;
	int64_t max_ns = 0;
	size_t i;

	for (i = 0; i < STORE_LAG_SLOTS; i++) {
		if (second - s->lag[i].second < STORE_LAG_SLOTS &&
		    s->lag[i].lag_ns > max_ns)
			max_ns = s->lag[i].lag_ns;
	}
	return max_ns;
}

void store_probe_begin(struct store *s, struct store_target *cell, int64_t lag_ns)
{
	int64_t now_ns = clock_monotonic_ns();

	if (!cell)
		return;
	write_lock(s);
	cell->stats.probes++;
	lag_note(s, now_ns, lag_ns);
	write_unlock(s);
}

static struct stats_code *code_insert(struct store_target *cell, size_t at, unsigned code)
{
	struct stats_code *codes = cell->codes;

	if (cell->code_count == cell->code_cap) {
		uint16_t cap = cell->code_cap ? cell->code_cap * 2 : 2;

		codes = realloc(codes, cap * sizeof(*codes));
		if (!codes)
			return NULL;
		cell->codes = codes;
		cell->code_cap = cap;
	}
	memmove(codes + at + 1, codes + at, (cell->code_count - at) * sizeof(*codes));
	codes[at] = (struct stats_code){(uint16_t)code, 0};
	cell->code_count++;
	return codes + at;
}

/* Only the 600 status codes that exist have a counter, whatever a peer sends. */
static void code_count(struct store_target *cell, unsigned code)
{
	struct stats_code *c = NULL;
	size_t i = 0;

	if (code < 100 || code > 699)
		return;
	while (i < cell->code_count && cell->codes[i].code < code)
		i++;
	if (i < cell->code_count && cell->codes[i].code == code)
		c = &cell->codes[i];
	else
		c = code_insert(cell, i, code);
	if (c)
		c->count++;
}

static void result_count(const struct store *s, struct store_target *cell,
			 const struct probe_result *result)
{
	struct stats_target *stats = &cell->stats;
	bool answered = result->outcome == PROBE_RESPONSE;

	stats->success = answered && result->verdict != PROBE_DOWN;
	if (!stats->success && (unsigned)result->outcome < PROBE_OUTCOMES)
		stats->failures[result->outcome]++;
	if (stats->success)
		stats->last_success_unix_ns = result->begun_unix_ns;
	if (answered)
		store_observe(s, cell, result);
	if (result->cert_not_after_s > 0)
		stats->cert_not_after_s = result->cert_not_after_s;
	stats->retry_after_s = result->retry_after_s;
	if (result->outcome == PROBE_TLS && cell->tls_failures &&
	    result->tls_cause < TLS_FAILURES)
		cell->tls_failures[result->tls_cause]++;
	stats->retransmissions += result->retransmissions;
	memcpy(stats->phase_ns, result->phase_ns, sizeof(stats->phase_ns));
	stats->priority = result->priority;
	stats->weight = result->weight;
	if (result->registered_until_s >= 0)
		stats->registered_until_s = result->registered_until_s;
	code_count(cell, result->code);
}

/* What a person would want to read; most often it is what was said last time. */
static void say(struct store_target *cell, const struct probe_result *r)
{
	const char *text = r->phrase[0] ? r->phrase : r->detail;

	if (!text[0] && r->outcome != PROBE_RESPONSE && r->err &&
	    r->outcome != PROBE_TIMEOUT)
		text = strerror(r->err);
	if (cell->said ? !strcmp(cell->said, text) : !text[0])
		return;
	said_free(cell);
	/* What nearly all say nearly always is kept once. */
	if (!strcmp(text, said_ok))
		cell->said = said_ok;
	else
		cell->said = text[0] ? strdup(text) : NULL;
}

static void remember(struct store *s, struct store_target *cell,
		     const struct probe_result *r)
{
	int64_t gap_ns = cell->last_unix_ns ? r->begun_unix_ns - cell->last_unix_ns : 0;

	cell->last = history_pack(r, gap_ns);
	cell->last_unix_ns = r->begun_unix_ns;
	history_add(&s->history, cell->track, cell->last);
	say(cell, r);
	touch(s, cell->row);
}

void store_probe_done(struct store *s, struct store_target *cell,
		      const struct probe_result *result)
{
	if (!cell)
		return;
	write_lock(s);
	result_count(s, cell, result);
	remember(s, cell, result);
	write_unlock(s);
}

bool store_ladder_wanted(const struct store *s, const struct store_target *cell,
			 const struct probe_result *result)
{
	return cell && history_wants(&s->history, cell->track, result);
}

void store_ladder(struct store *s, struct store_target *cell,
		  const struct probe_result *result, const struct ladder *ladder)
{
	struct history_ladder *copy = history_ladder_copy(result, ladder);

	if (!copy)
		return;
	write_lock(s);
	history_keep(&s->history, cell->track, copy);
	write_unlock(s);
}

void store_probe_late(struct store *s, struct store_target *cell)
{
	int64_t now_unix_ns = clock_wall_ns();

	if (!cell)
		return;
	write_lock(s);
	cell->stats.late++;
	history_late(cell->track, now_unix_ns);
	write_unlock(s);
}

void store_stray(struct store *s, enum engine_stray why)
{
	if ((unsigned)why >= ENGINE_STRAYS)
		return;
	write_lock(s);
	s->exporter.stray[why]++;
	write_unlock(s);
}

void store_shard(struct store *s, const struct config_shard *shard)
{
	write_lock(s);
	s->exporter.total_shards = shard->total;
	snprintf(s->exporter.shard, sizeof(s->exporter.shard), "shard=\"%u\"",
		 shard->index);
	write_unlock(s);
}

void store_reload(struct store *s, bool successful, int64_t now_unix_ns)
{
	write_lock(s);
	s->exporter.reload_seen = true;
	s->exporter.reload_successful = successful;
	if (successful) {
		s->exporter.reload_success_unix_ns = now_unix_ns;
		s->exporter.tls_files_stale = false;
	}
	write_unlock(s);
	if (successful)
		atomic_store(&s->ready, true);
}

bool store_ready(struct store *s)
{
	return atomic_load(&s->ready);
}

void store_listen_certificate(struct store *s, const char *file, int64_t not_after_s)
{
	struct buffer text = {0};

	if (file)
		store_text_file(&text, file);
	write_lock(s);
	s->exporter.listen_not_after_s = 0;
	if (file && !text.err && text.len < sizeof(s->exporter.listen_file)) {
		memcpy(s->exporter.listen_file, text.data, text.len);
		s->exporter.listen_file[text.len] = '\0';
		s->exporter.listen_not_after_s = not_after_s;
	}
	write_unlock(s);
	buffer_clear(&text);
}

void store_tls_files(struct store *s, bool stale)
{
	write_lock(s);
	s->exporter.tls_files_stale = stale;
	write_unlock(s);
}
