/* The store's rows: a trunk's labels, state and addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "exporter/store/store_rows.h"
#include "exporter/store/store_text.h"

static void store_trunk_more_free(struct store_trunk_more *more)
{
	if (!more)
		return;
	if (more->texts) {
		free(more->texts->own_file);
		free(more->texts->dns_failure);
		free(more->texts->dns_note);
	}
	free(more->inbound);
	free(more->texts);
	free(more->outage);
	free(more->course);
	free(more->bill);
	free(more);
}

static void store_trunk_free(struct store_trunk *row)
{
	store_trunk_more_free(row->more);
	free(row);
}

static struct store_trunk *store_trunk_trunk_alloc(const struct buffer *labels,
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
	SLIST_INIT(&row->targets);
	return row;
}

/* As the wall clock is now; whoever keeps to it tells of changes. */
static void store_trunk_pause(struct stats_trunk *stats, const struct config_settings *s)
{
	stats->paused = s && config_pause_at(&s->pause, clock_wall_ns() / CLOCK_NS_PER_S);
	stats->paused_until_s = stats->paused ? s->pause.until_s : 0;
}

static struct store_trunk *store_trunk_make(struct store *s,
					    const struct config_trunk *trunk)
{
	struct buffer *labels = store_text_anew(&s->label_text);
	struct buffer *info = store_text_anew(&s->info_text);
	struct config_uri uri;
	bool valid = !config_uri_parse(trunk->uri, &uri);
	struct config_uri hop = {0};
	struct store_trunk *row;

	store_text_trunk(labels, trunk);
	store_text_info(info, trunk, valid ? &uri : NULL);
	row = store_trunk_trunk_alloc(labels, info);
	if (!row)
		return NULL;
	row->stats.named =
		!config_uri_parse(trunk->settings ? config_trunk_hop(trunk) : trunk->uri,
				  &hop) &&
		!hop.ipv4 && !hop.ipv6;
	row->stats.state = HEALTH_UNKNOWN;
	row->stats.inbound_missing = -1;
	row->stats.calls =
		trunk->settings && trunk->settings->methods >> CONFIG_METHOD_INVITE & 1;
	row->conf = trunk;
	if (row->stats.calls && store_trunk_more_room(row))
		row->more->bill = calloc(1, sizeof(*row->more->bill));
	if (store_bill_of(row) || !row->stats.calls)
		return row;
	store_trunk_free(row);
	return NULL;
}

int store_prepare(struct store *s, const struct config_trunk *trunk)
{
	struct store_trunk *row = store_trunk_make(s, trunk);
	int err;

	if (!row)
		return ENOMEM;
	store_write_lock(s);
	err = name_index_reserve(&s->names, s->prepared_count + 1);
	store_write_unlock(s);
	if (err) {
		store_trunk_free(row);
		return err;
	}
	TAILQ_INSERT_TAIL(&s->prepared, row, entry);
	s->prepared_count++;
	return 0;
}

static void store_trunk_unprepare(struct store *s, struct store_trunk *row)
{
	TAILQ_REMOVE(&s->prepared, row, entry);
	s->prepared_count--;
}

void store_prepared_drop(struct store *s)
{
	struct store_trunk *next;

	for (struct store_trunk *row = TAILQ_FIRST(&s->prepared); row; row = next) {
		next = TAILQ_NEXT(row, entry);
		store_trunk_free(row);
	}
	TAILQ_INIT(&s->prepared);
	s->prepared_count = 0;
}

/* The one that was made for it, which is the first if they come in order; or a new one.
 */
static struct store_trunk *store_trunk_take(struct store *s,
					    const struct config_trunk *trunk)
{
	struct store_trunk *row;

	TAILQ_FOREACH(row, &s->prepared, entry) {
		if (row->conf != trunk)
			continue;
		store_trunk_unprepare(s, row);
		return row;
	}
	return store_trunk_make(s, trunk);
}

void *store_trunk_note(struct store_trunk *row)
{
	return row->note;
}

const struct config_trunk *store_trunk_conf(const struct store_trunk *row)
{
	return row->conf;
}

const struct config_trunk *store_target_conf(const struct store_target *cell)
{
	return cell->row->conf;
}

struct store_trunk *store_trunk_add(struct store *s, const struct config_trunk *trunk)
{
	struct store_trunk *row = store_trunk_take(s, trunk);

	if (!row)
		return NULL;
	row->since_boot_ns = clock_boot_ns();
	store_trunk_pause(&row->stats, trunk->settings);

	store_write_lock(s);
	TAILQ_INSERT_TAIL(&s->trunks, row, entry);
	(void)name_index_put(&s->names, row);
	store_touch(s, row);
	s->exporter.trunks++;
	s->exporter.calls |= row->stats.calls;
	s->generation++;
	store_write_unlock(s);
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
	store_write_lock(s);
	row->conf = trunk;
	TAILQ_REMOVE(&s->trunks, row, entry);
	TAILQ_INSERT_TAIL(&s->trunks, row, entry);
	s->generation++;
	store_write_unlock(s);
}

void store_trunk_remove(struct store *s, struct store_trunk *row)
{
	struct store_target *cell;

	if (!row)
		return;
	store_write_lock(s);
	TAILQ_REMOVE(&s->trunks, row, entry);
	name_index_remove(&s->names, row);
	SLIST_FOREACH(cell, &row->targets, entry)
		history_track_free(&s->history, cell->track);
	if (row->more)
		traced_forget(&s->traces, &row->more->traced);
	s->exporter.trunks--;
	s->target_count -= row->target_count;
	s->generation++;
	store_write_unlock(s);

	while ((cell = SLIST_FIRST(&row->targets)) != NULL) {
		SLIST_REMOVE_HEAD(&row->targets, entry);
		store_target_free(s, cell);
	}
	store_trunk_free(row);
}

void store_follow_wall(struct store *s)
{
	s->wall_offset_ns =
		clock_follow_offset_ns(s->wall_offset_ns, clock_wall_offset_ns());
}

int64_t store_since_unix_ns(const struct store *s, const struct store_trunk *row)
{
	return row->since_boot_ns + s->wall_offset_ns;
}

int64_t store_down_since_unix_ns(struct store *s, const char *name)
{
	const struct store_trunk *row;
	int64_t since_unix_ns = 0;

	store_read_lock(s);
	store_follow_wall(s);
	row = name_index_find(&s->names, name);
	if (row && row->stats.state == HEALTH_DOWN)
		since_unix_ns = store_since_unix_ns(s, row);
	store_read_unlock(s);
	return since_unix_ns;
}

/* Made at the first need, with the lock held. NULL without memory. */
static struct store_course *store_trunk_course(struct store_trunk *row)
{
	if (store_trunk_more_room(row) && !row->more->course)
		row->more->course = calloc(1, sizeof(*row->more->course));
	return store_course_of(row);
}

/* With the lock held, before the change. The first one is noted when there is another. */
static void store_trunk_note_change(struct store *s, struct store_trunk *row,
				    uint32_t since_s)
{
	uint32_t n = row->stats.state_changes;
	struct store_course *course = n ? store_trunk_course(row) : NULL;

	if (!course)
		return;
	if (n == 1)
		course->changes_s[0] =
			(uint32_t)(store_since_unix_ns(s, row) / CLOCK_NS_PER_S);
	course->changes_s[n % PROBLEMS_FLAPS] = since_s;
	if (row->stats.state == HEALTH_DOWN)
		course->down_until_s = since_s;
}

void store_trunk_state(struct store *s, struct store_trunk *row,
		       const struct engine_change *change, int64_t since_unix_ns)
{
	uint32_t since_s = (uint32_t)(since_unix_ns / CLOCK_NS_PER_S);

	if (!row)
		return;
	store_write_lock(s);
	store_trunk_note_change(s, row, since_s);
	store_outage_follow(s, row, change);
	row->stats.state = (uint8_t)change->to;
	row->stats.state_changes++;
	store_follow_wall(s);
	row->since_boot_ns = since_unix_ns - s->wall_offset_ns;
	store_touch(s, row);
	store_write_unlock(s);
}

void store_trunk_paused(struct store *s, struct store_trunk *row, bool paused,
			int64_t until_s)
{
	int64_t now_ns = clock_boot_ns();

	if (!row)
		return;
	store_write_lock(s);
	if (paused != row->stats.paused) {
		store_outage_follow(s, row,
				    &(struct engine_change){.to = HEALTH_UNKNOWN});
		row->stats.state = HEALTH_UNKNOWN;
		row->stats.inbound_missing = -1;
		row->since_boot_ns = now_ns;
	}
	row->stats.paused = paused;
	row->stats.paused_until_s = paused ? until_s : 0;
	store_touch(s, row);
	store_write_unlock(s);
}

void store_trunk_addresses(struct store *s, struct store_trunk *row, unsigned total,
			   unsigned up)
{
	if (!row)
		return;
	store_write_lock(s);
	row->stats.addresses = (uint16_t)total;
	row->stats.addresses_up = (uint16_t)up;
	row->stats.addresses_known = true;
	store_touch(s, row);
	store_write_unlock(s);
}

/* Made at the first need. Returns NULL without memory. */
static struct store_texts *store_trunk_texts(struct store *s, struct store_trunk *row)
{
	if (store_texts_of(row))
		return store_texts_of(row);
	store_write_lock(s);
	if (store_trunk_more_room(row))
		row->more->texts = calloc(1, sizeof(*row->more->texts));
	store_write_unlock(s);
	return store_texts_of(row);
}

/* Only this thread replaces a word; who reads does so with the lock. */
static void store_trunk_set_word(struct store *s, char **word, const char *text)
{
	char *old = *word, *new;

	if (old && !strcmp(old, text))
		return;
	new = strdup(text);
	store_write_lock(s);
	*word = new;
	store_write_unlock(s);
	free(old);
}

void store_trunk_dns_failed(struct store *s, struct store_trunk *row, const char *detail,
			    enum dns_hint hint)
{
	int64_t now_unix_ns = clock_wall_ns();
	struct store_texts *texts = row ? store_trunk_texts(s, row) : NULL;
	struct store_course *course;

	if (!row)
		return;
	if (texts)
		store_trunk_set_word(s, &texts->dns_failure, detail);
	store_write_lock(s);
	row->stats.dns_failures++;
	course = store_trunk_course(row);
	if (course) {
		course->dns_hint = (uint8_t)hint;
		course->dns_failed_before_ns = course->dns_failed_unix_ns;
		course->dns_failed_unix_ns = now_unix_ns;
	}
	store_touch(s, row);
	store_write_unlock(s);
}

void store_trunk_resolved(struct store *s, struct store_trunk *row, const char *note)
{
	struct store_texts *texts = row ? store_texts_of(row) : NULL;

	if (row && !texts && *note)
		texts = store_trunk_texts(s, row);
	if (texts && (*note || texts->dns_note))
		store_trunk_set_word(s, &texts->dns_note, note);
}

void store_trunk_certificate(struct store *s, struct store_trunk *row, const char *file,
			     const struct tls_own *own)
{
	struct store_texts *texts = row ? store_trunk_texts(s, row) : NULL;
	struct buffer text = {0};

	if (!texts)
		return;
	/* The file's name is part of the trunk's description: it never changes. */
	if (!texts->own_file) {
		store_text_file(&text, file);
		buffer_add(&text, "", 1);
		if (!text.err)
			store_trunk_set_word(s, &texts->own_file, text.data);
		buffer_clear(&text);
	}
	store_write_lock(s);
	texts->own = *own;
	store_touch(s, row);
	store_write_unlock(s);
}

void store_trunk_inbound(struct store *s, struct store_trunk *row, bool missing)
{
	if (!row)
		return;
	store_write_lock(s);
	row->stats.inbound_missing = missing;
	store_touch(s, row);
	store_write_unlock(s);
}
