#include "exporter/pages/ladders.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "exporter/store/labels.h"

static void ladders_text_write(struct buffer *b, const struct capture_record *r,
			       const char *version)
{
	(void)version;
	capture_text(b, r);
}

static void ladders_pcapng_write(struct buffer *b, const struct capture_record *r,
				 const char *version)
{
	capture_pcapng(b, r, 1, version);
}

static void ladders_wav_write(struct buffer *b, const struct capture_record *r,
			      const char *version)
{
	const struct media_report *near = &r->result->call.media->near;

	(void)version;
	buffer_add(b, near->wav, near->wav_bytes);
}

bool ladders_has_audio(const struct ladders_view *v)
{
	return v->record.result->call.media && v->record.result->call.media->near.wav;
}

static bool ladders_has_ladder(const struct ladders_view *v)
{
	return v->record.result;
}

static const struct form {
	const char *ending;
	const char *content_type;
	const char *disposition;
	bool (*has)(const struct ladders_view *v);
	void (*write)(struct buffer *b, const struct capture_record *r,
		      const char *version);
} forms[] = {
	{".txt", "text/plain; charset=utf-8", "inline", ladders_has_ladder,
	 ladders_text_write},
	{".pcapng", "application/x-pcapng", "attachment", ladders_has_ladder,
	 ladders_pcapng_write},
	{".wav", "audio/wav", "attachment", ladders_has_audio, ladders_wav_write},
};

static void ladders_label(char *out, size_t size, struct slice labels, const char *name)
{
	struct slice value = labels_find(labels, name);

	snprintf(out, size, "%.*s", (int)value.l, value.l ? value.p : "");
}

void ladders_view(struct ladders_view *v, const char *trunk,
		  const struct status_target *t, struct history_ladder *l)
{
	uint32_t hash = HASH32_START;

	ladders_label(v->address, sizeof(v->address), t->labels, "address");
	ladders_label(v->transport, sizeof(v->transport), t->labels, "transport");
	ladders_label(v->method, sizeof(v->method), t->labels, "method");
	for (size_t i = 0; i < t->labels.l; i++)
		hash = hash32_byte(hash, (unsigned char)t->labels.p[i]);
	snprintf(v->id, sizeof(v->id), "%" PRIx64 "-%08" PRIx32,
		 (uint64_t)l->result.begun_unix_ns, hash);
	v->record = (struct capture_record){
		.trunk = trunk,
		.address = v->address,
		.transport = v->transport,
		.method = v->method,
		.result = &l->result,
		.entries = l->entries,
		.count = l->count,
		.dropped = l->dropped,
		.late_unix_ns = atomic_load(&l->late_ns),
	};
}

void ladders_success(char out[LADDERS_ID], const struct ladders_view *v)
{
	snprintf(out, LADDERS_ID, "success%s", strrchr(v->id, '-'));
}

static bool ladders_is_success(const struct ladders_view *v, const char *id)
{
	char success[LADDERS_ID];

	ladders_success(success, v);
	return !strcmp(success, id);
}

static bool ladders_find_in(struct ladders_view *v, const char *trunk,
			    const struct status_target *t, const char *id)
{
	for (int i = 0; i <= HISTORY_FAILURES; i++) {
		struct history_ladder *l =
			i < HISTORY_FAILURES ? t->failures[i] : t->success;

		if (!l)
			continue;
		ladders_view(v, trunk, t, l);
		if (!strcmp(v->id, id) || (l == t->success && ladders_is_success(v, id)))
			return true;
	}
	return false;
}

/* The form that a path's ending, from its last dot on, stands for; or NULL. */
static const struct form *ladders_form(const char *dot)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].ending, dot))
			return &forms[i];
	return NULL;
}

/* Splits "NAME/ladders/ID.pcapng"; a name may have slashes of its own. */
static const struct form *ladders_split(char *name, size_t size, char id[LADDERS_ID],
					const char *path)
{
	static const char between[] = "/ladders/";
	const char *at = NULL, *next = path, *dot;

	while ((next = strstr(next, between)) != NULL)
		at = next++;
	dot = at ? strrchr(at, '.') : NULL;
	if (!dot || (size_t)(at - path) >= size)
		return NULL;
	snprintf(name, size, "%.*s", (int)(at - path), path);
	at += sizeof(between) - 1;
	if (dot < at || dot - at >= LADDERS_ID)
		return NULL;
	snprintf(id, LADDERS_ID, "%.*s", (int)(dot - at), at);
	return ladders_form(dot);
}

/* The same of "NAME/ladder.pcapng". */
static const struct form *ladders_split_last(char *name, size_t size, const char *path)
{
	static const char end[] = "/ladder.";
	const char *slash = strrchr(path, '/');

	if (!slash || strncmp(slash, end, sizeof(end) - 1) ||
	    (size_t)(slash - path) >= size)
		return NULL;
	snprintf(name, size, "%.*s", (int)(slash - path), path);
	return ladders_form(slash + sizeof(end) - 2);
}

/* A name that any system takes for a file: "isp-a-20261122-085211.pcapng". */
static void ladders_file_name(char *out, size_t size, const char *disposition,
			      const char *trunk, int64_t unix_ns, const char *ending)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	time_t at_s = (time_t)(unix_ns / CLOCK_NS_PER_S);
	char name[64], at[24] = "";
	struct tm tm;

	snprintf(name, sizeof(name), "%s", trunk);
	for (char *p = name; *p; p++)
		if (!strchr(plain, *p))
			*p = '_';
	if (gmtime_r(&at_s, &tm))
		strftime(at, sizeof(at), "%Y%m%d-%H%M%S", &tm);
	snprintf(out, size, "%s; filename=\"%s-%s%s\"", disposition, name, at, ending);
}

static void ladders_hand_out(struct http_answer *a, const struct form *form,
			     const struct ladders_view *v, const char *version)
{
	buffer_clear(&a->body);
	a->status = 200;
	a->content_type = form->content_type;
	ladders_file_name(a->disposition, sizeof(a->disposition), form->disposition,
			  v->record.trunk, v->record.result->begun_unix_ns, form->ending);
	form->write(&a->body, &v->record, version);
}

/* Whether @l was begun later than what is there, which may be nothing. */
static bool ladders_is_later(const struct history_ladder *l,
			     const struct history_ladder *than)
{
	return l && (!than || l->result.begun_unix_ns > than->result.begun_unix_ns);
}

/* Of all addresses the last failure, else the last success. */
static bool ladders_find_last(struct ladders_view *v, const char *trunk,
			      const struct status_trunk *t)
{
	const struct status_target *of = NULL;
	struct history_ladder *last = NULL;

	for (size_t i = 0; i < t->target_count; i++)
		for (int k = 0; k < HISTORY_FAILURES; k++)
			if (ladders_is_later(t->targets[i].failures[k], last)) {
				of = &t->targets[i];
				last = of->failures[k];
			}
	for (size_t i = 0; i < t->target_count && (!of || last == of->success); i++)
		if (ladders_is_later(t->targets[i].success, last)) {
			of = &t->targets[i];
			last = of->success;
		}
	if (last)
		ladders_view(v, trunk, of, last);
	return last;
}

bool ladders_answer(struct http_answer *a, const struct http_query *q, const char *path)
{
	char name[HTTP_NAME_MAX], id[LADDERS_ID];
	const struct form *form = ladders_split(name, sizeof(name), id, path);
	struct status_trunk *t = NULL;
	struct ladders_view v;
	bool found = false;

	bool last = !form;

	if (last)
		form = ladders_split_last(name, sizeof(name), path);
	if (!form || status_trunk_take(&t, q->site->store, name))
		return false;
	if (last)
		found = ladders_find_last(&v, name, t);
	for (size_t i = 0; i < t->target_count && !found && !last; i++)
		found = ladders_find_in(&v, name, &t->targets[i], id);
	found = found && form->has(&v);
	if (found)
		ladders_hand_out(a, form, &v, q->site->version);
	status_trunk_free(t);
	return found;
}
