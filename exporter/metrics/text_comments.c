#include "exporter/metrics/text_comments.h"

#include <string.h>

static void text_comments_begin(struct buffer *out, const char *word, struct slice name)
{
	buffer_str(out, word);
	buffer_add(out, name.p, name.l);
	buffer_add(out, " ", 1);
}

static void text_comments_escape(struct buffer *out, const char *text,
				 const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		buffer_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		buffer_add(out, "\\", 1);
		buffer_add(out, *text == '\n' ? "n" : text, 1);
		text++;
	}
}

void text_comments_help(struct buffer *out, struct slice name, const char *help,
			bool quotes)
{
	text_comments_begin(out, "# HELP ", name);
	text_comments_escape(out, help, quotes ? "\\\n\"" : "\\\n");
	buffer_add(out, "\n", 1);
}

void text_comments_type(struct buffer *out, struct slice name, const char *type)
{
	text_comments_begin(out, "# TYPE ", name);
	buffer_str(out, type);
	buffer_add(out, "\n", 1);
}

void text_comments_unit(struct buffer *out, struct slice name, const char *unit)
{
	text_comments_begin(out, "# UNIT ", name);
	buffer_str(out, unit);
	buffer_add(out, "\n", 1);
}
