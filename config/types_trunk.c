/* Types of values that say how a trunk's requests are made and sent. */
#include <stdlib.h>
#include <string.h>

#include "config/preset.h"
#include "config/reader/schema.h"
#include "config/types.h"
#include "config/uri.h"
#include "config/value.h"

#define AT TYPE_AT
#define IN TYPE_IN

static bool read_template_at(struct walk *w, const struct doc_path *at, const char **out)
{
	const char *text = doc_text(at->node), *why;

	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a SIP URI, as in \"sip:sbc.example\"");
	why = value_template(text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	text = walk_keep(w, text);
	if (text)
		*out = text;
	return text;
}

static bool read_template(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	return read_template_at(w, at, AT(const char *, base, f));
}

const struct value_type type_template = {sizeof(char *), read_template, type_schema_uri,
					 type_equal_text};

static bool read_template_item(struct walk *w, const struct field *f,
			       const struct doc_path *at, void *item)
{
	(void)f;
	return read_template_at(w, at, item);
}

static bool type_equal_text_item(const void *a, const void *b)
{
	return !strcmp(*(const char *const *)a, *(const char *const *)b);
}

const struct list_type list_templates = {
	.size = sizeof(char *),
	.read = read_template_item,
	.schema = type_schema_uri,
	.equal = type_equal_text_item,
};

/* One without the other is enough: an address with any port, a port on any address. */
static const char *const any_local[] = {"address", "port", NULL};

static bool read_address(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *base)
{
	const char *text = doc_text(at->node), *why;

	if (!doc_text(at->node))
		return walk_type_fault(w, at, "an address, as in \"192.0.2.1\"");
	why = value_address(text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	text = walk_keep(w, text);
	if (text)
		*AT(const char *, base, f) = text;
	return text;
}

static void schema_address(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^([0-9.]+|[0-9A-Fa-f:.]+(%.+)?)$");
}

static const struct value_type type_address = {sizeof(char *), read_address,
					       schema_address, NULL};

static const struct field fields_local[] = {
	{.key = "address",
	 .about = "IPv4 or IPv6 address of this machine to send from; only addresses of "
		  "its family are probed",
	 .type = &type_address,
	 .offset = offsetof(struct config_local, address)},
	{.key = "port",
	 .about = "port to send from; any free one when not given",
	 .type = &type_number,
	 .offset = offsetof(struct config_local, port),
	 .min = 1,
	 .max = 65535},
};

const struct section section_local = {
	.name = "local",
	.about = "where requests leave from",
	.fields = fields_local,
	.count = sizeof(fields_local) / sizeof(fields_local[0]),
	.any_of = any_local,
};

static bool read_local(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	struct config_local *out = AT(struct config_local, base, f), local = {0};
	const cJSON *set[2] = {0};

	if (!walk_section(w, &section_local, at, &local, set))
		return false;
	/* Member by member: padding stays zero, so that equal settings compare equal. */
	out->address = local.address;
	out->port = local.port;
	return true;
}

static bool equal_local(const struct field *f, const void *a, const void *b)
{
	const struct config_local *x = IN(struct config_local, a, f);
	const struct config_local *y = IN(struct config_local, b, f);

	return x->port == y->port && type_same_text(x->address, y->address);
}

const struct value_type type_local = {sizeof(struct config_local), read_local, NULL,
				      equal_local};

static bool read_dscp(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const char *why;

	if (cJSON_IsNumber(at->node))
		return type_number.read(w, f, at, base);
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a DSCP, as in 26 or \"AF31\"");
	why = value_dscp(AT(unsigned, base, f), doc_text(at->node));
	return !why || walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
}

static void schema_dscp(struct schema *s, const struct field *f)
{
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	type_number.schema(s, f);
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^(EF|DF|LE|VOICE-ADMIT|CS[0-7]|AF[1-4][1-3])$");
	schema_close(s, '}');
	schema_close(s, ']');
}

const struct value_type type_dscp = {sizeof(unsigned), read_dscp, schema_dscp,
				     type_equal_unsigned};

static bool read_preset(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	const char *name = doc_text(at->node);
	char list[256] = "";
	size_t len = 0;
	unsigned n;

	if (!doc_text(at->node))
		return walk_type_fault(w, at, "the name of a preset");
	for (n = 0; preset_name(n); n++) {
		if (!strcmp(preset_name(n), name)) {
			*AT(unsigned, base, f) = n + 1;
			return true;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					n ? ", " : "", preset_name(n));
	}
	return walk_fault(w, at, "there is no preset %s; there are %s", quote(name).s,
			  list);
}

static void schema_preset(struct schema *s, const struct field *f)
{
	(void)f;
	schema_open(s, "enum", '[');
	for (unsigned n = 0; preset_name(n); n++)
		schema_string(s, NULL, preset_name(n));
	schema_close(s, ']');
}

const struct value_type type_preset = {sizeof(unsigned), read_preset, schema_preset,
				       NULL};
