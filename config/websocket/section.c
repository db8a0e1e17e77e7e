/* Settings of the handshake. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/reader/schema.h"
#include "config/reader/types.h"
#include "config/reader/value.h"
#include "config/websocket/websocket.h"

#define WEBSOCKET(m) .offset = offsetof(struct config_websocket, m)

static bool read_path(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const char *text = type_take_text(w, f, at);
	const char *why = text ? websocket_path_fault(text) : NULL;

	/* Without the path itself: its query may be a secret. */
	if (why)
		return walk_fault(w, at, "%s", why);
	return text && type_keep_text(w, f, base, text);
}

static void schema_path(struct schema *s, const struct field *f)
{
	schema_text(s, f->min, f->max);
	schema_string(s, "pattern", "^/[!$-;=?-\\[\\]_a-z~]*$");
}

static const struct value_type type_path = {sizeof(char *), read_path, schema_path,
					    type_equal_text};

/* A text that stands in a line of HTTP as it is; null for none. */
static bool read_token(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	const char *text;

	if (cJSON_IsNull(at->node)) {
		*TYPE_AT(const char *, base, f) = NULL;
		return true;
	}
	text = type_take_text(w, f, at);
	for (const char *p = text; p && *p; p++)
		if (*p <= ' ' || *p > 0x7e)
			return walk_fault(w, at,
					  "holds a space, or a character that is not "
					  "ASCII");
	return text && type_keep_text(w, f, base, text);
}

static void schema_token(struct schema *s, const struct field *f)
{
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_text(s, f->min, f->max);
	schema_string(s, "pattern", "^[!-~]+$");
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "null");
	schema_close(s, '}');
	schema_close(s, ']');
}

static const struct value_type type_token = {sizeof(char *), read_token, schema_token,
					     type_equal_text};

/* Fields that the handshake writes itself, and what to do instead. */
static const struct {
	const char *name;
	const char *instead;
} owned[] = {
	{"Host", "Host is set with \"host\""},
	{"Origin", "Origin is set with \"origin\""},
	{"User-Agent", "User-Agent is set with \"user_agent\" of the trunk"},
	{"Upgrade", "the handshake writes Upgrade itself"},
	{"Connection", "the handshake writes Connection itself"},
	{"Content-Length", "the handshake has no body"},
	{"Transfer-Encoding", "the handshake has no body"},
	{"Expect", "the handshake has no body"},
};

/* RFC 9110 5.6.2 */
static bool is_token(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p > 0x7e || (!isalnum(*p) && !strchr("!#$%&'*+-.^_`|~", *p)))
			return false;
	return *text && strlen(text) <= 128;
}

static const char *check_header_name(const char *text)
{
	if (!is_token(text))
		return "a field's name is 1 to 128 letters, digits and !#$%&'*+-.^_`|~";
	if (!strncasecmp(text, "Sec-WebSocket-", 14))
		return "the handshake writes Sec-WebSocket- fields itself";
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		if (!strcasecmp(text, owned[i].name))
			return owned[i].instead;
	return NULL;
}

/* Any may be a secret (Authorization, Cookie): what is wrong is said without it. */
static const char *check_header_value(const char *name, const char *value)
{
	(void)name;
	if (strlen(value) > 1024)
		return "is longer than 1024 bytes";
	return value_printable(value);
}

/* A regular expression for a name in any case: JSON Schema has no flag for that. */
static void schema_any_case(FILE *out, const char *name)
{
	for (; *name; name++) {
		if (isalpha((unsigned char)*name))
			fprintf(out, "[%c%c]", tolower((unsigned char)*name),
				toupper((unsigned char)*name));
		else
			fputc(*name, out);
	}
}

static void schema_header_names(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 128);
	schema_raw(s, "pattern", "\"^(?!");
	schema_any_case(s->out, "Sec-WebSocket-");
	fputs(")(?!(", s->out);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		fputs(i ? "|" : "", s->out);
		schema_any_case(s->out, owned[i].name);
	}
	fputs(")$)[A-Za-z0-9!#$%&'*+.^_`|~-]+$\"", s->out);
}

static const struct pairs_type pairs_fields = {
	.noun = "header",
	.check_name = check_header_name,
	.check_value = check_header_value,
	.schema = schema_header_names,
	.any_case = true,
	.value_max = 1024,
};

static const struct field fields_websocket[] = {
	{.key = "path",
	 .about = "path that is asked for, with its query",
	 .type = &type_path,
	 WEBSOCKET(path),
	 .min = 1,
	 .max = 1024,
	 .initial = "\"/\""},
	{.key = "origin",
	 .about = "Origin that is sent, as in \"https://phones.example\"; none when not "
		  "given, or null",
	 .type = &type_token,
	 WEBSOCKET(origin),
	 .min = 1,
	 .max = 255},
	{.key = "host",
	 .about = "Host that is sent; host and port of the URI when not given, or null",
	 .type = &type_token,
	 WEBSOCKET(host),
	 .min = 1,
	 .max = 255},
	{.key = "headers",
	 .about = "more header fields of the request, in order",
	 .type = &type_pairs,
	 WEBSOCKET(headers),
	 .beside = offsetof(struct config_websocket, header_count),
	 .max = 16,
	 .more = &pairs_fields},
};

const struct section section_websocket = {
	.name = "websocket",
	.about = "handshake of the transports ws and wss; merged key by key over the "
		 "levels",
	SECTION_ROWS(fields_websocket),
};
