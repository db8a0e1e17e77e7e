#include "tests/simulation/calls/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/net.h"

#define GIVES_UP 64 /* T1 */

/* When calls began, of the last day. */
static struct {
	int64_t *list;
	size_t count, size, from;
} begun;

struct dialled *ledger_find(const struct trunk *t, const char *id)
{
	struct dialled *d = t->dial ? t->dial->calls : NULL;

	while (d && strcmp(d->id, id) != 0)
		d = d->next;
	return d;
}

static void ledger_note(int64_t at_ns)
{
	if (begun.count == begun.size) {
		begun.size = begun.size ? 2 * begun.size : 1024;
		begun.list = memory_more(begun.list, begun.size * sizeof(*begun.list));
	}
	begun.list[begun.count++] = at_ns;
}

unsigned ledger_begun(int64_t ns)
{
	size_t i = begun.count;

	while (i > begun.from && world_now_ns() - begun.list[i - 1] < ns)
		i--;
	return (unsigned)(begun.count - i);
}

void ledger_forget(void)
{
	begun.from = begun.count;
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t)) {
		if (!t->dial)
			continue;
		for (struct dialled *d = t->dial->calls; d; d = d->next)
			d->orphaned = true;
		t->dial->open = 0;
	}
}

bool ledger_is_open(const struct dialled *d)
{
	int64_t most_ns = GIVES_UP * d->trunk->have.t1_ns - WORLD_S;

	/* Of one that was counted nobody knows. */
	if (d->orphaned || d->garbled || d->trunk->dial->lost > d->lost)
		return false;
	for (unsigned i = 0; i < d->line_count; i++) {
		const struct dialled_line *l = &d->lines[i];

		if (!l->ended && !l->refused &&
		    (!l->bye_ns || world_now_ns() < l->bye_ns + most_ns))
			return true;
	}
	return false;
}

/* Whether nothing of it can be under way. */
bool ledger_is_over(const struct dialled *d)
{
	if (d->orphaned)
		return true;
	if (!d->final_ns)
		return false;
	for (unsigned i = 0; i < d->line_count; i++)
		if (!d->lines[i].ended)
			return false;
	return true;
}

unsigned ledger_open(void)
{
	unsigned open = 0;

	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t))
		for (const struct dialled *d = t->dial ? t->dial->calls : NULL; d;
		     d = d->next)
			open += ledger_is_open(d);
	return open;
}

/* --- a call, from its begin to when all of it is over --- */

static void ledger_free(struct dialled *d)
{
	struct dialled **at = &d->trunk->dial->calls;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	memory_free(d);
}

static void ledger_settle_h(void *arg)
{
	struct dialled *d = arg;
	int64_t stalled_ns = world_stalled_ns(d->settles_ns);

	if (stalled_ns) {
		d->settles_ns = world_now_ns();
		world_in(stalled_ns + WORLD_MIN, ledger_settle_h, d);
		return;
	}
	judge(ON_HUNG_UP, &(struct occasion){.trunk = d->trunk, .dialled = d});
	ledger_free(d);
}

static struct dialled *ledger_begin(struct trunk *t, const char *id,
				    const struct packet *p)
{
	struct dialled *d = memory_get(sizeof(*d));

	d->trunk = t;
	d->peer = p->peer;
	d->peer_epoch = p->peer->epoch;
	d->begun_ns = d->settles_ns = world_now_ns();
	d->lost = t->dial->lost;
	d->memory = memory_failed();
	(void)snprintf(d->id, sizeof(d->id), "%s", id);
	ledger_note(world_now_ns());
	judge(ON_DIALLED, &(struct occasion){.trunk = t, .dialled = d});
	d->next = t->dial->calls;
	t->dial->calls = d;
	t->dial->begun++;
	world_in(DIALLER_SETTLES_NS, ledger_settle_h, d);
	return d;
}

/* --- messages --- */

static struct dialled *ledger_of(const struct packet *p, char *id, size_t size)
{
	struct trunk *t = p->peer->trunk;

	(void)net_field(id, size, p->text, "Call-ID");
	return t->dial ? ledger_find(t, id) : NULL;
}

static void ledger_tag(char *tag, size_t size, const struct packet *p, const char *name)
{
	char value[300];
	const char *at;

	(void)net_field(value, sizeof(value), p->text, name);
	at = strstr(value, ";tag=");
	(void)snprintf(tag, size, "%.*s", at ? (int)strcspn(at + 5, ";>") : 0,
		       at ? at + 5 : "");
}

static struct dialled_line *ledger_line(struct dialled *d, const struct packet *p,
					const char *name)
{
	char tag[32];

	ledger_tag(tag, sizeof(tag), p, name);
	for (unsigned i = 0; i < d->line_count; i++)
		if (!strcmp(d->lines[i].tag, tag))
			return &d->lines[i];
	return NULL;
}

void ledger_sent(const struct packet *p, bool left)
{
	struct dialled_line *l;
	char id[80];
	struct dialled *d = ledger_of(p, id, sizeof(id));

	(void)left;
	if (!p->peer->trunk->dial || !strncmp(id, "onward", 6))
		return;
	if (!d && !strncmp(p->text, "INVITE ", 7))
		d = ledger_begin(p->peer->trunk, id, p);
	if (d)
		d->moved_ns = world_now_ns();
	if (d && !strncmp(p->text, "CANCEL ", 7) && !d->cancel_ns)
		d->cancel_ns = world_now_ns();
	l = d && !strncmp(p->text, "BYE ", 4) ? ledger_line(d, p, "To") : NULL;
	if (l && !l->bye_ns)
		l->bye_ns = world_now_ns();
}

static void ledger_answered(struct dialled *d, const struct packet *p)
{
	struct dialled_line *l = ledger_line(d, p, "To");

	d->answered = true;
	if (l || d->line_count == LEDGER_LINES)
		return;
	d->late |= !d->trunk->dial->open;
	l = &d->lines[d->line_count++];
	ledger_tag(l->tag, sizeof(l->tag), p, "To");
	l->up_ns = world_now_ns();
}

static void ledger_invite(struct dialled *d, const struct packet *p)
{
	bool again = p->code == 401 || p->code == 407 || p->code == 422;

	if ((p->code == 180 || p->code == 183) && !d->ring_ns)
		d->ring_ns = world_now_ns();
	if (p->code >= 200 && p->code < 300)
		ledger_answered(d, p);
	if (p->code < 200 || again)
		return;
	if (!d->code)
		d->code = p->code;
	if (!d->final_ns)
		d->final_ns = world_now_ns();
}

static void ledger_response(struct dialled *d, const struct packet *p)
{
	bool good = (p->code >= 200 && p->code < 300) || p->code == 481;
	struct dialled_line *l;
	char cseq[40];

	(void)net_field(cseq, sizeof(cseq), p->text, "CSeq");
	if (strstr(cseq, "INVITE"))
		ledger_invite(d, p);
	else if (strstr(cseq, "CANCEL"))
		d->cancelled |= good;
	l = strstr(cseq, "BYE") ? ledger_line(d, p, "To") : NULL;
	if (l) {
		l->ended |= good;
		l->refused |= !good && p->code >= 300 && p->code != 401;
	}
}

/* It may have been any one's. */
static void ledger_garbled(const struct trunk *t)
{
	for (struct dialled *d = t->dial ? t->dial->calls : NULL; d; d = d->next)
		d->garbled = true;
}

void ledger_arrived(const struct packet *p)
{
	struct dialled_line *l;
	char id[80];
	struct dialled *d;

	if (p->garbled) {
		ledger_garbled(p->peer->trunk);
		return;
	}
	d = ledger_of(p, id, sizeof(id));
	if (!d)
		return;
	d->moved_ns = world_now_ns();
	if (p->code) {
		ledger_response(d, p);
		return;
	}
	l = !strncmp(p->text, "BYE ", 4) ? ledger_line(d, p, "From") : NULL;
	if (!l)
		return;
	d->their_bye |= !l->bye_ns && l == d->lines;
	l->ended = true;
}
