/* The lines that describe a family, byte for byte, in both escapes. */
#include "exporter/metrics/text_comments.h"
#include "tests/unit/tap.h"

static const struct {
	const char *help;
	const char *text;	 /* format 0.0.4 */
	const char *openmetrics; /* format 1.0.0 */
} helps[] = {
	{"", "# HELP up \n", "# HELP up \n"},
	{"Plain text.", "# HELP up Plain text.\n", "# HELP up Plain text.\n"},
	{"two\nlines", "# HELP up two\\nlines\n", "# HELP up two\\nlines\n"},
	{"a\\n", "# HELP up a\\\\n\n", "# HELP up a\\\\n\n"},
	{"say \"no\"", "# HELP up say \"no\"\n", "# HELP up say \\\"no\\\"\n"},
	{"\n", "# HELP up \\n\n", "# HELP up \\n\n"},
};

static void is_line(struct buffer *b, const char *want, const char *name)
{
	buffer_add(b, "", 1);
	is_str(b->data, want, name);
	buffer_clear(b);
}

int main(void)
{
	const struct slice up = SLICE("up");
	struct buffer b = {0};

	for (size_t i = 0; i < sizeof(helps) / sizeof(*helps); i++) {
		text_comments_help(&b, up, helps[i].help, false);
		is_line(&b, helps[i].text, "as text");
		text_comments_help(&b, up, helps[i].help, true);
		is_line(&b, helps[i].openmetrics, "as OpenMetrics");
	}
	text_comments_type(&b, up, "gauge");
	text_comments_unit(&b, (struct slice){"up_seconds and more", 10}, "seconds");
	is_line(&b, "# TYPE up gauge\n# UNIT up_seconds seconds\n", "type and unit");
	return tap_done();
}
