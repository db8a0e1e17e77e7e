#include "config/layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/preset.h"
#include "config/uri.h"
#include "config/value.h"

/* Three levels of LAYER_LABELS_MAX labels each are the most that can meet. */
enum { LABELS_MAX = 3 * LAYER_LABELS_MAX };

static bool is_counted(const struct field *f)
{
	return f->type == &type_list || f->type == &type_pairs;
}

/* Copies the rows that the nearer struct does not set itself. */
static void inherit_rows(const struct section *s, void *near, const void *far,
			 const cJSON *const *set)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct field *f = &s->fields[i];

		if (set[i])
			continue;
		memcpy((char *)near + f->offset, (const char *)far + f->offset,
		       f->type->size);
		if (is_counted(f))
			memcpy((char *)near + f->beside, (const char *)far + f->beside,
			       sizeof(size_t));
	}
}

/* Both sides are sorted by name; @near wins. */
static size_t merge_labels(struct config_pair *out, const struct layer *near,
			   const struct layer *far)
{
	size_t i = 0, j = 0, n = 0;

	while (i < near->label_count || j < far->label_count) {
		int order = i == near->label_count ? 1
			    : j == far->label_count
				    ? -1
				    : strcmp(near->labels[i].name, far->labels[j].name);

		out[n++] = order <= 0 ? near->labels[i] : far->labels[j];
		i += order <= 0;
		j += order >= 0;
	}
	return n;
}

static void inherit_labels(struct walk *w, struct layer *l, const struct layer *own)
{
	struct config_pair labels[LABELS_MAX];
	size_t n;

	if (!own->label_count || !l->up->label_count)
		return;
	n = merge_labels(labels, own, l->up);
	l->labels = pool_blob(w->pool, labels, n * sizeof(labels[0]));
	l->label_count = l->labels ? n : 0;
	if (!l->labels)
		walk_nomem(w);
}

/* A section that is merged key by key; what a level sets none of is the farther's. */
void layer_inherit_settings(struct layer *l)
{
	inherit_rows(&section_settings, l, l->up, l->set);
	inherit_rows(&section_tls, &l->s.tls, &l->up->s.tls, l->tls_set);
	inherit_rows(&section_websocket, &l->s.websocket, &l->up->s.websocket,
		     l->websocket_set);
}

void layer_inherit(struct walk *w, struct layer *l)
{
	struct layer own = {.labels = l->labels, .label_count = l->label_count};

	layer_inherit_settings(l);
	inherit_labels(w, l, &own);
}

/* The node of a path that a level's own address has, ws://HOST/PATH; or NULL. */
static const cJSON *layer_path_node(const struct layer *l, const char **path)
{
	static const char *const keys[] = {"outbound_proxy", "uri"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t row = section_find(&section_trunk, keys[i]);
		const cJSON *node = l->set[row];

		*path = node && doc_text(node) ? websocket_url_path(doc_text(node))
					       : NULL;
		if (*path)
			return node;
	}
	return NULL;
}

/* The path of ws://HOST/PATH is the level's websocket.path. */
static bool layer_take_path(struct walk *w, struct layer *l)
{
	size_t row = section_find(&section_websocket, "path");
	const char *path;
	const cJSON *node = layer_path_node(l, &path);
	struct doc_path here;

	if (!node)
		return true;
	here = doc_path_member(&l->at, node);
	if (l->websocket_set[row])
		return walk_fault(w, &here,
				  "has a path, and websocket.path beside it is another "
				  "place for it; leave out one of them");
	path = walk_keep(w, path);
	if (!path)
		return false;
	l->s.websocket.path = path;
	l->websocket_set[row] = node;
	l->set[section_find(&section_settings, "websocket")] = node;
	return true;
}

bool layer_read(struct walk *w, struct layer *l, const struct section *s,
		const struct doc_path *at, struct layer *up)
{
	bool good = walk_section(w, s, at, l, l->set);
	struct layer *base = l->profile ? l->profile : up;

	l->at = *at;
	l->doc = w->doc;
	good = layer_take_path(w, l) && good;
	l->up = preset_under(w, l, base);
	good = good && l->up;
	if (!l->up)
		l->up = base;
	l->applied = l->up->applied;
	l->broken = !good || l->up->broken;
	layer_inherit(w, l);
	return good;
}

bool layer_is_insecure(const struct layer *l)
{
	return l->tls_set[section_find(&section_tls, "insecure_skip_verify")] &&
	       l->s.tls.insecure_skip_verify;
}

static void settle_settings(struct walk *w, struct layer *l);

/* The place where a key of the settings, or of their tls, is set for a level. */
struct setter {
	struct layer *level;   /* NULL: nowhere but in the built-in defaults */
	struct doc_path outer; /* the tls object */
	struct doc_path at;
	unsigned distance;
};

static struct setter find_setter(struct layer *l, const char *key, bool tls)
{
	size_t outer = section_find(&section_settings, tls ? "tls" : key);
	size_t row = tls ? section_find(&section_tls, key) : outer;
	struct setter s = {.level = l};

	for (; s.level; s.level = s.level->up, s.distance++) {
		const cJSON *node = tls ? s.level->tls_set[row] : s.level->set[row];

		if (!node)
			continue;
		s.outer.node = s.level->set[outer];
		s.at.node = node;
		break;
	}
	return s;
}

/*
 * Reports settings that do not go together where the nearest of them is set. When that
 * is not the level itself, it is the other's fault, told once however many share it.
 */
__attribute__((format(printf, 6, 7))) static void
layer_blame(struct walk *w, struct layer *l, const char *one, const char *other, bool tls,
	    const char *fmt, ...)
{
	struct setter s = find_setter(l, one, tls), t = find_setter(l, other, tls);
	bool alone = s.level == t.level;
	va_list ap;
	char *text;

	if (!s.level || (t.level && t.distance < s.distance))
		s = t;
	/* A preset's settings are the business of who named it. */
	if (s.level && preset_is(s.level)) {
		s = find_setter(l, "preset", false);
		tls = false;
	}
	if (!s.level) /* the defaults go together */
		return;
	/* What is wrong within a level is so whatever it lies over. */
	if (alone && s.level->origin)
		s.level = s.level->origin;
	if (s.level != l) {
		settle_settings(w, s.level);
		return;
	}
	va_start(ap, fmt);
	text = report_vformat(fmt, ap);
	va_end(ap);
	s.outer = doc_path_member(&s.level->at, s.outer.node);
	s.at = doc_path_member(tls ? &s.outer : &s.level->at, s.at.node);
	if (text)
		report_value(w->report, s.level->doc, &s.at, "%s", text);
	else
		walk_nomem(w);
	free(text);
}

static void check_together(struct walk *w, struct layer *l,
			   const struct config_settings *s)
{
	if (s->timeout_us >= s->interval_us)
		layer_blame(w, l, "timeout", "interval", false,
			    "timeout (%s) must be shorter than interval (%s)",
			    duration_text(s->timeout_us).s,
			    duration_text(s->interval_us).s);
	else if (s->down_interval_us < s->timeout_us)
		layer_blame(w, l, "down_interval", "timeout", false,
			    "down_interval (%s) must not be shorter than timeout (%s)",
			    duration_text(s->down_interval_us).s,
			    duration_text(s->timeout_us).s);
	if (s->registration && s->registration->interval_us &&
	    s->registration->interval_us <= s->timeout_us)
		layer_blame(w, l, "register", "timeout", false,
			    "register.interval (%s) must be longer than timeout "
			    "(%s)",
			    duration_text(s->registration->interval_us).s,
			    duration_text(s->timeout_us).s);
	if (s->train && !s->train->insist && s->preset && !strcmp(s->preset, "asterisk"))
		layer_blame(w, l, "train", "preset", false,
			    "an Asterisk that does not know us logs each request as an "
			    "attack, and is made to ban who sends ten: not with preset "
			    "asterisk unless \"insist\": true stands in it");
	if (s->tls.cert_file && !s->tls.key_file)
		layer_blame(w, l, "cert_file", "cert_file", true,
			    "cert_file needs key_file beside it");
	if (s->tls.key_file && !s->tls.cert_file)
		layer_blame(w, l, "key_file", "key_file", true,
			    "key_file needs cert_file beside it");
}

/* A label with an empty value is no label to Prometheus; here it takes one away. */
static void keep_labels(struct walk *w, struct layer *l)
{
	struct config_pair labels[LABELS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < l->label_count; i++)
		if (*l->labels[i].value)
			labels[n++] = l->labels[i];
	if (!n)
		return;
	l->final_labels = pool_blob(w->pool, labels, n * sizeof(labels[0]));
	l->final_label_count = l->final_labels ? n : 0;
	if (!l->final_labels)
		walk_nomem(w);
}

static void settle_labels(struct walk *w, struct layer *l)
{
	if (l->settled_labels)
		return;
	l->settled_labels = true;
	if (!l->up || l->set[section_find(&section_settings, "labels")]) {
		keep_labels(w, l);
		return;
	}
	settle_labels(w, l->up);
	l->final_labels = l->up->final_labels;
	l->final_label_count = l->up->final_label_count;
}

/* A preset among them: what it sets may not go with what is set farther off. */
static bool sets_settings(const struct layer *l)
{
	for (size_t i = 0; i < section_settings.count; i++)
		if (l->set[i] &&
		    section_settings.fields[i].offset != offsetof(struct layer, labels))
			return true;
	return false;
}

/*
 * The peace that a peer may ask for: an interval, but no more than leaves room for fall
 * probes to begin within fall + 1 intervals. Those that follow the first failure are on
 * a grid of their own, which may begin half a step late.
 */
static int64_t peace_us(const struct config_settings *s)
{
	bool faster = s->down_interval_us < s->interval_us;
	int64_t pace_us = faster ? s->down_interval_us : s->interval_us;
	int64_t left_us = s->fall * s->interval_us - (s->fall - 1) * pace_us -
			  (faster && s->fall > 1 ? pace_us / 2 : 0);

	return left_us < s->interval_us ? left_us : s->interval_us;
}

static void keep_settings(struct walk *w, struct layer *l)
{
	struct config_settings s;

	memcpy(&s, &l->s, sizeof(s));
	if (!find_setter(l, "down_interval", false).level) {
		s.down_interval_us = s.interval_us / 3;
		if (s.down_interval_us < s.timeout_us)
			s.down_interval_us = s.timeout_us;
	}
	if (!find_setter(l, "retry_after_max", false).level)
		s.retry_after_max_us = peace_us(&s);
	s.preset = l->applied ? preset_name(l->applied - 1) : NULL;
	s.connection_set = find_setter(l, "connection", false).level;
	if (!l->broken)
		check_together(w, l, &s);
	l->final = pool_blob(w->pool, &s, sizeof(s));
	if (!l->final)
		walk_nomem(w);
}

static void settle_settings(struct walk *w, struct layer *l)
{
	if (l->settled_settings)
		return;
	l->settled_settings = true;
	if (!l->up || sets_settings(l)) {
		keep_settings(w, l);
		return;
	}
	settle_settings(w, l->up);
	l->final = l->up->final;
}

void layer_settle(struct walk *w, struct layer *l)
{
	settle_settings(w, l);
	settle_labels(w, l);
}

const struct config_settings *layer_settings(struct walk *w, const struct layer *l)
{
	struct config_settings s;

	memcpy(&s, &l->s, sizeof(s));
	s.preset = l->applied ? preset_name(l->applied - 1) : NULL;
	return pool_blob(w->pool, &s, sizeof(s));
}
