#include "tests/simulation/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "tests/simulation/calls/phones.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/kernel/datagrams.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/peers.h"
#include "tests/simulation/kernel/pipes.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"

enum { ICMP_QUOTES = 520 }; /* bytes of what was sent */

static bool cut_off;

int64_t net_way_ns(struct link *l)
{
	return chance_between(&l->stream, l->least_ns, l->most_ns) / 2;
}

bool net_loses(struct link *l)
{
	return chance_of(&l->stream, l->loss_ppm);
}

size_t net_field(char *out, size_t size, const char *text, const char *name)
{
	const char *at = text, *end;
	size_t len, name_len = strlen(name);

	out[0] = '\0';
	do {
		at = strstr(at, "\r\n");
		if (!at)
			return 0;
		at += 2;
	} while (strncmp(at, name, name_len) || at[name_len] != ':');
	at += name_len + 1;
	at += strspn(at, " ");
	end = strstr(at, "\r\n");
	len = end ? (size_t)(end - at) : 0;
	if (len >= size)
		len = size - 1;
	memcpy(out, at, len);
	out[len] = '\0';
	return len;
}

static uint64_t net_branch(const char *text)
{
	const char *at = strstr(text, ";branch=");
	uint64_t h = HASH_START;

	for (at = at ? at + 8 : ""; *at && !strchr(";,\r ", *at); at++)
		h = hash_byte(h, (uint8_t)*at);
	return hash_mix(h);
}

bool net_read(struct packet *p, const struct sa *us, struct peer *peer, const char *buf,
	      size_t len)
{
	char expires[16];

	if (len > NET_TEXT)
		return false;
	memcpy(p->text, buf, len);
	p->text[len] = '\0';
	p->dials = phones_are_meant(p->text);
	if (!p->dials && !strncmp(buf, "SIP/2.0 ", 8))
		return false;
	p->len = len;
	p->us = *us;
	p->peer = peer;
	p->branch = net_branch(p->text);
	p->registers = !strncmp(buf, "REGISTER ", 9);
	p->leaves = p->registers &&
		    net_field(expires, sizeof(expires), p->text, "Expires") &&
		    !strcmp(expires, "0");
	/* Who takes its leave is nobody's any more. */
	p->cell = p->leaves || p->dials ? NULL : peer->cells[p->registers];
	return true;
}

void net_packet_free(struct packet *p)
{
	if (p && p->pipe)
		pipes_let_go(p->pipe);
	memory_free(p);
}

static void net_hear_h(void *arg)
{
	struct packet *p = arg;

	if (p->peer->mode == PEER_REFUSES)
		net_refuse(p);
	else if (p->peer->mode == PEER_SILENT || net_loses(&p->peer->link))
		memory_free(p);
	else
		peers_hear(p);
}

void net_cut_off(bool off)
{
	cut_off = off;
}

bool net_is_cut_off(void)
{
	return cut_off;
}

void net_sent(const struct sa *src, const struct sa *dst, const char *buf, size_t len,
	      bool left)
{
	struct peer *peer = fleet_peer(dst);
	struct packet *p;

	if (cut_off || phones_audio(src, dst, buf, len, left))
		return;
	p = memory_get(sizeof(*p));
	callers_hear(src, dst, buf, len);
	if (!peer || !net_read(p, src, peer, buf, len)) {
		memory_free(p);
		return;
	}
	trace(peer->trunk, left ? "sends" : "cannot send",
	      p->dials	     ? phones_word(p->text)
	      : p->leaves    ? "REGISTER, Expires: 0"
	      : p->registers ? "REGISTER"
			     : "OPTIONS",
	      " to peer ", peer->index);
	witness_sent(p, left);
	if (!left || net_loses(&peer->link))
		memory_free(p);
	else
		world_in(net_way_ns(&peer->link), net_hear_h, p);
}

static void net_arrive_h(void *arg)
{
	struct packet *p = arg;

	trace(p->peer->trunk, p->garbled ? "a garbled answer" : "an answer",
	      " comes from peer", "", p->code);
	if (datagrams_arrive(&p->us, &p->peer->sa, p->text, p->len))
		witness_arrived(p);
	memory_free(p);
}

static void net_garble(struct packet *p)
{
	uint64_t *s = &p->peer->link.stream;
	size_t at = chance_below(s, p->len);

	p->garbled = true;
	if (chance_of(s, 300000))
		p->len = at;
	else
		p->text[at] = (char)chance_below(s, 256);
}

void net_answer(struct packet *p)
{
	struct link *l = &p->peer->link;

	if (p->pipe) {
		pipes_answer(p);
		return;
	}
	if (chance_of(&l->stream, l->twice_ppm)) {
		struct packet *again = memory_get(sizeof(*again));

		*again = *p;
		world_in(net_way_ns(l), net_arrive_h, again);
	}
	if (net_loses(l)) {
		memory_free(p);
		return;
	}
	if (chance_of(&l->stream, l->garble_ppm))
		net_garble(p);
	world_in(net_way_ns(l), net_arrive_h, p);
}

static void net_refused_h(void *arg)
{
	struct packet *p = arg;

	trace(p->peer->trunk, "ICMP port unreachable comes", "", " of peer ",
	      p->peer->index);
	if (datagrams_refuse(&p->us, &p->peer->sa, ECONNREFUSED, p->text,
			     p->len < ICMP_QUOTES ? p->len : ICMP_QUOTES))
		witness_refused(p);
	memory_free(p);
}

void net_refuse(struct packet *p)
{
	world_in(net_way_ns(&p->peer->link), net_refused_h, p);
}
