/* The ladder of a target's probe: noted on the way, put together at its end. */
#include "sipprobe/target/target_ladder.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/target/target_state.h"

enum {
	NOTES_MAX = 8,	     /* beside connect, TLS, the request and the end */
	NOTES_CALL_MAX = 44, /* of a call, which is all notes */
};

struct note {
	int64_t at_ns; /* monotonic */
	char *text;    /* owned; NULL with LADDER_SENT: the target's request */
	uint32_t size; /* of the whole message */
	uint16_t len;
	uint8_t kind;
};

struct target_notes {
	uint8_t count;
	uint16_t dropped;
	int64_t asked_ns; /* when the request that was noted last went out */
	struct note list[];
};

/* A ladder under construction. Main thread only, and never two at once. */
static char scratch[LADDER_ENTRIES][LADDER_BYTES];

void target_notes_free(struct target *t)
{
	struct target_notes *n = t->attempt->notes;

	t->attempt->notes = NULL;
	for (unsigned i = 0; n && i < n->count; i++)
		free(n->list[i].text);
	free(n);
}

static bool is_kept(const struct target *t)
{
	return t->group->events->probe_ladder_h && t->pending && !t->more->unregistration;
}

/* Room for one more note; NULL without, which is counted where it can be. */
static struct note *add_note(struct target *t, enum ladder_kind kind, int64_t at_ns)
{
	struct target_notes *n = t->attempt->notes, *grown = n;
	unsigned count = n ? n->count : 0;
	unsigned most = t->more->call ? NOTES_CALL_MAX : NOTES_MAX;
	struct note *note;

	if (count == most) {
		n->dropped++;
		return NULL;
	}
	if (count % 2 == 0)
		grown = realloc(n, sizeof(*grown) + (count + 2) * sizeof(grown->list[0]));
	if (!grown)
		return NULL;
	if (!n)
		*grown = (struct target_notes){0};
	t->attempt->notes = grown;
	note = &grown->list[grown->count++];
	*note = (struct note){.at_ns = at_ns, .kind = (uint8_t)kind};
	return note;
}

static void note_text(struct note *note, const char *msg, size_t len)
{
	size_t kept = ladder_redact(scratch[0], msg, len);

	note->size = (uint32_t)len;
	note->text = malloc(kept + 1);
	if (!note->text)
		return;
	memcpy(note->text, scratch[0], kept);
	note->len = (uint16_t)kept;
}

/* Notes the request first, before its answers and repetitions. */
static void note_request(struct target *t)
{
	const struct attempt *a = t->attempt;
	int64_t sent_ns = a->sent_ns;

	if (!sent_ns || (a->notes && a->notes->asked_ns == sent_ns))
		return;
	if (add_note(t, LADDER_SENT, sent_ns))
		a->notes->asked_ns = sent_ns;
}

bool target_note(struct target *t, enum ladder_kind kind, int64_t at_ns, const char *msg,
		 size_t len)
{
	struct note *note;

	if (!is_kept(t))
		return false;
	note_request(t);
	note = add_note(t, kind, at_ns);
	if (note && len)
		note_text(note, msg, len);
	return note;
}

void target_note_words(struct target *t, enum ladder_kind kind, int64_t at_ns,
		       const char *words)
{
	const struct attempt *a = t->attempt;

	if (target_note(t, kind, at_ns, words, strlen(words)))
		a->notes->list[a->notes->count - 1].size = 0;
}

bool target_note_response(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	struct pl raw = guard_bytes(m);
	bool noted = target_note(t, LADDER_RECEIVED, rx_ns, raw.p, raw.l);

	if (m->oddity)
		target_note_words(t, LADDER_ODDITY, rx_ns, m->oddity);
	return noted;
}

void target_note_final(struct target *t, const struct guard_message *m, int64_t rx_ns)
{
	t->attempt->noted = target_note_response(t, m, rx_ns);
}

void target_note_next_request(struct target *t)
{
	const struct target_notes *n;
	struct note *note = NULL;

	if (!is_kept(t) || !t->attempt->sent_ns)
		return;
	note_request(t);
	n = t->attempt->notes;
	for (unsigned i = 0; n && i < n->count; i++)
		if (n->list[i].kind == LADDER_SENT && !n->list[i].text)
			note = &t->attempt->notes->list[i];
	if (note)
		note_text(note, t->request.buf, t->request.len);
}

void target_note_sent_anew(struct target *t)
{
	if (t->attempt->notes)
		t->attempt->notes->asked_ns = t->attempt->sent_ns;
}

static struct ladder_entry *target_ladder_add(struct ladder *l, const struct target *t,
					      enum ladder_kind kind, int64_t at_ns)
{
	struct ladder_entry *e;

	if (l->count == LADDER_ENTRIES) {
		l->dropped++;
		return NULL;
	}
	e = &l->entries[l->count++];
	*e = (struct ladder_entry){.at_ns = at_ns - t->begun_ns, .kind = kind};
	if (e->at_ns < 0)
		e->at_ns = 0;
	return e;
}

static void add_message(struct ladder *l, const struct target *t, enum ladder_kind kind,
			int64_t at_ns, struct pl msg)
{
	struct ladder_entry *e = target_ladder_add(l, t, kind, at_ns);

	if (!e)
		return;
	e->text = scratch[l->count - 1];
	e->len = (uint32_t)ladder_redact(scratch[l->count - 1], msg.p, msg.l);
	e->size = (uint32_t)msg.l;
}

static void add_words(struct ladder *l, const struct target *t, enum ladder_kind kind,
		      int64_t at_ns, const char *words)
{
	struct ladder_entry *e = target_ladder_add(l, t, kind, at_ns);

	if (!e)
		return;
	e->text = words;
	e->len = (uint32_t)strlen(words);
}

static enum ladder_kind step_kind(enum ladder_kind kind, const struct probe_result *r)
{
	return kind == LADDER_TLS && r->tls_resumed ? LADDER_TLS_RESUMED : kind;
}

static void add_phases(struct ladder *l, const struct target *t,
		       const struct probe_result *r)
{
	static const struct {
		enum probe_phase phase;
		enum ladder_kind kind;
	} steps[] = {
		{PROBE_PHASE_CONNECT, LADDER_CONNECT},
		{PROBE_PHASE_TLS, LADDER_TLS},
		{PROBE_PHASE_WEBSOCKET, LADDER_WEBSOCKET},
	};
	int64_t at_ns = t->attempt->replaced_ns ? t->attempt->replaced_ns : t->begun_ns;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t took_ns = r->phase_ns[steps[i].phase];

		if (took_ns < 0)
			continue;
		at_ns += took_ns;
		(void)target_ladder_add(l, t, step_kind(steps[i].kind, r), at_ns);
	}
}

static void add_notes(struct ladder *l, const struct target *t)
{
	const struct pl request = {.p = t->request.buf, .l = t->request.len};
	const struct target_notes *n = t->attempt->notes;

	for (unsigned i = 0; n && i < n->count; i++) {
		const struct note *note = &n->list[i];
		struct ladder_entry *e;

		if (note->kind == LADDER_SENT && !note->text) {
			add_message(l, t, LADDER_SENT, note->at_ns, request);
			continue;
		}
		e = target_ladder_add(l, t, (enum ladder_kind)note->kind, note->at_ns);
		if (!e)
			continue;
		e->text = note->text;
		e->len = note->len;
		e->size = note->size;
	}
	if (n)
		l->dropped += n->dropped;
	if (t->attempt->sent_ns && !(n && n->asked_ns == t->attempt->sent_ns))
		add_message(l, t, LADDER_SENT, t->attempt->sent_ns, request);
}

/* The entry for the end of a probe without a final response. */
static enum ladder_kind end_kind(const struct target *t, const struct probe_result *r)
{
	bool waited = r->err == ETIMEDOUT || r->outcome == PROBE_PROTOCOL;

	if (waited && clock_monotonic_ns() >= target_deadline_ns(t))
		return LADDER_DEADLINE;
	if (t->address.transport == CONFIG_TRANSPORT_UDP && t->attempt->sent_ns)
		return LADDER_ICMP;
	return LADDER_CLOSED;
}

static void add_failure(struct ladder *l, const struct target *t,
			const struct probe_result *r)
{
	struct ladder_entry *e =
		target_ladder_add(l, t, end_kind(t, r), clock_monotonic_ns());
	const char *text = r->detail;

	if (e && !*text && r->err && e->kind != LADDER_DEADLINE)
		text = strerror(r->err);
	if (!e || !*text)
		return;
	e->text = text;
	e->len = (uint32_t)strlen(text);
}

static void add_final(struct ladder *l, const struct target *t,
		      const struct guard_message *m)
{
	int64_t at_ns = t->attempt->rx_ns;

	add_message(l, t, LADDER_RECEIVED, at_ns, guard_bytes(m));
	if (m->oddity)
		add_words(l, t, LADDER_ODDITY, at_ns, m->oddity);
}

/* By time, as a connection that was made in the middle was added first. */
static void ladder_sort(struct ladder *l)
{
	for (unsigned i = 1; i < l->count; i++) {
		struct ladder_entry e = l->entries[i];
		unsigned k = i;

		for (; k && l->entries[k - 1].at_ns > e.at_ns; k--)
			l->entries[k] = l->entries[k - 1];
		l->entries[k] = e;
	}
}

void target_tell_ladder(struct target *t, const struct probe_result *r,
			const struct guard_message *m)
{
	const struct probe_events *events = t->group->events;
	struct ladder l;

	if (events->probe_ladder_h &&
	    events->ladder_wanted_h(t->cell, r, t->group->arg)) {
		l.count = 0;
		l.dropped = 0;
		add_phases(&l, t, r);
		add_notes(&l, t);
		if (t->attempt->replaced_ns)
			ladder_sort(&l);
		if (m && !t->attempt->noted)
			add_final(&l, t, m);
		else if (!m && (r->outcome != PROBE_RESPONSE || *r->detail))
			add_failure(&l, t, r);
		events->probe_ladder_h(t->cell, r, &l, t->group->arg);
	}
}
