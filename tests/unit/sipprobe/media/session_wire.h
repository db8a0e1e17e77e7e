/*
 * A session without a thread, on a wire and a clock of the test's own: what it sends is
 * kept here, and what comes is what the test lays there. To be included by one file.
 */
#ifndef TESTS_UNIT_SIPPROBE_MEDIA_SESSION_WIRE_H
#define TESTS_UNIT_SIPPROBE_MEDIA_SESSION_WIRE_H

#include <stdlib.h>
#include <unistd.h>

#include "sipprobe/media/media_private.h"
#include "tests/unit/tap.h"

#define MS CLOCK_NS_PER_MS

enum { SENT_MAX = 4096, COMING_MAX = 128 };

static int64_t wire_clock_ns = 1000 * CLOCK_NS_PER_S;

int64_t wire_now_ns(void)
{
	return wire_clock_ns;
}

/* What was sent, and the last of each socket as it was. */
struct sent {
	unsigned count;
	struct sa to;
	size_t bytes;
	uint8_t data[WIRE_PACKET_ROOM];
};

static struct sent sent_rtp, sent_rtcp;
static int wire_error; /* of all that is sent */

enum { FD_RTP = 1000001, FD_RTCP };

int wire_send(const struct wire *w, const struct sa *dst, const uint8_t *data,
	      size_t bytes)
{
	struct sent *s = w->fd == FD_RTP ? &sent_rtp : &sent_rtcp;

	if (wire_error)
		return wire_error;
	s->count++;
	s->to = *dst;
	s->bytes = bytes;
	memcpy(s->data, data, bytes);
	return 0;
}

static unsigned wire_dscp;

int wire_pair_open(struct wire_pair *pair, struct sa *bound, struct wire_ports *ports,
		   const struct sa *local, unsigned dscp)
{
	(void)ports;
	pair->rtp.fd = FD_RTP;
	pair->rtcp.fd = FD_RTCP;
	wire_dscp = dscp;
	*bound = *local;
	sa_set_port(bound, 40000);
	return 0;
}

void wire_pair_close(struct wire_pair *pair)
{
	pair->rtp.fd = pair->rtcp.fd = -1;
}

/* What comes, in the order in which it is read. */
static struct wire_packet coming[COMING_MAX];
static uint8_t coming_data[COMING_MAX][WIRE_PACKET_ROOM];
static unsigned coming_count, coming_read;
static int coming_fd = FD_RTP; /* of the socket that they come to */

unsigned wire_receive(struct wire_packet *packets, struct wire *w, struct wire_batch *b)
{
	unsigned n = 0;

	(void)b;
	if (w->fd != coming_fd)
		return 0;
	for (; n < WIRE_BATCH && coming_read < coming_count; n++)
		packets[n] = coming[coming_read++];
	return n;
}

static struct sa address(const char *text, uint16_t port)
{
	struct sa sa;

	if (sa_set_str(&sa, text, port))
		abort();
	return sa;
}

static void lay(const uint8_t *data, size_t bytes, const struct sa *src)
{
	struct wire_packet *p = &coming[coming_count];

	memcpy(coming_data[coming_count], data, bytes);
	*p = (struct wire_packet){.src = *src,
				  .data = coming_data[coming_count],
				  .bytes = bytes,
				  .at_ns = wire_clock_ns};
	coming_count++;
}

static struct media media = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.bell_fd = -1,
	.wake_fd = -1,
	.wait_fd = -1,
	.sockets_fd = -1,
	.timer_fd = -1,
};

static struct media_session *session;
static struct sdp_local ours;
static struct sdp_remote theirs;
static unsigned events[MEDIA_EVENT_KINDS];
static char where[MEDIA_EVENT_KINDS][64]; /* of the last of them */

/* What came is read, and what is told is counted. */
static inline void hear(bool rtcp)
{
	struct media_message *msg;

	coming_fd = rtcp ? FD_RTCP : FD_RTP;
	session_read(&media, session, rtcp);
	coming_count = coming_read = 0;
	while ((msg = media_message_pop(&media))) {
		if (msg->gone)
			continue;
		events[msg->event.kind]++;
		str_ncpy(where[msg->event.kind], msg->event.where, 64);
		free(msg);
	}
}

static inline void command(void)
{
	struct media_command *c = media_command_pop(&media);

	if (!c)
		return;
	if (c->kind == MEDIA_COMMAND_START)
		session_start(&media, c->session, &c->start);
	media_command_free(c);
}

static void event_h(struct media_session *s, const struct media_event *e, void *arg)
{
	(void)s;
	(void)e;
	(void)arg;
}

static const struct media_handlers handlers = {.event_h = event_h};

/* A call from 192.0.2.1:40000 to 192.0.2.9:5000 and 5001. */
static inline void agree(void)
{
	static const enum media_codec codecs[] = {MEDIA_PCMU, MEDIA_PCMA};
	struct sa local = address("192.0.2.1", 40000);

	(void)sdp_local_init(&ours, &local, 40001, codecs, 2, false);
	theirs = (struct sdp_remote){.rtp = address("192.0.2.9", 5000),
				     .rtcp = address("192.0.2.9", 5001),
				     .codec = MEDIA_PCMA,
				     .codec_type = 8,
				     .event_type = -1,
				     .ptime_ms = 20};
}

static inline void reserve(const struct media_session_conf *conf)
{
	const struct media_network net = {
		{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2}, 120};
	struct sa local = address("192.0.2.1", 0);

	media.networks[0] = media.conf.networks[0] = net;
	media.network_count = media.conf.network_count = 1;
	media.epoch_ns = wire_clock_ns;
	media.tick = 0;
	media.armed_tick = INT64_MAX;
	memset(events, 0, sizeof(events));
	sent_rtp.count = sent_rtcp.count = 0;
	if (media_session_reserve(&session, &media, &local, conf, &handlers, NULL))
		abort();
	agree();
}

static inline void start(void)
{
	if (media_session_start(session, &ours, &theirs))
		abort();
	command();
}

static inline void begin(const struct media_session_conf *conf)
{
	reserve(conf);
	start();
}

static inline void finish(void)
{
	struct media_message *msg;

	media_wheel_leave(&media, session);
	while ((msg = media_message_pop(&media)))
		if (!msg->gone)
			free(msg);
	list_unlink(&session->le);
	media.count--;
	session = mem_deref(session);
}

/* Time goes by, each ms what is due is sent. */
static inline void pass(int ms)
{
	for (int i = 0; i < ms; i++) {
		wire_clock_ns += MS;
		media_wheel_turn(&media);
	}
	hear(false);
}

struct rtp_in {
	uint8_t type;
	uint16_t sequence;
	uint32_t timestamp, ssrc;
	size_t bytes;	  /* of payload; 0: 160 */
	uint8_t fill;	  /* 0: silence */
	const char *from; /* NULL: the peer */
	uint16_t port;
};

/* An RTP packet comes, and is read at once. */
static inline void rtp(struct rtp_in in)
{
	struct sa src =
		address(in.from ? in.from : "192.0.2.9", in.port ? in.port : 5000);
	struct rtp_packet p = {.type = in.type,
			       .sequence = in.sequence,
			       .timestamp = in.timestamp,
			       .ssrc = in.ssrc};
	uint8_t data[WIRE_PACKET_MAX];
	uint8_t *end = rtp_packet_write(data, &p);
	size_t bytes = in.bytes ? in.bytes : 160;

	memset(end, in.fill ? in.fill : 0xd5, bytes);
	lay(data, RTP_HEADER_BYTES + bytes, &src);
	hear(false);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

#endif
