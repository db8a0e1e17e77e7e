/* The audio of calls, packet by packet: a phone says something for each that it hears. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/phone.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/datagrams.h"
#include "tests/simulation/kernel/memory.h"

enum { AUDIO_MAX = 200, RTP_HEADER = 12, SILENCE_U = 0xff, SILENCE_A = 0xd5 };

/* Under way to us. */
struct audio {
	struct sa us, from;
	size_t len;
	char buf[AUDIO_MAX];
};

bool phone_audio_read(struct sa *sa, const char *text)
{
	const char *c = strstr(text, "\r\nc=IN IP"), *m = strstr(text, "\r\nm=audio ");
	char address[64];

	if (!c || !m)
		return false;
	(void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(c + 11, "\r"),
		       c + 11);
	return !sa_set_str(sa, address, (uint16_t)strtoul(m + 10, NULL, 10));
}

static void audio_arrive_h(void *arg)
{
	struct audio *a = arg;

	(void)datagrams_arrive(&a->us, &a->from, a->buf, a->len);
	memory_free(a);
}

/* What is heard in place of what was said. */
static bool audio_turn(struct audio *a, struct phone *c)
{
	unsigned char *p = (unsigned char *)a->buf + RTP_HEADER;

	if (c->as.voice == PHONES_NOTHING)
		return false;
	if (c->as.voice == PHONES_ECHO || a->len <= RTP_HEADER)
		return true;
	for (size_t i = 0; i < a->len - RTP_HEADER; i++)
		p[i] = c->as.voice == PHONES_SILENCE
			       ? (c->as.pcma ? SILENCE_A : SILENCE_U)
			       : (unsigned char)(chance_next(&c->stream) >> 33);
	return true;
}

static void audio_send(struct phone *c, const struct audio *a, int64_t way_ns)
{
	struct audio *copy = memory_get(sizeof(*copy));

	*copy = *a;
	world_in(way_ns, audio_arrive_h, copy);
	phones_counts.packets++;
	(void)c;
}

/* There and back; or from one end of a loop to the other. */
static void audio_return(struct phone *c, struct audio *a)
{
	struct link *l = &c->peer->link;

	bool there = !net_loses(l), back = !net_loses(l);

	if (!there || !back)
		return;
	audio_send(c, a, net_way_ns(l) + net_way_ns(l));
	if (chance_of(&l->stream, l->twice_ppm))
		audio_send(c, a, net_way_ns(l) + net_way_ns(l));
}

static void audio_heard(struct phone *c, const struct sa *src, uint16_t port,
			const char *buf, size_t len)
{
	bool onward = port == phone_port(c) + 2;
	struct audio a = {.us = *src, .from = c->peer->sa, .len = len};

	if (c->on.up) {
		a.us = onward ? c->audio : c->on.audio;
		port = phone_port(c) + (onward ? 0 : 2);
	} else if (onward || c->as.loops) {
		return;
	}
	memcpy(a.buf, buf, len);
	sa_set_port(&a.from, port);
	if (c->on.up || audio_turn(&a, c))
		audio_return(c, &a);
}

bool phones_audio(const struct sa *src, const struct sa *dst, const char *buf, size_t len,
		  bool left)
{
	const struct peer *peer = fleet_peer(dst);
	struct phone *c;

	if (!dialler_is_audio(sa_port(src)))
		return false;
	judge(ON_AUDIO,
	      &(struct occasion){.trunk = peer ? peer->trunk : NULL, .to = dst});
	if (!left || !peer || len > AUDIO_MAX || peer->mode == PEER_SILENT ||
	    peer->mode == PEER_REFUSES)
		return true;
	c = phones_by_port(peer, sa_port(dst));
	/* RTCP is not answered. */
	if (c && !(sa_port(dst) & 1))
		audio_heard(c, src, sa_port(dst), buf, len);
	return true;
}
