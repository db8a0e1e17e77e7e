/* Types of single values that SIP knows: hosts, URIs, sets of status codes. */
#include <stdio.h>
#include <string.h>

#include "config/peer_address.h"
#include "config/reader/schema.h"
#include "config/types.h"
#include "config/uri.h"
#include "config/value.h"

enum { SIP_MAX = 2048 }; /* longer than any URI that is one */

#define AT TYPE_AT
#define IN TYPE_IN

static bool read_host(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *base)
{
	const char *text = type_take_text(w, f, at);
	const char *why = text ? config_host_check(text) : NULL;

	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	return text && type_keep_text(w, f, base, text);
}

static void schema_host(struct schema *s, const struct field *f)
{
	schema_text(s, f->min, f->max);
	schema_string(s, "pattern", "^([A-Za-z0-9._-]+|[0-9A-Fa-f:.]+)$");
}

const struct value_type type_host = {sizeof(char *), read_host, schema_host,
				     type_equal_text};

static bool read_any_uri(struct walk *w, const struct field *f, const struct doc_path *at,
			 void *base, bool peer)
{
	char sip[SIP_MAX];
	const char *text = doc_text(at->node), *why = NULL;
	struct config_uri uri;

	if (!text)
		return walk_type_fault(w, at, "a SIP URI, as in \"sip:sbc.example\"");
	/* Its path is taken by who reads the level. */
	if (peer && websocket_url_is(text)) {
		why = websocket_url_to_sip(sip, sizeof(sip), text);
		text = sip;
	}
	if (!why)
		why = config_uri_parse(text, &uri);
	if (!why && peer)
		why = peer_address_uri_fault(&uri);
	/* The query of a path may be a secret. */
	if (why && text == sip)
		return walk_fault(w, at, "%s", why);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	return type_keep_text(w, f, base, text);
}

static bool read_uri(struct walk *w, const struct field *f, const struct doc_path *at,
		     void *base)
{
	return read_any_uri(w, f, at, base, false);
}

static bool read_peer_uri(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	return read_any_uri(w, f, at, base, true);
}

void type_schema_uri(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 5, 1024);
	schema_string(s, "pattern", "^[sS][iI][pP][sS]?:[!#-;=?-~]+$");
}

const struct value_type type_uri = {sizeof(char *), read_uri, type_schema_uri,
				    type_equal_text};

static void schema_peer_uri(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 5, 1024);
	schema_string(s, "pattern", "^([sS][iI][pP][sS]?:|[wW][sS][sS]?://)[!#-;=?-~]+$");
}

const struct value_type type_peer_uri = {sizeof(char *), read_peer_uri, schema_peer_uri,
					 type_equal_text};

/* What is wrong with the HOST:PORT of a SIP URI made of it, or NULL. */
static const char *collector_fault(const char *sip)
{
	struct config_uri uri;
	const char *why = config_uri_parse(sip, &uri);

	if (!why && (uri.user.l || uri.params.l))
		why = "it is udp:HOST:PORT, and nothing more";
	if (!why && !uri.port)
		why = "a port is missing, as in \"udp:homer.example:9060\"";
	return why ? why : peer_address_uri_fault(&uri);
}

static bool read_collector(struct walk *w, const struct field *f,
			   const struct doc_path *at, void *base)
{
	const char *text = doc_text(at->node), *why;
	char sip[SIP_MAX];

	if (!text)
		return walk_type_fault(w, at,
				       "a string, as in \"udp:homer.example:9060\"");
	if (strncmp(text, "udp:", 4))
		return walk_fault(w, at,
				  "begins with udp:, as in \"udp:homer.example:9060\"");
	/* What does not fit is longer than any URI. */
	(void)snprintf(sip, sizeof(sip), "sip:%s", text + 4);
	why = collector_fault(sip);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	return type_keep_text(w, f, base, sip);
}

static void schema_collector(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 7, 300);
	schema_string(
		s, "pattern",
		"^udp:([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+(%[^\\]]+)?\\]):[0-9]{1,5}$");
}

const struct value_type type_collector = {sizeof(char *), read_collector,
					  schema_collector, NULL};

static bool read_code(struct walk *w, const struct doc_path *at,
		      struct config_codes *codes)
{
	const char *why;

	if (cJSON_IsNumber(at->node)) {
		why = value_code(codes, at->node->valuedouble);
		return !why || walk_fault(w, at, "%.15g: %s", at->node->valuedouble, why);
	}
	if (!doc_text(at->node))
		return walk_type_fault(w, at,
				       "a code, as in 503, \"4xx\" or \"401-499\"");
	why = value_codes(codes, doc_text(at->node));
	return !why || walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
}

static bool read_codes(struct walk *w, const struct field *f, const struct doc_path *at,
		       void *base)
{
	struct config_codes codes = {{0}};
	size_t i = 0;
	bool good = true;

	if (!cJSON_IsArray(at->node))
		return walk_type_fault(w, at, "an array of codes, as in [\"2xx\", 404]");
	if (f->min && !at->node->child)
		return walk_fault(w, at, "must not be empty");
	for (const cJSON *v = at->node->child; v; v = v->next) {
		struct doc_path here = {.up = at, .index = i++, .node = v};

		good = read_code(w, &here, &codes) && good;
	}
	if (good)
		*AT(struct config_codes, base, f) = codes;
	return good;
}

static void schema_codes(struct schema *s, const struct field *f)
{
	schema_string(s, "type", "array");
	schema_number(s, "minItems", (double)f->min);
	schema_open(s, "items", '{');
	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "integer");
	schema_number(s, "minimum", 200);
	schema_number(s, "maximum", 699);
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^([2-6][xX][xX]|[2-6][0-9]{2}(-[2-6][0-9]{2})?)$");
	schema_close(s, '}');
	schema_close(s, ']');
	schema_close(s, '}');
}

static bool equal_codes(const struct field *f, const void *a, const void *b)
{
	return !memcmp(IN(struct config_codes, a, f), IN(struct config_codes, b, f),
		       sizeof(struct config_codes));
}

const struct value_type type_codes = {
	sizeof(struct config_codes),
	read_codes,
	schema_codes,
	equal_codes,
};
