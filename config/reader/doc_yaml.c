/* YAML: libyaml's events become the tree that a text in JSON would be. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "config/reader/doc_private.h"
#include "config/reader/yaml_core.h"

/* One list or mapping that is open. */
struct frame {
	cJSON *item;
	const char *key; /* of the member under way; NULL: its key comes next */
	size_t key_offset;
};

struct yaml {
	struct doc *d;
	struct report *r;
	yaml_parser_t parser;
	size_t chars, bytes; /* one place, as libyaml's marks count and as we do */
	unsigned documents;
	unsigned depth;
	struct frame frame[DOC_DEPTH_MAX];
	struct doc_path spot[DOC_DEPTH_MAX + 1]; /* of the value under way, by depth */
};

static bool yaml_wants_key(const struct yaml *y)
{
	const struct frame *f = y->depth ? &y->frame[y->depth - 1] : NULL;

	return f && cJSON_IsObject(f->item) && !f->key;
}

__attribute__((format(printf, 3, 4))) static int yaml_fault(struct yaml *y, size_t offset,
							    const char *fmt, ...)
{
	/* Before its key a mapping has no member to point at. */
	const struct doc_path *at = &y->spot[y->depth - yaml_wants_key(y)];
	va_list ap;

	va_start(ap, fmt);
	report_offset(y->r, y->d, at, offset, fmt, ap);
	va_end(ap);
	return y->r->err ? y->r->err : EINVAL;
}

/* Marks count characters. They mostly rise; going back is as cheap. */
static size_t yaml_offset(struct yaml *y, const yaml_mark_t *mark)
{
	const char *text = y->d->text;

	for (; y->chars < mark->index && y->bytes < y->d->len; y->chars++)
		y->bytes += utf8_length(text + y->bytes, y->d->len - y->bytes);
	for (; y->chars > mark->index; y->chars--)
		do
			y->bytes--;
		while (((unsigned char)text[y->bytes] & 0xc0) == 0x80);
	return y->bytes;
}

/* The characters that YAML allows, in UTF-8: libyaml's marks can be trusted then. */
static int yaml_check_text(struct yaml *y)
{
	const struct doc *d = y->d;
	size_t len;

	for (size_t at = 0; at < d->len; at += len) {
		unsigned char b = (unsigned char)d->text[at];

		len = utf8_length(d->text + at, d->len - at);
		if (!len)
			return yaml_fault(y, at, "byte 0x%02x is not valid UTF-8", b);
		if (!b)
			return yaml_fault(y, at, "a NUL byte");
		if ((b < 0x20 && !strchr("\t\r\n", b)) || b == 0x7f)
			return yaml_fault(y, at,
					  "control character 0x%02x; in double quotes it "
					  "is written as \\x%02x",
					  b, b);
	}
	return 0;
}

static int yaml_syntax_fault(struct yaml *y)
{
	const yaml_parser_t *p = &y->parser;
	char begun[48] = "";
	size_t offset;

	if (p->error == YAML_MEMORY_ERROR)
		return ENOMEM;
	/* The parser reads ahead of the events: the path would be another value's. */
	y->depth = 0;
	if (p->error == YAML_READER_ERROR)
		return yaml_fault(y, p->problem_offset, "%s", p->problem);
	offset = yaml_offset(y, &p->problem_mark);
	if (p->context && p->context_mark.line != p->problem_mark.line)
		snprintf(begun, sizeof(begun), " from line %zu",
			 p->context_mark.line + 1);
	return yaml_fault(y, offset, "%s%s%s%s%s", p->context ? p->context : "", begun,
			  p->context ? ": " : "", p->problem,
			  offset < y->d->len && y->d->text[offset] == '\t'
				  ? " (a tab; spaces indent)"
				  : "");
}

/* A value has ended. */
static void yaml_close_value(struct yaml *y)
{
	if (!y->depth)
		return;
	y->frame[y->depth - 1].key = NULL;
	y->spot[y->depth].key = NULL;
	y->spot[y->depth].index++;
}

/* Puts an item where it belongs. @item: or NULL, when memory ran out */
static int yaml_put(struct yaml *y, cJSON *item, size_t offset)
{
	struct frame *f = y->depth ? &y->frame[y->depth - 1] : NULL;
	struct doc *d = y->d;

	if (!item || doc_node_add(d, offset, f && f->key ? f->key_offset : DOC_NO_KEY))
		return ENOMEM;
	item->valueint = (int)d->count - 1;
	if (!f)
		d->tree = item;
	else if (f->key)
		cJSON_AddItemToObjectCS(f->item, f->key, item);
	else
		cJSON_AddItemToArray(f->item, item);
	return 0;
}

static int yaml_key(struct yaml *y, const char *text, size_t offset)
{
	struct frame *f = &y->frame[y->depth - 1];

	f->key = arena_copy(&y->d->arena, text, strlen(text));
	f->key_offset = offset;
	y->spot[y->depth].key = f->key;
	return f->key ? 0 : ENOMEM;
}

/* A string, or by the core schema; numbers and flags keep their text. */
static cJSON *yaml_scalar_item(struct yaml *y, enum yaml_core is, double number,
			       const char *text)
{
	cJSON *item;

	if (is == YAML_CORE_TEXT)
		return cJSON_CreateString(text);
	if (is == YAML_CORE_NULL)
		return cJSON_CreateNull();
	item = is == YAML_CORE_NUMBER ? cJSON_CreateNumber(number)
				      : cJSON_CreateBool(is == YAML_CORE_TRUE);
	if (item)
		item->valuestring = arena_copy(&y->d->arena, text, strlen(text));
	return item && item->valuestring ? item : NULL;
}

static int yaml_scalar(struct yaml *y, const yaml_event_t *e, size_t offset)
{
	const char *text = (const char *)e->data.scalar.value;
	enum yaml_core is = YAML_CORE_TEXT;
	double number = 0;
	int err;

	if (strlen(text) != e->data.scalar.length)
		return yaml_fault(y, offset, "\\0 has no place in a configuration");
	if (yaml_wants_key(y))
		return yaml_key(y, text, offset);
	if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		is = yaml_core_resolve(&number, text);
	if (is == YAML_CORE_NOT_FINITE)
		return yaml_fault(y, offset,
				  ".inf and .nan are no numbers here; text stands in "
				  "quotes");
	err = yaml_put(y, yaml_scalar_item(y, is, number, text), offset);
	if (!err)
		yaml_close_value(y);
	return err;
}

static int yaml_open(struct yaml *y, cJSON *item, size_t offset)
{
	int err;

	if (yaml_wants_key(y))
		return yaml_fault(y, offset, "a key is a text, not a list or a mapping");
	if (y->depth == DOC_DEPTH_MAX)
		return yaml_fault(y, offset,
				  "more than %d arrays and objects inside each other",
				  DOC_DEPTH_MAX);
	err = yaml_put(y, item, offset);
	if (err)
		return err;
	y->frame[y->depth++] = (struct frame){.item = item};
	y->spot[y->depth] = (struct doc_path){.up = &y->spot[y->depth - 1]};
	return 0;
}

/* Says which of the things that JSON has not an event brings; NULL: none. */
static const char *yaml_beyond(const yaml_event_t *e)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return "aliases (*name) are not taken; write the value out";
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (tag)
		return "tags (!name) are not taken";
	return anchor ? "anchors (&name) are not taken" : NULL;
}

static int yaml_event(struct yaml *y, const yaml_event_t *e)
{
	size_t offset = yaml_offset(y, &e->start_mark);
	const char *beyond = yaml_beyond(e);

	if (beyond)
		return yaml_fault(y, offset, "%s", beyond);
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return y->documents++ ? yaml_fault(y, offset, "a second document") : 0;
	case YAML_SCALAR_EVENT:
		return yaml_scalar(y, e, offset);
	case YAML_SEQUENCE_START_EVENT:
		return yaml_open(y, cJSON_CreateArray(), offset);
	case YAML_MAPPING_START_EVENT:
		return yaml_open(y, cJSON_CreateObject(), offset);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		y->depth--;
		yaml_close_value(y);
		return 0;
	default:
		return 0;
	}
}

static int yaml_events(struct yaml *y)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	int err = 0;

	while (!err && type != YAML_STREAM_END_EVENT) {
		yaml_event_t e = {YAML_NO_EVENT};

		if (!yaml_parser_parse(&y->parser, &e))
			return yaml_syntax_fault(y);
		type = e.type;
		err = yaml_event(y, &e);
		if (type == YAML_SCALAR_EVENT)
			explicit_bzero(e.data.scalar.value, e.data.scalar.length);
		yaml_event_delete(&e);
	}
	/* No document at all. */
	if (!err && !y->d->tree)
		err = yaml_put(y, cJSON_CreateNull(), 0);
	return err;
}

/* Passwords may be in what libyaml holds: its buffers, tokens read ahead of events. */
static void yaml_wipe(yaml_parser_t *p)
{
	explicit_bzero(p->raw_buffer.start,
		       (size_t)(p->raw_buffer.end - p->raw_buffer.start));
	explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
	for (yaml_token_t *t = p->tokens.head; t != p->tokens.tail; t++)
		if (t->type == YAML_SCALAR_TOKEN)
			explicit_bzero(t->data.scalar.value, t->data.scalar.length);
}

static int yaml_run(struct yaml *y)
{
	int err;

	if (!yaml_parser_initialize(&y->parser))
		return ENOMEM;
	yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->parser, (const unsigned char *)y->d->text,
				     y->d->len);
	doc_cjson_arena(&y->d->arena);
	err = yaml_events(y);
	doc_cjson_arena(NULL);
	yaml_wipe(&y->parser);
	yaml_parser_delete(&y->parser);
	return err;
}

int doc_yaml_parse(struct doc *d, struct report *r)
{
	struct yaml y = {.d = d, .r = r};
	int err;

	/* YAML may begin with a byte order mark. */
	if (d->len >= 3 && !memcmp(d->text, "\xef\xbb\xbf", 3)) {
		d->text += 3;
		d->len -= 3;
	}
	if (doc_is_utf16(d))
		return yaml_fault(&y, 0, DOC_UTF16_FAULT);
	err = yaml_check_text(&y);
	return err ? err : yaml_run(&y);
}
