/* What the last reload changed. */
#include <string.h>

#include "exporter/pages/api.h"
#include "exporter/store/changes.h"

static void api_changes_put_turn(struct json *j, const struct changes *c,
				 enum config_turn turn)
{
	const struct buffer *names = &c->names[turn];

	json_open(j, config_turn_name(turn), '{');
	json_number(j, "count", (int64_t)c->counts[turn], 0);
	json_open(j, "names", '[');
	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1)
		json_str(j, NULL, names->data + at);
	json_close(j, ']');
	json_close(j, '}');
}

int api_put_changes(struct json *j, struct store *s)
{
	struct changes c;
	int err = changes_take(&c, s);

	if (err)
		return err;
	if (!c.at_unix_ns) {
		json_null(j, "last_reload");
		return 0;
	}
	json_open(j, "last_reload", '{');
	json_time(j, "at_unix_s", c.at_unix_ns);
	for (size_t i = 0; i < CONFIG_TURNS; i++)
		api_changes_put_turn(j, &c, (enum config_turn)i);
	json_close(j, '}');
	changes_clear(&c);
	return 0;
}
