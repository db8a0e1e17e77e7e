/* Items of lists: buckets, addresses to listen on, resolvers, patterns of files. */
#include <math.h>
#include <string.h>

#include "config/reader/schema.h"
#include "config/types.h"
#include "config/uri.h"
#include "config/value.h"

/* No probe takes as long; and a bound must be countable in nanoseconds. */
#define BUCKET_MAX_S 86400

static bool read_bucket(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	double v = at->node->valuedouble;

	(void)f;
	if (!cJSON_IsNumber(at->node))
		return walk_type_fault(w, at, "a number of seconds");
	if (!(v > 0) || !isfinite(v))
		return walk_fault(w, at, "must be greater than 0 and finite");
	if (v > BUCKET_MAX_S)
		return walk_fault(w, at, "must be at most %d, a day", BUCKET_MAX_S);
	*(double *)item = v;
	return true;
}

static void schema_bucket(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "number");
	schema_number(s, "exclusiveMinimum", 0);
	schema_number(s, "maximum", BUCKET_MAX_S);
}

const struct list_type list_buckets = {
	.size = sizeof(double),
	.read = read_bucket,
	.schema = schema_bucket,
	.rising = true,
};

static bool read_listen(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	struct config_listen *l = item;
	const char *host, *why;
	size_t len;

	(void)f;
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a string, as in \"udp:0.0.0.0:5060\"");
	why = value_printable(doc_text(at->node));
	if (!why)
		why = value_listen(l, &host, &len, doc_text(at->node));
	if (why)
		return walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
	l->host = pool_string(w->pool, host, len);
	return l->host || walk_nomem(w);
}

static void schema_listen(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(
		s, "pattern",
		"^(udp|tcp|tls):([0-9.]+|\\[[0-9A-Fa-f:.]+(%[^\\]]+)?\\]):[0-9]{1,5}$");
}

const struct list_type list_listens = {
	.size = sizeof(struct config_listen),
	.read = read_listen,
	.schema = schema_listen,
	.unique = true,
};

static bool keep_string(struct walk *w, const struct doc_path *at, void *item)
{
	const char *kept = walk_keep(w, doc_text(at->node));

	if (kept)
		*(const char **)item = kept;
	return kept;
}

static bool read_server(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	const char *why;

	(void)f;
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "an address, as in \"192.0.2.53\"");
	why = value_server(doc_text(at->node));
	if (why)
		return walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
	return keep_string(w, at, item);
}

static void schema_server(struct schema *s, const struct field *f)
{
	(void)f;
	schema_string(s, "type", "string");
	schema_string(s, "pattern", "^([0-9.]+|[0-9A-Fa-f:.]+)(@[0-9]{1,5})?$");
}

const struct list_type list_servers = {
	.size = sizeof(char *),
	.read = read_server,
	.schema = schema_server,
	.unique = true,
};

static bool read_domain(struct walk *w, const struct field *f, const struct doc_path *at,
			void *item)
{
	const char *text = doc_text(at->node), *why;

	(void)f;
	if (!text)
		return walk_type_fault(w, at, "a domain, as in \"example.com\"");
	why = config_host_check(text);
	if (why)
		return walk_fault(w, at, "%s: %s", quote(text).s, why);
	return keep_string(w, at, item);
}

static void schema_domain(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 253);
	schema_string(s, "pattern", "^[A-Za-z0-9._-]+$");
}

static const struct list_type list_domains = {
	.size = sizeof(char *),
	.read = read_domain,
	.schema = schema_domain,
	.unique = true,
};

/* The list of a row that may hold a flag instead. */
static struct field search_list(const struct field *f)
{
	struct field list = *f;

	list.beside = f->offset + offsetof(struct config_search, count);
	list.offset = f->offset + offsetof(struct config_search, domains);
	list.more = &list_domains;
	return list;
}

static bool read_search(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	const struct field list = search_list(f);
	struct config_search *search =
		(struct config_search *)(void *)((char *)base + f->offset);

	if (cJSON_IsArray(at->node))
		return type_list.read(w, &list, at, base);
	if (!cJSON_IsBool(at->node))
		return walk_type_fault(w, at, "true, false, or an array of domains");
	search->system = cJSON_IsTrue(at->node);
	return true;
}

static void schema_search(struct schema *s, const struct field *f)
{
	const struct field list = search_list(f);

	schema_open(s, "anyOf", '[');
	schema_open(s, NULL, '{');
	schema_string(s, "type", "boolean");
	schema_close(s, '}');
	schema_open(s, NULL, '{');
	type_list.schema(s, &list);
	schema_close(s, '}');
	schema_close(s, ']');
}

const struct value_type type_search = {
	.size = sizeof(struct config_search),
	.read = read_search,
	.schema = schema_search,
};

static bool read_glob(struct walk *w, const struct field *f, const struct doc_path *at,
		      void *item)
{
	const char *why;

	(void)f;
	if (!doc_text(at->node))
		return walk_type_fault(w, at, "a string, as in \"trunks.d/*.json\"");
	why = value_printable(doc_text(at->node));
	if (why)
		return walk_fault(w, at, "%s: %s", quote(doc_text(at->node)).s, why);
	if (!*doc_text(at->node))
		return walk_fault(w, at, "must not be empty");
	return keep_string(w, at, item);
}

static void schema_glob(struct schema *s, const struct field *f)
{
	(void)f;
	schema_text(s, 1, 4096);
	schema_raw(s, "pattern", "\"" SCHEMA_PRINTABLE "\"");
}

const struct list_type list_globs = {
	.size = sizeof(char *),
	.read = read_glob,
	.schema = schema_glob,
	.unique = true,
};
