/* Types of values that say what is called, and how well it must go. */
#include <string.h>

#include "config/access.h"
#include "config/reader/schema.h"
#include "config/tables.h"
#include "config/types.h"
#include "config/value.h"

#define AT TYPE_AT
#define IN TYPE_IN

static bool read_number_at(struct walk *w, const struct doc_path *at, const char **out)
{
	const char *text = doc_text(at->node), *why;

	if (!text)
		return walk_type_fault(w, at, "a string, as in \"+4722000000\"");
	why = value_number(text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	text = walk_keep(w, text);
	if (text)
		*out = text;
	return text;
}

static bool read_number_to(struct walk *w, const struct field *f,
			   const struct doc_path *at, void *base)
{
	return read_number_at(w, at, AT(const char *, base, f));
}

static bool read_number_item(struct walk *w, const struct field *f,
			     const struct doc_path *at, void *item)
{
	(void)f;
	return read_number_at(w, at, item);
}

static void schema_number_to(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 64);
	schema_string(s, "pattern", "^[0-9A-Za-z+*#._-]+$");
}

const struct value_type type_number_to = {sizeof(char *), read_number_to,
					  schema_number_to, type_equal_text};

const struct list_type list_numbers = {
	.size = sizeof(char *),
	.read = read_number_item,
	.schema = schema_number_to,
	.unique = true,
};

static const char *const names_codec[] = {"PCMU", "PCMA", NULL};

static void schema_codec(struct schema *s, const struct field *f)
{
	(void)f;
	schema_open(s, "enum", '[');
	for (size_t i = 0; names_codec[i]; i++)
		schema_string(s, NULL, names_codec[i]);
	schema_close(s, ']');
}

static bool equal_codec(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

const struct list_type list_codecs = {
	.size = sizeof(int),
	.read = list_read_choice,
	.schema = schema_codec,
	.equal = equal_codec,
	.names = names_codec,
	.unique = true,
};

static bool read_mos(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *base)
{
	double v = at->node->valuedouble;

	if (!cJSON_IsNumber(at->node))
		return walk_type_fault(w, at, "a number, as in 3.6");
	if (!(v >= 1 && v <= 4.5))
		return walk_fault(w, at, "must be a number from 1 to 4.5");
	*AT(double, base, f) = v;
	return true;
}

static void schema_mos(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "number");
	schema_number(s, "minimum", 1);
	schema_number(s, "maximum", 4.5);
}

static const struct value_type type_mos = {sizeof(double), read_mos, schema_mos, NULL};

static bool read_percent(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *base)
{
	const char *text = doc_text(at->node), *why;

	if (!text)
		return walk_type_fault(w, at, "a percentage, as in \"1%\"");
	why = value_percent(AT(double, base, f), text);
	return !why || walk_fault(w, at, "%s: %s", quote(text).s, why);
}

static void schema_percent(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^[0-9]{1,3}(\\.[0-9]{1,9})?%$");
}

static const struct value_type type_percent = {sizeof(double), read_percent,
					       schema_percent, NULL};

#define DEGRADED(m) .offset = offsetof(struct config_call_degraded, m)

static const struct field fields_degraded[] = {
	{.key = "mos",
	 .about = "a MOS below this is degraded",
	 .type = &type_mos,
	 DEGRADED(mos)},
	{.key = "loss",
	 .about = "a share of lost packets above this is degraded",
	 .type = &type_percent,
	 DEGRADED(loss)},
	{.key = "jitter",
	 .about = "jitter above this is degraded",
	 .type = &type_duration,
	 DEGRADED(jitter_us),
	 .min = MS,
	 .max = S},
	{.key = "post_dial_delay",
	 .about = "a longer time from INVITE to the first ringing is degraded",
	 .type = &type_duration,
	 DEGRADED(post_dial_delay_us),
	 .min = 10 * MS,
	 .max = 120 * S},
};

const struct section section_degraded = {
	.name = "call_degraded",
	.about = "what makes a call that went through degraded; what is not given is not "
		 "judged by",
	SECTION_ROWS(fields_degraded),
};

static bool read_degraded(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	struct config_call_degraded d = {0};
	const cJSON *set[ROW_COUNT(fields_degraded)] = {0};

	if (!walk_section(w, &section_degraded, at, &d, set))
		return false;
	*AT(struct config_call_degraded, base, f) = d;
	return true;
}

/* Both were read from texts: what is the same was written the same. */
static bool equal_degraded(const struct field *f, const void *a, const void *b)
{
	const struct config_call_degraded *x = IN(struct config_call_degraded, a, f);
	const struct config_call_degraded *y = IN(struct config_call_degraded, b, f);

	return !(x->mos < y->mos) && !(x->mos > y->mos) && !(x->loss < y->loss) &&
	       !(x->loss > y->loss) && x->jitter_us == y->jitter_us &&
	       x->post_dial_delay_us == y->post_dial_delay_us;
}

const struct value_type type_degraded = {sizeof(struct config_call_degraded),
					 read_degraded, NULL, equal_degraded};

static bool read_media_address(struct walk *w, const struct field *f,
			       const struct doc_path *at, void *base)
{
	const char *text = doc_text(at->node), *why;

	if (!text)
		return walk_type_fault(w, at, "an address, as in \"192.0.2.1\"");
	why = value_address(text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	return type_keep_text(w, f, base, text);
}

static void schema_media_address(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^([0-9.]+|[0-9A-Fa-f:.]+(%.+)?)$");
}

static const struct value_type type_media_address = {sizeof(char *), read_media_address,
						     schema_media_address, NULL};

/* To port_min, and port_max beside it. */
static bool read_ports(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	const char *text = doc_text(at->node), *why;
	struct config_media *m = base;

	(void)f;
	if (!text)
		return walk_type_fault(w, at, "a range, as in \"20000-20199\"");
	why = value_ports(&m->port_min, &m->port_max, text);
	return !why || walk_fault(w, at, "%s: %s", quote(text).s, why);
}

static void schema_ports(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^[1-9][0-9]{3,4}-[1-9][0-9]{3,4}$");
}

static const struct value_type type_ports = {sizeof(unsigned), read_ports, schema_ports,
					     NULL};

static bool read_network(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *item)
{
	struct config_allow *a = item;
	const char *text = doc_text(at->node), *why;

	(void)f;
	if (!text)
		return walk_type_fault(w, at, "a network, as in \"192.0.2.0/24\"");
	why = config_allow_parse(a, text);
	if (!why && a->name)
		why = "is no network, as in \"192.0.2.0/24\"";
	return !why || walk_fault(w, at, "%s: %s", quote(text).s, why);
}

static void schema_network(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern",
		      "^([0-9.]+(/[0-9]{1,2})?|[0-9A-Fa-f:.]+(/[0-9]{1,3})?)$");
}

static const struct list_type list_networks = {
	.size = sizeof(struct config_allow),
	.read = read_network,
	.schema = schema_network,
	.unique = true,
};

#define MEDIA(m) .offset = offsetof(struct config_media, m)

static const struct field fields_media[] = {
	{.key = "address",
	 .about = "our address for audio; the one that requests leave from when not "
		  "given",
	 .type = &type_media_address,
	 MEDIA(address)},
	{.key = "ports",
	 .about = "UDP ports for audio, a pair for each call",
	 .type = &type_ports,
	 MEDIA(port_min),
	 .required = true},
	{.key = "networks",
	 .about = "networks that audio may be sent to; nothing is sent anywhere else",
	 .type = &type_list,
	 MEDIA(networks),
	 .beside = offsetof(struct config_media, network_count),
	 .min = 1,
	 .max = 256,
	 .more = &list_networks,
	 .required = true},
};

const struct section section_media = {
	.name = "calls_media",
	.about = "where the audio of calls comes from and goes to",
	SECTION_ROWS(fields_media),
};

static bool read_media(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	struct config_media media = {0};
	const cJSON *set[ROW_COUNT(fields_media)] = {0};

	if (!walk_section(w, &section_media, at, &media, set))
		return false;
	*AT(struct config_media, base, f) = media;
	return true;
}

const struct value_type type_media = {sizeof(struct config_media), read_media, NULL,
				      NULL};
