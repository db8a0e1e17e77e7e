#include "exporter/app_changes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "exporter/store/changes.h"

static bool app_changes_leaves(enum config_turn turn)
{
	return turn == CONFIG_TURN_REMOVED || turn == CONFIG_TURN_PAUSED;
}

int app_changes_take(struct app_changes *c, struct store *store, struct config_diff *diff)
{
	*c = (struct app_changes){.diff = *diff};
	*diff = (struct config_diff){0};
	c->down_unix_ns = calloc(c->diff.count + 1, sizeof(*c->down_unix_ns));
	if (!c->down_unix_ns)
		return ENOMEM;
	for (size_t i = 0; i < c->diff.count; i++)
		if (app_changes_leaves(c->diff.list[i].turn))
			c->down_unix_ns[i] = store_down_since_unix_ns(
				store, c->diff.list[i].trunk->name);
	return 0;
}

int app_changes_prepare(const struct app_changes *c, struct store *store)
{
	int err = 0;

	for (size_t i = 0; i < c->diff.count && !err; i++)
		if (c->diff.list[i].turn != CONFIG_TURN_REMOVED)
			err = store_prepare(store, c->diff.list[i].trunk);
	return err;
}

void app_changes_clear(struct app_changes *c)
{
	config_diff_clear(&c->diff);
	free(c->down_unix_ns);
	*c = (struct app_changes){0};
}

static void app_changes_log_leavers(const struct app_changes *c)
{
	int64_t now_ns = clock_wall_ns();
	char since[DATE_BYTES];

	for (size_t i = 0; i < c->diff.count; i++) {
		const struct config_turned *t = &c->diff.list[i];
		int64_t down_ns = c->down_unix_ns[i];

		if (!down_ns)
			continue;
		log_event(LOG_LEVEL_WARN,
			  t->turn == CONFIG_TURN_PAUSED ? "trunk was paused while down"
							: "trunk was removed while down",
			  LOG_S("trunk", t->trunk->name),
			  LOG_S("since", date_print(since, down_ns / CLOCK_NS_PER_S)),
			  LOG_SEC("after", now_ns - down_ns));
	}
}

static const char *const names_keys[CONFIG_TURNS] = {
	[CONFIG_TURN_ADDED] = "added_names",	 [CONFIG_TURN_REMOVED] = "removed_names",
	[CONFIG_TURN_CHANGED] = "changed_names", [CONFIG_TURN_PAUSED] = "paused_names",
	[CONFIG_TURN_RESUMED] = "resumed_names",
};

static void app_changes_log(const struct changes *c, const struct config *now)
{
	struct log_field fields[2 + 2 * CONFIG_TURNS + 1] = {
		LOG_S("config", now->path),
		LOG_I("trunks", (int64_t)now->trunk_count),
	};
	struct buffer names[CONFIG_TURNS] = {0};
	size_t n = 2;

	for (size_t i = 0; i < CONFIG_TURNS; i++)
		fields[n++] = LOG_I(config_turn_name((enum config_turn)i),
				    (int64_t)c->counts[i]);
	for (size_t i = 0; i < CONFIG_TURNS; i++) {
		changes_names(&names[i], c, (enum config_turn)i);
		buffer_add(&names[i], "", 1);
		if (c->counts[i] && !names[i].err)
			fields[n++] = LOG_S(names_keys[i], names[i].data);
	}
	log_write(LOG_LEVEL_INFO, "configuration reloaded", fields);
	for (size_t i = 0; i < CONFIG_TURNS; i++)
		buffer_clear(&names[i]);
}

/* "2 added: a, b"; a name is anybody's, and stays on its line. */
static void app_changes_print(const struct changes *c, FILE *out)
{
	fputs("reloaded\n", out);
	for (size_t i = 0; i < CONFIG_TURNS; i++) {
		struct buffer names = {0};

		if (!c->counts[i])
			continue;
		changes_names(&names, c, (enum config_turn)i);
		fprintf(out, "%zu %s: ", c->counts[i],
			config_turn_name((enum config_turn)i));
		for (size_t k = 0; k < names.len; k++)
			fputc((unsigned char)names.data[k] < ' ' ? '?' : names.data[k],
			      out);
		fputc('\n', out);
		buffer_clear(&names);
	}
}

void app_changes_tell(const struct app_changes *c, struct store *store,
		      const struct config *now, FILE *out)
{
	struct changes changes;

	app_changes_log_leavers(c);
	/* Without memory for the names there are counts. */
	(void)changes_make(&changes, &c->diff, clock_wall_ns());
	app_changes_log(&changes, now);
	if (out)
		app_changes_print(&changes, out);
	changes_keep(store, &changes);
}
