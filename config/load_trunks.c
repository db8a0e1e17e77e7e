/* Readers of whole sections: defaults, profiles, trunks. */
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "config/load.h"
#include "config/types.h"
#include "config/uri.h"
#include "config/value.h"

static struct load *load_of(struct walk *w)
{
	return (struct load *)(void *)w;
}

static void warn_insecure(struct load *l, const struct layer *level, const char *what,
			  const char *name)
{
	struct doc_path tls, at;

	if (!layer_is_insecure(level))
		return;
	tls = doc_path_member(&level->at,
			      level->set[section_find(&section_settings, "tls")]);
	at = doc_path_member(
		&tls, level->tls_set[section_find(&section_tls, "insecure_skip_verify")]);
	walk_warn(&l->w, level->doc, &at,
		  "%s%s: insecure_skip_verify is on, so the peer's certificate is "
		  "not verified",
		  what, name ? quote(name).s : "");
}

static bool read_defaults(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	struct load *l = base;
	bool good;

	memset(&l->defaults, 0, sizeof(l->defaults));
	good = layer_read(w, &l->defaults, f->more, at, &l->builtin);
	l->defaults.at.up = &l->root;
	warn_insecure(l, &l->defaults, "defaults", NULL);
	return good;
}

const struct value_type type_layer = {.read = read_defaults};

static bool read_profile(struct walk *w, const struct field *f, const struct doc_path *at)
{
	struct load *l = load_of(w);
	struct layer *p = &l->profiles[l->profile_count];
	const char *why = value_printable(at->key);
	struct set_entry *e = set_put(&l->profile_names, at->key, strlen(at->key));
	bool good;

	if (!e)
		return walk_nomem(w);
	if (e->value) {
		walk_twice(w, at, l->profiles[e->value - 1].at.node);
		return false;
	}
	e->value = ++l->profile_count;
	good = layer_read(w, p, f->more, at, &l->defaults);
	p->at.up = &l->profiles_at;
	p->name = walk_keep(w, at->key);
	warn_insecure(l, p, "profile ", at->key);
	if (!*at->key)
		why = "must not be empty";
	if (why)
		report_key(w->report, w->doc, at, "profile name %s: %s", quote(at->key).s,
			   why);
	return good && !why;
}

static bool read_profiles(struct walk *w, const struct field *f,
			  const struct doc_path *at, void *base)
{
	struct load *l = base;
	size_t count = 0;
	bool good = true;

	if (!cJSON_IsObject(at->node))
		return walk_type_fault(w, at, "an object of names and settings");
	for (const cJSON *v = at->node->child; v; v = v->next)
		count++;
	l->profiles = calloc(count + 1, sizeof(*l->profiles));
	if (!l->profiles)
		return walk_nomem(w);
	l->profiles_at = *at;
	l->profiles_at.up = &l->root;
	for (const cJSON *v = at->node->child; v && !w->report->err; v = v->next) {
		struct doc_path here = doc_path_member(at, v);

		good = read_profile(w, f, &here) && good;
	}
	return good;
}

const struct value_type type_profiles = {.read = read_profiles};

static bool read_profile_name(struct walk *w, const struct field *f,
			      const struct doc_path *at, void *base)
{
	const struct load *l = load_of(w);
	const char *name = doc_text(at->node);
	struct suggest near = {.word = name};
	struct set_entry *e;

	if (!doc_text(at->node))
		return walk_type_fault(w, at, "the name of a profile");
	e = set_find(&l->profile_names, name, strlen(name));
	if (e) {
		*(struct layer **)(void *)((char *)base + f->offset) =
			&l->profiles[e->value - 1];
		return true;
	}
	for (size_t i = 0; i < l->profile_count && !report_full(w->report); i++)
		suggest_offer(&near, l->profiles[i].at.key);
	if (near.best)
		return walk_fault(w, at, "there is no profile %s; did you mean %s?",
				  quote(name).s, quote(near.best).s);
	return walk_fault(w, at, "there is no profile %s", quote(name).s);
}

static void schema_name(struct schema *s, const struct field *f);

const struct value_type type_profile = {sizeof(void *), read_profile_name, schema_name,
					NULL};

static void schema_name(struct schema *s, const struct field *f)
{
	type_text.schema(s, &(struct field){.min = 1, .max = f->max ? f->max : 255});
}

static struct config_trunk *trunk_add(struct load *l)
{
	if (l->trunk_count == l->trunk_size) {
		size_t size = l->trunk_size ? l->trunk_size * 2 : 64;
		struct config_trunk *t = realloc(l->trunks, size * sizeof(*t));

		if (!t)
			return NULL;
		l->trunks = t;
		l->trunk_size = size;
	}
	return &l->trunks[l->trunk_count++];
}

/* A trunk whose name an earlier one has. */
static void name_twice(struct load *l, const struct layer *t, size_t first)
{
	size_t file = l->file_count - 1;
	struct doc_path at =
		doc_path_member(&t->at, t->set[section_find(&section_trunk, "name")]);

	while (file && l->file_first[file] > first)
		file--;
	if (file == l->file_count - 1)
		report_value(&l->report, l->w.doc, &at,
			     "duplicate trunk name %s, first used at line %u",
			     quote(t->name).s, l->trunks[first].line);
	else
		report_value(&l->report, l->w.doc, &at,
			     "duplicate trunk name %s, first used at %s:%u",
			     quote(t->name).s, l->files[file], l->trunks[first].line);
}

static bool check_name(struct load *l, const struct layer *t)
{
	struct set_entry *e;

	if (!t->name)
		return true;
	e = set_put(&l->trunk_names, t->name, strlen(t->name));
	if (!e)
		return walk_nomem(&l->w);
	if (e->value) {
		name_twice(l, t, e->value - 1);
		return false;
	}
	/* The trunk that is added next. */
	e->value = l->trunk_count + 1;
	return true;
}

/* Whether a trunk's probes leave from one port, over connections that are kept. */
static bool keeps_port(const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	bool kept = s->connection == CONFIG_CONNECTION_REUSE ||
		    (s->registration && s->registration->bind);
	struct config_uri uri;

	return t->uri && s->local.port && kept && (!s->pause.on || s->pause.until_s) &&
	       !config_uri_parse(config_trunk_hop(t), &uri) &&
	       uri.transport > CONFIG_TRANSPORT_UDP;
}

/*
 * From one port there can be but one connection to a peer, so that of two that are kept
 * the second would never come about.
 */
static bool check_port(struct load *l, const struct doc_path *at, size_t index)
{
	const struct config_trunk *t = &l->trunks[index];
	const struct config_settings *s = t->settings;
	const char *kept;
	char key[2048];
	struct set_entry *e;

	if (!s || !keeps_port(t))
		return true;
	if (s->methods & (s->methods - 1))
		return walk_fault(&l->w, at,
				  "its checks keep a connection each, and cannot both "
				  "leave from local.port %u; leave out one of them, the "
				  "port, or what keeps connections",
				  s->local.port);
	(void)snprintf(key, sizeof(key), "%s|%s|%u", config_trunk_hop(t),
		       s->local.address ? s->local.address : "", s->local.port);
	kept = walk_keep(&l->w, key);
	e = kept ? set_put(&l->kept_ports, kept, strlen(kept)) : NULL;
	if (!e)
		return walk_nomem(&l->w);
	if (e->value) {
		const char *other = l->trunks[e->value - 1].name;

		return walk_fault(&l->w, at,
				  "its connection and that of trunk %s are kept, and "
				  "cannot both leave from local.port %u to the same peer",
				  quote(other ? other : "").s, s->local.port);
	}
	e->value = index + 1;
	return true;
}

static bool read_trunk(struct walk *w, const struct field *f, const struct doc_path *at)
{
	struct load *l = load_of(w);
	struct layer level = {0};
	struct config_trunk *t;
	bool good = layer_read(w, &level, f->more, at, &l->defaults);

	good = check_name(l, &level) && good;
	layer_settle(w, &level);
	warn_insecure(l, &level, "trunk ", level.name ? level.name : "");
	t = trunk_add(l);
	if (!t)
		return walk_nomem(w);
	*t = (struct config_trunk){
		.name = level.name,
		.uri = level.uri,
		.profile = level.profile ? level.profile->name : NULL,
		.labels = level.final_labels,
		.label_count = (unsigned)level.final_label_count,
		.settings = level.final,
		.file = l->files[l->file_count - 1],
		.index = (unsigned)at->index,
	};
	doc_locate(w->doc, w->doc->nodes[at->node->valueint].value, &t->line, &t->col);
	good = load_check_call(l, &level, at, t) && good;
	return check_port(l, at, l->trunk_count - 1) && good;
}

static bool read_trunks(struct walk *w, const struct field *f, const struct doc_path *at,
			void *base)
{
	struct doc_path here = {.up = at};
	bool good = true;

	(void)base;
	if (!cJSON_IsArray(at->node))
		return walk_type_fault(w, at, "an array of trunks");
	for (const cJSON *v = at->node->child; v && !w->report->err; v = v->next) {
		here.node = v;
		good = read_trunk(w, f, &here) && good;
		here.index++;
	}
	return good;
}

const struct value_type type_trunks = {.read = read_trunks};
