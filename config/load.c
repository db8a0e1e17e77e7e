/* From files to a struct config. */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/check.h"
#include "config/preset.h"
#include "config/reader/initial.h"
#include "config/shard.h"

/* What trunks have in their "tls" that says nothing of connections made to us. */
static void warn_outbound_tls(struct load *l, const struct doc_path *at_tls)
{
	static const char *const keys[] = {"server_name", "session_lifetime"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *set =
			cJSON_GetObjectItemCaseSensitive(at_tls->node, keys[i]);
		struct doc_path here;

		if (!set)
			continue;
		here = doc_path_member(at_tls, set);
		walk_warn(&l->w, &l->doc, &here,
			  "sip.tls: %s is of connections that we open, and says nothing "
			  "here",
			  keys[i]);
	}
}

/* Conditions between the rows of "sip". */
static void check_sip(struct load *l, const cJSON *sip)
{
	const cJSON *listen = cJSON_GetObjectItemCaseSensitive(sip, "listen");
	const cJSON *tls = cJSON_GetObjectItemCaseSensitive(sip, "tls");
	const cJSON *cert = cJSON_GetObjectItemCaseSensitive(tls, "cert_file");
	const cJSON *key = cJSON_GetObjectItemCaseSensitive(tls, "key_file");
	struct doc_path at = {.up = &l->root, .key = "sip", .node = sip};
	struct doc_path at_listen = {.up = &at, .key = "listen", .node = listen};
	struct doc_path at_tls = {.up = &at, .key = "tls", .node = tls};
	struct doc_path here = {.up = &at_listen};

	if (listen && !cert)
		for (const cJSON *v = listen->child; v; v = v->next, here.index++) {
			here.node = v;
			if (doc_text(v) && !strncmp(doc_text(v), "tls:", 4))
				walk_fault(&l->w, &here,
					   "to listen with TLS needs sip.tls.cert_file");
		}
	warn_outbound_tls(l, &at_tls);
	if (!cert != !key) {
		here = doc_path_member(&at_tls, cert ? cert : key);
		walk_fault(&l->w, &here, "%s needs %s beside it", here.key,
			   cert ? "key_file" : "cert_file");
	}
	if (l->sip.match_certificate &&
	    (!l->sip.tls.ca_file || l->sip.tls.insecure_skip_verify)) {
		here = doc_path_member(
			&at, cJSON_GetObjectItemCaseSensitive(sip, "match_certificate"));
		walk_fault(&l->w, &here,
			   "needs sip.tls.ca_file, and certificates that are verified");
	}
	if (l->sip.tls.insecure_skip_verify) {
		here = doc_path_member(&at_tls, cJSON_GetObjectItemCaseSensitive(
							tls, "insecure_skip_verify"));
		walk_warn(&l->w, &l->doc, &here,
			  "sip.tls: insecure_skip_verify is on, so the certificates of "
			  "peers that connect are not verified");
	}
}

/* The absolute name of the folder of @path. */
static int find_folder(struct load *l, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	int dir = slash ? (int)(slash - path) : 0;
	char cwd[4096] = "", *full;
	size_t size;

	if (!path || path[0] != '/')
		if (!getcwd(cwd, sizeof(cwd)))
			return errno;
	size = strlen(cwd) + (size_t)dir + 2;
	full = malloc(size);
	if (!full)
		return ENOMEM;
	snprintf(full, size, "%s%s%.*s", cwd, *cwd && dir ? "/" : "", dir,
		 path ? path : "");
	l->w.folder = walk_keep(&l->w, full);
	free(full);
	l->w.shown = pool_string(&l->pool, path ? path : "", slash ? (size_t)dir + 1 : 0);
	return l->w.folder && l->w.shown ? 0 : ENOMEM;
}

static int load_begin(struct load *l, const char *path)
{
	int err = find_folder(l, path);
	const cJSON *set[16] = {0};

	if (err)
		return err;
	err = initial_read(&l->w, &section_settings, &l->builtin, l->builtin.set);
	if (!err)
		err = initial_read(&l->w, &section_file, l, set);
	if (err)
		return err;
	memset(l->builtin.set, 0, sizeof(l->builtin.set));
	memset(l->builtin.tls_set, 0, sizeof(l->builtin.tls_set));
	memset(l->builtin.websocket_set, 0, sizeof(l->builtin.websocket_set));
	memset(l->histogram_set, 0, sizeof(l->histogram_set));
	memset(l->metrics_set, 0, sizeof(l->metrics_set));
	memset(l->sip_set, 0, sizeof(l->sip_set));
	memset(l->sip_tls_set, 0, sizeof(l->sip_tls_set));
	memset(l->dns_set, 0, sizeof(l->dns_set));
	memset(l->probe_set, 0, sizeof(l->probe_set));
	memset(l->calls_set, 0, sizeof(l->calls_set));
	memset(l->hep_set, 0, sizeof(l->hep_set));
	memset(l->status_set, 0, sizeof(l->status_set));
	l->defaults.up = &l->builtin;
	layer_inherit(&l->w, &l->defaults);
	path = walk_keep(&l->w, l->doc.path);
	return path ? load_add_file(l, path) : ENOMEM;
}

static int load_run(struct load *l, const char *path)
{
	size_t sip = section_find(&section_file, "sip");
	int err = load_begin(l, path);

	if (!err)
		readings_add_file(&l->w.readings, l->doc.path, l->doc.text, l->doc.len);
	if (!err)
		err = load_walk(l, &l->doc, &section_file, l->file_set);
	if (!err && l->file_set[sip])
		check_sip(l, l->file_set[sip]);
	if (!err && !l->report.err)
		err = load_mark_main(l, path);
	if (!err)
		err = load_globs(l);
	if (l->report.err || l->warned.err || l->w.readings.err)
		return ENOMEM;
	return l->report.found && err != ENOMEM ? EINVAL : err;
}

static void load_free(struct load *l)
{
	doc_free(&l->doc);
	pool_free(&l->pool);
	set_free(&l->profile_names);
	set_free(&l->trunk_names);
	set_free(&l->kept_ports);
	set_free(&l->w.files);
	set_free(&l->w.secrets);
	readings_clear(&l->w.readings);
	preset_free(l);
	free(l->profiles);
	free(l->trunks);
	free(l->files);
	free(l->file_first);
	free(l);
}

/* A configuration and the memory that all but the array of its trunks lives in. */
struct holder {
	struct config conf; /* first */
	struct arena arena;
	unsigned kept; /* config_keep() less config_free(), and one for the owner */
};

/* Settings that probes on demand are made with. */
static int fill_profiles(struct holder *h, struct load *l)
{
	struct config *c = &h->conf;
	struct config_profile *p =
		arena_alloc(&h->arena, (l->profile_count + 1) * sizeof(*p), 8);

	c->defaults = layer_settings(&l->w, &l->defaults);
	if (!p || !c->defaults)
		return ENOMEM;
	for (size_t i = 0; i < l->profile_count; i++) {
		p[i].name = l->profiles[i].name;
		p[i].settings = layer_settings(&l->w, &l->profiles[i]);
		if (!p[i].settings)
			return ENOMEM;
	}
	c->profiles = p;
	c->profile_count = l->profile_count;
	return 0;
}

/* The names live in the pool, and with it as long as the configuration. */
static int fill_files(struct holder *h, const char *const **out, size_t *count,
		      const struct set *files)
{
	const char **list = arena_alloc(&h->arena, files->used * sizeof(*list) + 1, 8);

	if (!list)
		return ENOMEM;
	*out = list;
	for (size_t i = 0; i < files->size; i++)
		if (files->slots[i].key)
			list[(*count)++] = files->slots[i].key;
	return 0;
}

/* Names live in the pool. Without a digest, or a file, there is nothing to compare. */
static int fill_readings(struct holder *h, struct load *l)
{
	struct config *c = &h->conf;
	struct readings *r = &l->w.readings;
	size_t size = r->count * sizeof(*r->list);
	struct reading *list;

	if (!c->path || !readings_digest(r, c->digest))
		return 0;
	/* The name that it was given by is the caller's. */
	r->list[0].name = c->path;
	list = arena_alloc(&h->arena, size, 8);
	if (!list)
		return ENOMEM;
	c->readings = memcpy(list, r->list, size);
	c->reading_count = r->count;
	return 0;
}

/* What a load that failed looked for may be what it failed of, and come yet. */
static int load_tell_wanted(struct config_errors *errs, const struct set *files)
{
	char **list = errs->wanted ? NULL : calloc(files->used + 1, sizeof(*list));

	if (!list)
		return errs->wanted ? 0 : ENOMEM;
	errs->wanted = list;
	for (size_t i = 0; i < files->size; i++) {
		const char *name = files->slots[i].key;
		const char *end = name ? strrchr(name, '/') : NULL;

		if (!name || (end && !strcmp(end, "/."))) /* a folder of patterns */
			continue;
		list[errs->wanted_count] = strdup(name);
		if (!list[errs->wanted_count])
			return ENOMEM;
		errs->wanted_count++;
	}
	return 0;
}

/* They are many: the array is handed over, without the room to grow. */
static int fill_trunks(struct config *c, struct load *l)
{
	c->trunks = l->trunks;
	c->trunk_count = l->trunk_count;
	l->trunks = NULL;
	return config_trunks_fit(c);
}

static int fill_config(struct holder *h, struct load *l, const char *path)
{
	struct config *c = &h->conf;

	if (fill_trunks(c, l))
		return ENOMEM;
	c->buckets = l->buckets;
	c->bucket_count = l->bucket_count;
	c->native = l->native;
	if (load_absolute_globs(l, &h->arena, &c->globs))
		return ENOMEM;
	c->glob_count = l->glob_count;
	c->watch = l->watch;
	c->metrics = l->metrics;
	c->sip = l->sip;
	c->dns = l->dns;
	c->probe = l->probe;
	c->calls = l->calls;
	c->calls.allowed = l->file_set[section_find(&section_file, "calls")];
	c->hep = l->hep;
	c->hep.on = l->file_set[section_find(&section_file, "hep")];
	if (fill_profiles(h, l))
		return ENOMEM;
	c->status = l->status;
	c->path = path ? walk_keep(&l->w, path) : NULL;
	if (path && !c->path)
		return ENOMEM;
	if (fill_readings(h, l))
		return ENOMEM;
	if (fill_files(h, &c->secret_files, &c->secret_file_count, &l->w.secrets))
		return ENOMEM;
	return fill_files(h, &c->files, &c->file_count, &l->w.files);
}

static void load_drop(struct holder *h)
{
	config_errors_clear(&h->conf.warnings);
	free((void *)(uintptr_t)h->conf.trunks);
	arena_free(&h->arena);
	free(h);
}

int config_parse(struct config **cp, const char *text, size_t len, const char *path,
		 struct config_errors *errs)
{
	struct holder *h = calloc(1, sizeof(*h));
	struct load *l = h ? calloc(1, sizeof(*l)) : NULL;
	int err = ENOMEM;

	if (!l)
		goto out;
	l->report.errs = errs;
	l->warned.errs = &h->conf.warnings;
	l->w.warned = &l->warned;
	l->pool.arena = &h->arena;
	l->w.report = &l->report;
	l->w.pool = &l->pool;
	l->w.doc = &l->doc;
	l->doc.path = path ? path : "(built in)";
	l->doc.text = text;
	l->doc.len = len;
	l->doc.yaml = path && doc_is_yaml(path);
	err = load_run(l, path);
	if (!err)
		err = fill_config(h, l, path);
	if (!err)
		err = config_check(&h->conf);
	if (!err) {
		h->kept = 1;
		*cp = &h->conf;
	}
	if (err == EINVAL && load_tell_wanted(errs, &l->w.files))
		err = ENOMEM;
out:
	if (l)
		load_free(l);
	if (err && h)
		load_drop(h);
	return err;
}

int config_load(struct config **cp, const char *path, struct config_errors *errs)
{
	struct report r = {.errs = errs};
	struct doc text = {.path = path};
	int err = doc_load(&text, path, &r);

	if (!err)
		err = config_parse(cp, text.text, text.len, path, errs);
	doc_free(&text);
	return err;
}

bool config_unchanged(const struct config *c)
{
	return readings_same(c->readings, c->reading_count, c->digest, DOC_SIZE_MAX);
}

void config_free(struct config *c)
{
	struct holder *h = (struct holder *)c;

	if (h && !--h->kept)
		load_drop(h);
}

struct config *config_keep(const struct config *c)
{
	struct holder *h = (struct holder *)(uintptr_t)c;

	h->kept++;
	return &h->conf;
}
