/* A trunk's calls against what the file as a whole allows. */
#include <string.h>
#include <strings.h>

#include "config/load.h"
#include "config/uri.h"

/* The place to blame: a key of the trunk's own `call`, else the trunk. */
struct call_place {
	struct doc_path call;
	struct doc_path key;
};

static const struct doc_path *call_place(struct call_place *p, const struct layer *level,
					 const struct doc_path *at, const char *key)
{
	const cJSON *call = level->set[section_find(&section_settings, "call")];
	const cJSON *member = call ? cJSON_GetObjectItemCaseSensitive(call, key) : NULL;

	if (!call)
		return at;
	p->call = doc_path_member(at, call);
	if (!member)
		return &p->call;
	p->key = doc_path_member(&p->call, member);
	return &p->key;
}

/* The place of a key of the trunk itself, else the trunk. */
static const struct doc_path *own_place(struct call_place *p, const struct layer *level,
					const struct doc_path *at, const char *key)
{
	const cJSON *own = level->set[section_find(&section_settings, key)];

	if (!own)
		return at;
	p->key = doc_path_member(at, own);
	return &p->key;
}

static bool is_listed(const struct config_calls *calls, const char *number)
{
	for (size_t i = 0; i < calls->number_count; i++)
		if (!strcmp(calls->numbers[i], number))
			return true;
	return false;
}

static bool has_user(const char *text, const char *user)
{
	const char *at = text ? strchr(text, '@') : NULL, *from;

	if (!at)
		return false;
	from = strchr(text, ':');
	return from && (size_t)(at - from - 1) == strlen(user) &&
	       !strncasecmp(from + 1, user, strlen(user));
}

/* Whether a call would hide who it is from: the place of frauds, and blocked as such. */
static bool is_anonymous(const char *from)
{
	return from && (has_user(from, "anonymous") || strstr(from, "anonymous.invalid"));
}

/* Returns whether the trunk's calls have what their mode needs. */
static bool check_mode(struct load *l, const struct layer *level,
		       const struct doc_path *at, const struct config_call *call)
{
	struct call_place p;

	if (call->mode == CONFIG_CALL_LOOP && !l->sip.listen_count)
		return walk_fault(&l->w, call_place(&p, level, at, "mode"),
				  "mode loop needs an address in sip.listen, where the "
				  "call comes back");
	return true;
}

static bool goes_over_websocket(const struct config_trunk *t)
{
	struct config_uri hop;

	return t->uri && !config_uri_parse(config_trunk_hop(t), &hop) &&
	       config_transport_is_websocket(hop.transport);
}

bool load_check_call(struct load *l, const struct layer *level, const struct doc_path *at,
		     const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	struct call_place p;

	if (!s || !(s->methods >> CONFIG_METHOD_INVITE & 1) || level->broken)
		return true;
	/* One that is wrong was told of. */
	if (!l->calls.number_count &&
	    cJSON_GetObjectItemCaseSensitive(l->root.node, "calls"))
		return true;
	if (!l->file_set[section_find(&section_file, "calls")])
		return walk_fault(&l->w, own_place(&p, level, at, "method"),
				  "INVITE makes calls, which \"calls\" at the top of the "
				  "file must allow, with its numbers");
	if (goes_over_websocket(t))
		return walk_fault(&l->w, own_place(&p, level, at, "method"),
				  "calls do not go over WebSocket; leave out INVITE, or "
				  "call over udp, tcp or tls");
	if (!s->call)
		return walk_fault(&l->w, own_place(&p, level, at, "method"),
				  "INVITE needs \"call\" with mode and to");
	if (!is_listed(&l->calls, s->call->to))
		return walk_fault(&l->w, call_place(&p, level, at, "to"),
				  "%s is not one of calls.numbers", quote(s->call->to).s);
	if (is_anonymous(s->from))
		return walk_fault(&l->w, own_place(&p, level, at, "from"),
				  "calls are not made anonymously; give a number of your "
				  "own");
	return check_mode(l, level, at, s->call);
}
