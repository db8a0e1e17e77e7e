#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phone.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/trace.h"

enum {
	STREAM = 800000, /* of the seed, the first call's */
	LEAST_SE_S = 120,
};

static struct {
	struct phone *list;
	uint64_t made;
} phones;

struct phones_counts phones_counts;

static const char *const methods[] = {"INVITE", "ACK", "BYE", "CANCEL", "PRACK"};

static bool phones_is(const char *text, const char *method)
{
	size_t len = strlen(method);

	return !strncmp(text, method, len) && text[len] == ' ';
}

const char *phones_word(const char *text)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (phones_is(text, methods[i]))
			return methods[i];
	return "an answer within a call";
}

bool phones_are_meant(const char *text)
{
	if (!strncmp(text, "SIP/2.0 ", 8))
		return strstr(text, PHONE_BRANCH) != NULL;
	return *phones_word(text) != 'a';
}

static uint64_t phones_number(const char *text, const char *before)
{
	const char *at = strstr(text, before);

	return at ? strtoull(at + strlen(before), NULL, 10) : 0;
}

static struct phone *phones_by_number(uint64_t number)
{
	struct phone *c = phones.list;

	while (c && c->number != number)
		c = c->next;
	return c;
}

static struct phone *phones_by_id(const struct peer *peer, const char *id)
{
	struct phone *c = phones.list;

	while (c && (c->dead || c->peer != peer || strcmp(c->id, id) != 0))
		c = c->next;
	return c;
}

struct phone *phones_by_port(const struct peer *peer, uint16_t port)
{
	struct phone *c = phones.list;

	while (c && (c->dead || c->peer != peer || phone_port(c) != (port & ~3)))
		c = c->next;
	return c;
}

/* --- manners --- */

static enum phone_ring manners_ring(uint64_t *s)
{
	static const enum phone_ring rings[] = {RING_180,      RING_180, RING_180,
						RING_180,      RING_180, RING_183,
						RING_RELIABLE, RING_NONE};

	return rings[chance_below(s, 8)];
}

static unsigned manners_code(uint64_t *s)
{
	static const unsigned codes[] = {486, 404, 603, 488, 302, 503, 480};

	return chance_of(s, 120000) ? codes[chance_below(s, 7)] : 200;
}

static void manners_of_answer(struct manners *m, uint64_t *s)
{
	m->ring = manners_ring(s);
	m->code = manners_code(s);
	m->ring_ns = chance_between(s, 20, 1500) * WORLD_MS;
	m->answer_ns = m->ring_ns + chance_between(s, 50, 6000) * WORLD_MS;
	if (chance_of(s, 50000))
		m->answer_ns = chance_between(s, 6, 50) * WORLD_S;
	if (chance_of(s, 80000))
		m->answer_ns = 0;
	m->crosses = chance_of(s, 300000);
	m->trying = chance_of(s, 700000);
	m->fork = chance_of(s, 50000);
	m->deaf = chance_of(s, 20000);
	m->loops = chance_of(s, 850000);
}

static void manners_of_talk(struct manners *m, uint64_t *s)
{
	static const unsigned codes[] = {404, 500, 403};

	m->voice = chance_of(s, 700000) ? PHONES_ECHO
					: (enum phones_voice)chance_below(s, 4);
	m->pcma = chance_of(s, 300000);
	m->astray = chance_of(s, 40000);
	m->keeps_time = chance_of(s, 800000);
	m->bye_ns = chance_of(s, 60000) ? chance_between(s, 300, 10000) * WORLD_MS : 0;
	m->asks_ns = chance_of(s, 150000) ? chance_between(s, 200, 5000) * WORLD_MS : 0;
	m->asks = (unsigned)chance_below(s, 64);
	m->bye_late_ns = chance_of(s, 150000) ? chance_between(s, 1, 5000) * WORLD_MS : 0;
	m->bye_code = chance_of(s, 30000) ? codes[chance_below(s, 3)] : 0;
	m->dies_ns = chance_of(s, 40000) ? chance_between(s, 1, 20000) * WORLD_MS : 0;
}

/* --- a new call --- */

static void phone_keep(struct phone *c, struct packet *p)
{
	const char *to = p->text;
	char supported[80];

	c->invite = p;
	c->us = p->us;
	c->pipe = p->pipe;
	p->pipe = NULL;
	(void)net_field(c->id, sizeof(c->id), to, "Call-ID");
	(void)net_field(c->from, sizeof(c->from), to, "From");
	(void)net_field(c->contact, sizeof(c->contact), to, "Contact");
	(void)net_field(supported, sizeof(supported), to, "Supported");
	c->asked_for_time = strstr(supported, "timer") != NULL &&
			    strstr(to, "\r\nSession-Expires: ") != NULL;
	(void)phone_audio_read(&c->audio, to);
}

static struct phone *phone_make(struct packet *p)
{
	struct phone *c = memory_get(sizeof(*c));

	c->number = ++phones.made;
	c->stream = chance_stream(fleet.seed, STREAM + c->number);
	c->peer = p->peer;
	c->refs = 1;
	c->begun_ns = world_now_ns();
	c->cseq = 100;
	manners_of_answer(&c->as, &c->stream);
	manners_of_talk(&c->as, &c->stream);
	if (p->peer->trunk->dial->barred)
		c->as.code = 403;
	if (p->peer->trunk->dial->mode != DIAL_LOOP)
		c->as.loops = false;
	for (unsigned i = 0; i < PHONE_LEGS; i++)
		(void)snprintf(c->legs[i].tag, sizeof(c->legs[i].tag), "leg%llu-%u",
			       (unsigned long long)c->number, i);
	phone_keep(c, p);
	c->next = phones.list;
	phones.list = c;
	phones_counts.calls++;
	return c;
}

/* Out of the list, some time after all that it could still do is done. */
static void phone_forget_h(struct phone *c, unsigned leg)
{
	struct phone **at = &phones.list;

	(void)leg;
	while (*at && *at != c)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = c->next;
	c->dead = true;
	phone_let_go(c);
}

static void phone_die_h(struct phone *c, unsigned leg)
{
	(void)leg;
	phones_die(c->peer);
}

static void phone_new(struct packet *p)
{
	struct phone *c = phone_make(p);

	trace(c->peer->trunk, "a phone is called", "", " number ", (int64_t)c->number);
	phone_later(c, DIALLER_SETTLES_NS + WORLD_S, phone_forget_h, PHONE_FORGETS);
	if (c->as.dies_ns)
		phone_later(c, c->as.dies_ns, phone_die_h, 0);
	phone_begin(c);
}

/* What is said of a call before anything is known of it; 0: nothing. */
static unsigned phones_admit(const struct packet *p, char *more, size_t size)
{
	char field[40];

	if (p->peer->mode == PEER_BUSY)
		return 503;
	(void)net_field(field, sizeof(field), p->text, "Session-Expires");
	if (p->peer->trunk->number % 3 == 2 && *field &&
	    strtoul(field, NULL, 10) < LEAST_SE_S) {
		(void)snprintf(more, size, "Min-SE: %d\r\n", LEAST_SE_S);
		return 422;
	}
	if (p->peer->registrar && p->peer->trunk->auth) {
		unsigned code = registrar_hear(p->peer->registrar, p, more, size);

		return code == 200 ? 0 : code;
	}
	return 0;
}

static void phones_call(struct packet *p, struct phone *c)
{
	char more[512] = "";
	unsigned code;

	if (c) {
		phone_take_again(c, p);
		net_packet_free(p);
		return;
	}
	code = phones_admit(p, more, sizeof(more));
	if (!code && p->peer->trunk->dial) {
		phone_new(p);
		return;
	}
	phone_refuse(p, code ? code : 404, more);
	net_packet_free(p);
}

static void phones_request(struct packet *p)
{
	struct phone *c;
	char id[80];

	(void)net_field(id, sizeof(id), p->text, "Call-ID");
	c = strncmp(id, "onward", 6) != 0 ? phones_by_id(p->peer, id)
					  : phones_by_number(phones_number(id, "onward"));
	if (c && c->dead)
		c = NULL;
	if (c && p->pipe && c->pipe != p->pipe) {
		if (c->pipe)
			pipes_let_go(c->pipe);
		c->pipe = p->pipe;
		pipes_hold(c->pipe);
	}
	if (phones_is(p->text, "INVITE")) {
		phones_call(p, c);
		return;
	}
	if (c && !strncmp(id, "onward", 6))
		onward_hear(c, p);
	else if (c)
		phone_take(c, p);
	else if (!phones_is(p->text, "ACK"))
		phone_refuse(p, 481, "");
	net_packet_free(p);
}

void phones_hear(struct packet *p)
{
	struct phone *c;
	char id[80];

	if (strncmp(p->text, "SIP/2.0 ", 8) != 0) {
		phones_request(p);
		return;
	}
	(void)net_field(id, sizeof(id), p->text, "Call-ID");
	p->code = (unsigned)strtoul(p->text + 8, NULL, 10);
	c = phones_by_number(phones_number(p->text, PHONE_BRANCH));
	if (c && !c->dead && !strncmp(id, "onward", 6))
		onward_hear(c, p);
	else if (c && !c->dead)
		phone_answered(c, p);
	net_packet_free(p);
}

void phones_die(const struct peer *peer)
{
	for (struct phone *c = phones.list; c; c = c->next) {
		if (c->peer != peer || c->dead)
			continue;
		c->dead = true;
		phones_counts.deaths++;
		trace(peer->trunk, "(a phone dies)", "", " number ", (int64_t)c->number);
	}
}

static bool phone_is_up(const struct phone *c, bool acked)
{
	for (unsigned i = 0; i < PHONE_LEGS; i++)
		if (!c->dead && c->legs[i].up && (!acked || c->legs[i].acked))
			return true;
	return !c->dead && c->on.up && !acked;
}

bool phones_are_up(const char *call_id, bool timed)
{
	for (const struct phone *c = phones.list; c; c = c->next)
		if (!strcmp(c->id, call_id) && phone_is_up(c, false) &&
		    (!timed || c->as.keeps_time))
			return true;
	return false;
}

enum phones_voice phones_voice(const char *call_id)
{
	const struct phone *c = phones.list;

	while (c && strcmp(c->id, call_id) != 0)
		c = c->next;
	if (!c || c->dead || c->as.astray || c->as.asks_ns || c->as.bye_ns)
		return PHONES_UNKNOWN;
	if (c->peer->trunk->dial->mode != DIAL_LOOP)
		return c->as.voice;
	/* Who answers in place of us is no loop, whatever it says. */
	return c->as.loops ? PHONES_ECHO : PHONES_UNKNOWN;
}

const struct trunk *phones_have(int64_t before_ns, bool (*among)(const struct peer *p))
{
	for (const struct phone *c = phones.list; c; c = c->next)
		if (c->begun_ns < before_ns && !c->as.bye_code && phone_is_up(c, true) &&
		    among(c->peer))
			return c->peer->trunk;
	return NULL;
}
