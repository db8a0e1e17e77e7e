#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>

#include "sipprobe/media/media_private.h"

static void session_destructor(void *arg)
{
	struct media_session *s = arg;

	wire_pair_close(&s->wires);
	mem_deref(s->srtp);
	mem_deref(s->log);
	mem_deref(s->far);
	mem_deref(s->packets);
	if (s->audio)
		explicit_bzero(s->audio, MEDIA_AUDIO_BYTES);
	free(s->audio);
	explicit_bzero(&s->agreed, sizeof(s->agreed));
}

/* Nobody knows better than "not measured" until something is. */
static void session_unmeasured(struct media_report *r)
{
	r->in.loss_ratio = r->in.burst_ratio = -1;
	r->in.jitter_ns = r->in.jitter_max_ns = -1;
	r->in.first_packet_ns = r->in.first_sound_ns = r->in.longest_gap_ns = -1;
	r->in.delay_ns = -1;
	r->in.unscored = MEDIA_UNSCORED_NOTHING;
	r->out.round_trip_ns = r->out.jitter_ns = -1;
	r->out.loss_ratio = -1;
}

/* SSRC, sequence number, timestamp and name are random (RFC 3550 5.1, RFC 7022). */
static int session_randomise(struct media_session *s)
{
	struct {
		uint64_t random, name;
		uint32_t ssrc, timestamp;
		uint16_t sequence;
	} r;

	if (RAND_bytes((unsigned char *)&r, sizeof(r)) != 1)
		return EIO;
	s->random = r.random;
	s->log->ssrc = r.ssrc;
	s->timestamp = r.timestamp;
	/* In the lower half: it does not come round in a call, which SRTP cannot be told
	 * of (RFC 3711 3.3.1). */
	s->sequence = r.sequence & 0x7fff;
	(void)snprintf(s->name, sizeof(s->name), "%016llx", (unsigned long long)r.name);
	return 0;
}

static int session_keep(struct media_session *s)
{
	if (s->conf.keep_audio) {
		s->audio = malloc(MEDIA_AUDIO_BYTES);
		if (!s->audio)
			return ENOMEM;
	}
	if (s->conf.keep_packets) {
		s->packets = packets_alloc(s->conf.keep_packets);
		if (!s->packets)
			return ENOMEM;
	}
	return 0;
}

static int session_prepare(struct media_session *s, const struct sa *local)
{
	int err;

	s->log = mem_zalloc(sizeof(*s->log), NULL);
	if (!s->log)
		return ENOMEM;
	err = session_randomise(s);
	if (!err)
		err = session_keep(s);
	return err ? err
		   : wire_pair_open(&s->wires, &s->local, &s->media->ports, local,
				    s->conf.dscp);
}

int media_session_reserve(struct media_session **sp, struct media *m,
			  const struct sa *local, const struct media_session_conf *conf,
			  const struct media_handlers *h, void *arg)
{
	struct media_session *s;
	int err;

	if (m->count >= MEDIA_SESSIONS)
		return EMFILE;
	s = mem_zalloc(sizeof(*s), session_destructor);
	if (!s)
		return ENOMEM;
	s->wires.rtp.fd = s->wires.rtcp.fd = -1;
	s->slot = -1;
	s->media = m;
	s->conf = *conf;
	s->handlers = h;
	s->arg = arg;
	session_unmeasured(&s->report);
	err = session_prepare(s, local);
	if (err) {
		mem_deref(s);
		return err;
	}
	list_append(&m->sessions, &s->le, s);
	m->count++;
	*sp = s;
	return 0;
}

const struct sa *media_session_local(const struct media_session *s)
{
	return &s->local;
}

static int session_ask(struct media_session *s, struct media_command **cp,
		       enum media_command_kind kind)
{
	struct media_command *c;

	if (s->ending)
		return EALREADY;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	c->kind = kind;
	c->session = s;
	*cp = c;
	return 0;
}

static bool sdp_way_sends(enum sdp_way w)
{
	return w == SDP_WAY_SENDRECV || w == SDP_WAY_SENDONLY;
}

static bool sdp_way_receives(enum sdp_way w)
{
	return w == SDP_WAY_SENDRECV || w == SDP_WAY_RECVONLY;
}

static void session_agree(struct media_start *start, const struct sdp_local *ours,
			  const struct sdp_remote *theirs)
{
	start->theirs = *theirs;
	start->sends = sdp_way_sends(ours->way) && sdp_way_receives(theirs->way);
	start->events = ours->events;
	for (unsigned i = 0; i < ours->codec_count; i++)
		start->offered[ours->codecs[i]] = true;
	if (theirs->secure) {
		start->key = ours->cryptos[theirs->crypto_index];
		/* Ours goes with the suite that was agreed on. */
		start->key.suite = theirs->crypto.suite;
	}
	start->at_ns = wire_now_ns();
}

int media_session_start(struct media_session *s, const struct sdp_local *ours,
			const struct sdp_remote *theirs)
{
	const struct media_conf *conf = &s->media->conf;
	struct media_command *c;
	int err;

	if (!media_is_allowed(conf->networks, conf->network_count, &theirs->rtp) ||
	    (sa_isset(&theirs->rtcp, SA_ADDR) &&
	     !media_is_allowed(conf->networks, conf->network_count, &theirs->rtcp)))
		return EACCES;
	err = session_ask(s, &c, MEDIA_COMMAND_START);
	if (err)
		return err;
	session_agree(&c->start, ours, theirs);
	media_command_push(s->media, c);
	return 0;
}

int media_session_pair(struct media_session *a, struct media_session *b)
{
	struct media_command *c;
	int err = b->ending ? EALREADY : session_ask(a, &c, MEDIA_COMMAND_PAIR);

	if (err)
		return err;
	c->other = b;
	media_command_push(a->media, c);
	return 0;
}

int media_session_quiet(struct media_session *s)
{
	struct media_command *c;
	int err = session_ask(s, &c, MEDIA_COMMAND_QUIET);

	if (err)
		return err;
	media_command_push(s->media, c);
	return 0;
}

void media_session_stop(struct media_session *s)
{
	if (s->ending)
		return;
	s->ending = true;
	/* It is part of the session: there is always memory for it. */
	s->stop = (struct media_command){
		.kind = MEDIA_COMMAND_STOP, .embedded = true, .session = s};
	media_command_push(s->media, &s->stop);
}

void media_session_drop(struct media_session *s)
{
	s->dropped = true;
	media_session_stop(s);
}
