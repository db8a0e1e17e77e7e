/*
 * The media thread at work: calls over loopback, all at the same time, some through a
 * path with faults. What is asserted are counts and what was heard; of times, only what a
 * busy machine leaves standing.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop.h"
#include "sipprobe/media/media.h"
#include "tests/support/relay.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

#define TALK_NS	 (3400 * CLOCK_NS_PER_MS)
#define QUIET_NS (400 * CLOCK_NS_PER_MS)

/* One end of a call, and what it was told. */
struct end {
	struct media_session *session;
	struct sdp_local local;
	struct sdp_remote peer;
	struct media_report report;
	bool reported;
	unsigned events[MEDIA_EVENT_KINDS];
	struct mbuf *wav;
	struct media_packets *packets;
};

static struct media *media;
static unsigned reports, events_in_all;

static void event_h(struct media_session *s, const struct media_event *e, void *arg)
{
	struct end *end = arg;

	(void)s;
	end->events[e->kind]++;
	events_in_all++;
}

static void report_h(struct media_session *s, const struct media_report *r, void *arg)
{
	struct end *end = arg;

	end->report = *r;
	end->reported = true;
	(void)media_session_audio(&end->wav, s);
	end->packets = media_session_packets(s);
	reports++;
}

static const struct media_handlers handlers = {event_h, report_h};

static struct sa address_of(const char *text)
{
	struct sa sa;

	if (sa_set_str(&sa, text, 0))
		abort();
	return sa;
}

static struct media_session_conf conf_of(const char *nonce, const char *expect)
{
	struct media_session_conf c = {.inband = true,
				       .events = true,
				       .jitter_buffer_ms = 40,
				       .concealed = true};

	strcpy(c.nonce, nonce);
	strcpy(c.expect, expect);
	return c;
}

static void end_open(struct end *e, const char *address,
		     const struct media_session_conf *c, enum media_codec codec,
		     bool secure)
{
	struct sa sa = address_of(address);
	struct sa rtp;
	int err = media_session_reserve(&e->session, media, &sa, c, &handlers, e);

	if (err) {
		fprintf(stderr, "no session: %s\n", strerror(err));
		exit(1);
	}
	rtp = *media_session_local(e->session);
	(void)sdp_local_init(&e->local, &rtp, (uint16_t)(sa_port(&rtp) + 1), &codec, 1,
			     secure);
}

/* Offer and answer by text, as signalling does it. */
static void ends_agree(struct end *a, struct end *b)
{
	char text[SDP_BYTES];
	int fault;

	(void)sdp_offer_write(text, &a->local);
	fault = sdp_offer_read(&b->peer, &b->local, &a->local.rtp, text, strlen(text));
	if (!fault) {
		(void)sdp_answer_write(text, &b->local, &b->peer);
		fault = sdp_answer_read(&a->peer, &a->local, &b->local.rtp, text,
					strlen(text));
	}
	if (fault) {
		fprintf(stderr, "%s\n", sdp_fault_text(fault));
		exit(1);
	}
}

static void end_start(struct end *e)
{
	if (media_session_start(e->session, &e->local, &e->peer))
		exit(1);
}

/* A call of two ends. */
struct pair {
	struct end a, b;
	struct relay_path *path;
	struct relay_counts counts;
};

static void pair_start(struct pair *p, const char *address, enum media_codec codec,
		       bool secure, struct relay *relay, const struct relay_fault *fault)
{
	struct media_session_conf ca = conf_of("12345", "BCD01");
	struct media_session_conf cb = conf_of("BCD01", "12345");
	uint16_t ports[2];

	cb.keep_audio = true;
	ca.keep_packets = 1;
	end_open(&p->a, address, &ca, codec, secure);
	end_open(&p->b, address, &cb, codec, secure);
	ends_agree(&p->a, &p->b);
	if (fault) {
		if (relay_path_add(&p->path, relay, fault, ports))
			exit(1);
		relay_path_ends(p->path, sa_port(&p->a.local.rtp),
				sa_port(&p->b.local.rtp));
		sa_set_port(&p->a.peer.rtp, ports[0]);
		sa_set_port(&p->b.peer.rtp, ports[1]);
	}
	(void)media_session_pair(p->a.session, p->b.session);
	end_start(&p->a);
	end_start(&p->b);
}

static struct relay *relay;
static struct pair plain, secure, six, lossy, renumbered, jittery, nat, oneway, moved;
static struct end echo, nobody, barred, reported, strange;
static struct relay_path *echo_path;

/* All of a second's faults at once, on a path of its own each. */
static void start_pairs(void)
{
	static const struct relay_fault loses = {.loss_permille = 100, .delay_ms = 30};
	static const struct relay_fault renumbers = {.renumber = true, .delay_ms = 60};
	static const struct relay_fault jitters = {
		.delay_ms = 60, .spread_ms = 30, .twice_permille = 50};
	static const struct relay_fault nats = {.elsewhere = true};
	static const struct relay_fault one_way = {.one_way = true};

	pair_start(&plain, "127.0.0.1", MEDIA_PCMU, false, NULL, NULL);
	pair_start(&secure, "127.0.0.1", MEDIA_PCMA, true, NULL, NULL);
	/* The final answer repeats what early media said. */
	end_start(&secure.a);
	end_start(&secure.b);
	pair_start(&six, "::1", MEDIA_PCMA, false, NULL, NULL);
	pair_start(&lossy, "127.0.0.1", MEDIA_PCMU, false, relay, &loses);
	pair_start(&renumbered, "127.0.0.1", MEDIA_PCMA, false, relay, &renumbers);
	pair_start(&jittery, "127.0.0.1", MEDIA_PCMU, false, relay, &jitters);
	pair_start(&nat, "127.0.0.1", MEDIA_PCMU, false, relay, &nats);
	pair_start(&oneway, "127.0.0.1", MEDIA_PCMU, false, relay, &one_way);
}

/* An end whose peer is at a port of this host, as if by SDP. */
static void single_start(struct end *e, const char *nonce, uint16_t port)
{
	struct media_session_conf c = conf_of(nonce, nonce);

	end_open(e, "127.0.0.1", &c, MEDIA_PCMU, false);
	ends_agree(e, e);
	sa_set_port(&e->peer.rtp, port);
	sa_set_port(&e->peer.rtcp, (uint16_t)(port + 1));
	end_start(e);
}

static void start_echo(void)
{
	static const struct relay_fault echoes = {.echo = true, .delay_ms = 40};
	uint16_t ports[2];

	if (relay_path_add(&echo_path, relay, &echoes, ports))
		exit(1);
	single_start(&echo, "A1B2C", ports[0]);
	relay_path_ends(echo_path, sa_port(&echo.local.rtp), sa_port(&echo.local.rtp));
}

/* A peer that answers each of our reports, and takes what it wants for a report. */
static int reporter_fd = -1;

static int udp_at(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		exit(1);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in a = {0};
	socklen_t len = sizeof(a);

	(void)getsockname(fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin_port);
}

static void send_to(int fd, uint16_t port, const void *data, size_t bytes)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)!sendto(fd, data, bytes, 0, (struct sockaddr *)&a, sizeof(a));
}

/* A quarter of 40 lost, jitter of 80 ticks, our SR just come. */
static void reporter_answer(void)
{
	uint8_t sr[200], rr[32] = {0x81, 201, 0, 7, 9, 9, 9, 9, 0, 0, 0, 0, 64, 0, 0, 5};
	ssize_t n = recv(reporter_fd, sr, sizeof(sr), 0);

	if (n < 28 || sr[1] != 200)
		return;
	memcpy(rr + 8, sr + 4, 4);
	rr[23] = 80;
	memcpy(rr + 24, sr + 10, 4);
	send_to(reporter_fd, (uint16_t)(sa_port(&reported.local.rtp) + 1), rr,
		sizeof(rr));
}

static int64_t until_ns;

static bool is_over(void *arg)
{
	(void)arg;
	if (reporter_fd >= 0)
		reporter_answer();
	return clock_monotonic_ns() >= until_ns;
}

static void turn_for(int64_t ns)
{
	until_ns = clock_monotonic_ns() + ns;
	(void)loop_until(is_over, NULL);
}

/* A re-INVITE: another address, codec and key; the sender's packets go there. */
static void start_moved(void)
{
	struct sa right;

	pair_start(&moved, "127.0.0.1", MEDIA_PCMU, true, NULL, NULL);
	right = moved.a.peer.rtp;
	sa_set_port(&moved.a.peer.rtp, 9);
	end_start(&moved.a);
	turn_for(200 * CLOCK_NS_PER_MS);
	moved.a.peer.rtp = right;
	moved.a.local.cryptos[0].key[3] ^= 1;
	moved.b.peer.crypto.key[3] ^= 1;
	moved.a.peer.codec = moved.b.peer.codec = MEDIA_PCMA;
	moved.a.peer.codec_type = moved.b.peer.codec_type = 8;
	end_start(&moved.b);
	end_start(&moved.a);
}

static void start_singles(void)
{
	int rtp = udp_at(0);

	reporter_fd = udp_at(0);
	single_start(&reported, "09090", 9);
	sa_set_port(&reported.peer.rtp, port_of(rtp));
	sa_set_port(&reported.peer.rtcp, port_of(reporter_fd));
	end_start(&reported);
	single_start(&nobody, "20202", port_of(rtp));
	single_start(&strange, "30303", port_of(rtp));
	(void)close(rtp);
}

/* What strangers and faulty peers send, to a call that none of it belongs to. */
static void send_strange(void)
{
	static uint8_t packet[2000] = {0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4};
	uint16_t to = sa_port(&strange.local.rtp);
	int peer = udp_at(sa_port(&strange.peer.rtp)), stranger = udp_at(0);

	send_to(peer, to, packet, 172); /* of the call: no other may come now */
	usleep(30000);
	send_to(stranger, to, packet, 172);
	send_to(peer, to, packet, 1501);
	send_to(peer, to, packet, 5);
	packet[1] = 96; /* a payload type that nobody offered */
	send_to(peer, to, packet, 172);
	packet[1] = 200; /* RTCP of nothing */
	send_to(peer, to, packet, 4);
	usleep(30000);
	packet[1] = 0;
	for (unsigned n = 2; n < 402; n++) {
		packet[2] = (uint8_t)(n >> 8);
		packet[3] = (uint8_t)n;
		send_to(peer, to, packet, 172);
		if (n % 40 == 0)
			usleep(3000);
	}
	(void)close(peer);
	(void)close(stranger);
}

static bool is_counted(void *arg)
{
	return reports >= *(unsigned *)arg;
}

static struct pair *const pairs[] = {&plain,   &secure, &six,	 &lossy, &renumbered,
				     &jittery, &nat,	&oneway, &moved};
static struct end *const singles[] = {&echo, &nobody, &barred, &reported, &strange};

enum {
	PAIRS = sizeof(pairs) / sizeof(pairs[0]),
	SINGLES = sizeof(singles) / sizeof(singles[0]),
};

static void stop_all(void)
{
	unsigned want = 2 * PAIRS + SINGLES;

	for (unsigned i = 0; i < PAIRS; i++) {
		(void)media_session_quiet(pairs[i]->a.session);
		(void)media_session_quiet(pairs[i]->b.session);
	}
	turn_for(QUIET_NS);
	for (unsigned i = 0; i < PAIRS; i++) {
		media_session_stop(pairs[i]->a.session);
		media_session_stop(pairs[i]->b.session);
	}
	for (unsigned i = 0; i < SINGLES; i++)
		media_session_stop(singles[i]->session);
	ok(loop_until(is_counted, &want), "every session has its report");
	is_int(reports, want, "… once");
	is_int(media_sessions(media), 0, "and is gone");
	relay_stop(relay);
	for (unsigned i = 0; i < PAIRS; i++)
		if (pairs[i]->path)
			pairs[i]->counts = relay_path_counts(pairs[i]->path);
}

static void show(const char *name, const struct end *e)
{
	const struct media_inbound *in = &e->report.in;

	printf("# %s: %s, %u received of %u sent by it, %u lost, %u twice, %u out of "
	       "order, %u discarded, jitter %.3f ms, delay %.3f ms by %d, R %.1f MOS "
	       "%.2f, "
	       "unscored '%s', late p99 %u max %u us\n",
	       name, media_heard_name(in->heard), in->received, e->report.out.sent,
	       in->lost, in->duplicate, in->reordered, in->discarded,
	       (double)in->jitter_ns / 1e6, (double)in->delay_ns / 1e6, in->delay_by,
	       in->r_factor, in->mos, media_unscored_name(in->unscored),
	       e->report.late_p99_us, e->report.late_max_us);
}

/* Scored, or not for the only reason that a busy machine may have. */
static bool has_mos(const struct end *e, double least, double most)
{
	const struct media_inbound *in = &e->report.in;

	return in->unscored == MEDIA_UNSCORED_LATE ||
	       (in->unscored == MEDIA_SCORED && in->mos >= least && in->mos <= most);
}

static void clean_check(const char *name, const struct pair *p)
{
	const struct end *ends[] = {&p->a, &p->b};

	for (unsigned i = 0; i < 2; i++) {
		const struct media_inbound *in = &ends[i]->report.in;

		show(name, ends[i]);
		ok(in->heard == MEDIA_HEARD_NONCE && in->nonce_inband && in->nonce_events,
		   "%s: the nonce is heard as tones and as events", name);
		ok(in->received == ends[!i]->report.out.sent && !in->lost &&
			   !in->duplicate && in->loss_ratio == 0,
		   "%s: all that was sent, and nothing twice", name);
		ok(in->delay_by == MEDIA_DELAY_SEQUENCE && in->delay_ns >= 0 &&
			   in->delay_ns < 20 * CLOCK_NS_PER_MS,
		   "%s: a short way, by number", name);
		ok(has_mos(ends[i], 4.0, 4.41), "%s: as good as it gets", name);
		ok(in->first_packet_ns >= 0 && in->first_sound_ns > in->first_packet_ns &&
			   ends[i]->events[MEDIA_EVENT_FIRST_SOUND] == 1,
		   "%s: sound after the first packet", name);
		ok(!ends[i]->report.refused.malformed &&
			   !ends[i]->report.refused.foreign &&
			   !ends[i]->report.refused.unprotected,
		   "%s: nothing was refused", name);
	}
}

static void test_clean(void)
{
	clean_check("plain", &plain);
	clean_check("SRTP", &secure);
	clean_check("IPv6", &six);
	ok(secure.a.report.secure && !plain.a.report.secure, "SRTP says so");
	ok(secure.a.report.codec == MEDIA_PCMA && plain.a.report.codec == MEDIA_PCMU,
	   "the codec is told");
}

/* Both ends sent and are compared with the path's own count; copies of RTCP aside. */
static void test_lossy(void)
{
	const struct end *ends[] = {&lossy.a, &lossy.b};

	for (unsigned i = 0; i < 2; i++) {
		const struct media_inbound *in = &ends[i]->report.in;
		uint32_t lost = lossy.counts.lost[!i];
		uint32_t sent = ends[!i]->report.out.sent;

		show("10 % lost", ends[i]);
		/* Of what is lost at the ends, telephone-events cannot be told. */
		ok(in->lost <= lost && in->lost + 2 >= lost && lost,
		   "%u of %u lost, the path dropped %u", in->lost, sent, lost);
		ok(fabs(in->loss_ratio - (double)lost / sent) < 0.01, "ratio %.4f",
		   in->loss_ratio);
		ok(in->nonce_inband, "the nonce is heard for all that");
		ok(in->delay_by == MEDIA_DELAY_SEQUENCE &&
			   in->delay_ns >= 29 * CLOCK_NS_PER_MS &&
			   in->delay_ns < 80 * CLOCK_NS_PER_MS,
		   "30 ms one way: %.3f", (double)in->delay_ns / 1e6);
		ok(has_mos(ends[i], 2.2, 4.2), "and MOS is lower (%.2f)", in->mos);
	}
}

static void test_renumbered(void)
{
	const struct media_inbound *in = &renumbered.a.report.in;

	show("another SSRC", &renumbered.a);
	ok(in->heard == MEDIA_HEARD_NONCE && !in->lost, "all of it arrives");
	ok(in->delay_by == MEDIA_DELAY_TONE && in->delay_ns >= 55 * CLOCK_NS_PER_MS &&
		   in->delay_ns < 110 * CLOCK_NS_PER_MS,
	   "60 ms by the onset of tones: %.3f", (double)in->delay_ns / 1e6);
}

static void test_jittery(void)
{
	const struct media_inbound *in = &jittery.b.report.in;

	show("60 +- 30 ms", &jittery.b);
	ok(!in->lost && in->reordered && in->duplicate == jittery.counts.twice[0],
	   "none lost, %u out of order, %u twice as the path did %u", in->reordered,
	   in->duplicate, jittery.counts.twice[0]);
	/* Means of |x - y| of 61 equal values: 20.3; what lies between sends adds to it.
	 */
	ok(in->jitter_ns < 0 || (in->jitter_ns > 14 * CLOCK_NS_PER_MS &&
				 in->jitter_ns < 28 * CLOCK_NS_PER_MS),
	   "jitter %.3f ms", (double)in->jitter_ns / 1e6);
	ok(in->discarded, "a buffer of 40 ms throws some away: %u", in->discarded);
	ok(in->nonce_inband, "the nonce is heard");
}

static void test_nat(void)
{
	show("NAT", &nat.a);
	ok(nat.a.report.latched && nat.a.events[MEDIA_EVENT_LATCHED] == 1 &&
		   nat.a.report.in.nonce_inband && !nat.a.report.refused.foreign,
	   "packets from another port are taken, once");
	ok(nat.b.report.in.nonce_inband && !nat.b.report.latched,
	   "and what we send goes there");
}

static void test_oneway(void)
{
	show("one way", &oneway.a);
	ok(oneway.a.report.in.heard == MEDIA_HEARD_NOTHING &&
		   oneway.a.report.in.unscored == MEDIA_UNSCORED_NOTHING &&
		   oneway.a.report.in.mos == 0 && oneway.a.report.in.jitter_ns == -1 &&
		   oneway.a.report.in.first_packet_ns == -1,
	   "nothing comes: no score, no jitter");
	ok(oneway.a.report.in.loss_ratio == 1 && oneway.a.report.in.lost > 100,
	   "all that the other end sent is lost: %u", oneway.a.report.in.lost);
	ok(oneway.b.report.in.heard == MEDIA_HEARD_NONCE, "the other way is well");
}

static void test_moved(void)
{
	show("moved", &moved.b);
	ok(moved.b.report.in.nonce_inband && moved.a.report.in.nonce_inband &&
		   moved.b.report.codec == MEDIA_PCMA,
	   "after a new SDP the call goes on, with its keys and codec");
	ok(moved.a.report.latched && !moved.b.report.latched,
	   "what came from where it had been was taken meanwhile");
	ok(moved.a.report.in.received + 5 >= moved.b.report.out.sent &&
		   moved.b.report.in.received + 15 >= moved.a.report.out.sent,
	   "and next to nothing was lost");
}

static void test_echo(void)
{
	const struct media_inbound *in = &echo.report.in;

	show("echo", &echo);
	ok(in->heard == MEDIA_HEARD_NONCE, "our own nonce comes back");
	ok(in->delay_by == MEDIA_DELAY_SEQUENCE && in->delay_ns >= 39 * CLOCK_NS_PER_MS &&
		   in->delay_ns < 90 * CLOCK_NS_PER_MS,
	   "after 40 ms: %.3f", (double)in->delay_ns / 1e6);
	ok(nobody.report.in.heard == MEDIA_HEARD_NOTHING &&
		   nobody.report.out.sent > 100 &&
		   nobody.report.in.longest_gap_ns > 3 * CLOCK_NS_PER_S,
	   "where nobody is, nothing is heard");
}

static void test_rtcp(void)
{
	const struct media_outbound *out = &reported.report.out;

	ok(out->reports && reported.events[MEDIA_EVENT_FIRST_RTCP] == 1,
	   "%u reports of the peer", out->reports);
	ok(out->round_trip_ns >= 0 && out->round_trip_ns < 50 * CLOCK_NS_PER_MS,
	   "its round trip: %.3f ms", (double)out->round_trip_ns / 1e6);
	ok(out->jitter_ns == 10 * CLOCK_NS_PER_MS && out->loss_ratio > 0 &&
		   out->loss_ratio < 0.2,
	   "what it says of us: jitter, loss %.3f", out->loss_ratio);
	ok(plain.a.report.out.reports == 0 || plain.a.report.out.loss_ratio == 0,
	   "two of ours find no loss either");
}

static void test_strange(void)
{
	const struct media_refused *r = &strange.report.refused;

	ok(r->foreign == 1 && r->oversize == 1 && r->malformed == 3,
	   "%u foreign, %u too long, %u malformed", r->foreign, r->oversize,
	   r->malformed);
	ok(r->flood > 0 && strange.report.in.received < 402,
	   "%u of 400 within a second were too many", r->flood);
	ok(strange.report.in.heard == MEDIA_HEARD_SOUND ||
		   strange.report.in.heard == MEDIA_HEARD_SILENCE,
	   "no nonce was in them");
}

/* Nothing leaves for an address outside the networks, from the start or since a reload.
 */
static void start_barred(void)
{
	struct end away;
	struct media_session_conf c = conf_of("12345", "12345");

	memset(&away, 0, sizeof(away));
	end_open(&away, "127.0.0.1", &c, MEDIA_PCMU, false);
	ends_agree(&away, &away);
	away.peer.rtp = address_of("192.0.2.1");
	sa_set_port(&away.peer.rtp, 5000);
	is_int(media_session_start(away.session, &away.local, &away.peer), EACCES,
	       "RTP outside the networks is refused");
	ends_agree(&away, &away);
	away.peer.rtcp = address_of("192.0.2.1");
	is_int(media_session_start(away.session, &away.local, &away.peer), EACCES,
	       "so is RTCP");
	media_session_drop(away.session);
	single_start(&barred, "50505", 9);
}

static void bar(struct media_conf *conf)
{
	struct media_conf none = *conf;

	none.network_count = 0;
	is_int(media_configure(media, &none), 0, "a reload takes the networks away");
	turn_for(100 * CLOCK_NS_PER_MS);
	is_int(media_configure(media, conf), 0, "and another gives them back");
}

static void test_barred(void)
{
	ok(barred.report.out.withheld >= 3 && barred.events[MEDIA_EVENT_WITHHELD] == 1 &&
		   barred.report.out.sent > 0,
	   "%u packets were withheld meanwhile", barred.report.out.withheld);
}

static void test_kept(void)
{
	struct media_packet first, last;
	size_t count = plain.a.packets ? media_packets_count(plain.a.packets) : 0;
	uint32_t size;

	is_int((int)count, 128, "128 packets are kept");
	if (!count)
		return;
	media_packets_at(&first, plain.a.packets, 0);
	media_packets_at(&last, plain.a.packets, count - 1);
	ok(first.at_ns < last.at_ns && last.at_ns - first.at_ns > 3 * CLOCK_NS_PER_S &&
		   first.size >= 172 && first.whole == first.size,
	   "the first and the last of the call");
	ok(first.own_port == sa_port(&plain.a.local.rtp) &&
		   first.peer_port == sa_port(&plain.b.local.rtp) &&
		   first.own[12] == 127 && first.peer[15] == 1,
	   "with both ends");
	ok(last.rtcp && last.own_port == first.own_port + 1, "the last is RTCP's BYE");
	ok(plain.b.wav && mbuf_get_left(plain.b.wav) > 58, "what was heard is kept");
	if (!plain.b.wav)
		return;
	size = (uint32_t)plain.b.wav->buf[4] | (uint32_t)plain.b.wav->buf[5] << 8 |
	       (uint32_t)plain.b.wav->buf[6] << 16;
	ok(!memcmp(plain.b.wav->buf, "RIFF", 4) &&
		   size == mbuf_get_left(plain.b.wav) - 8 && plain.b.wav->buf[20] == 1,
	   "as a .wav");
	ok(!plain.a.wav && !plain.b.packets, "and nothing that was not asked for");
}

/* Both ways with the tag of HMAC-SHA1-80 behind them (RFC 4568 6.2). */
static void test_kept_secure(void)
{
	size_t count = secure.a.packets ? media_packets_count(secure.a.packets) : 0;
	unsigned ways = 0, plain_ones = 0;
	struct media_packet p;

	for (size_t i = 0; i < count; i++) {
		media_packets_at(&p, secure.a.packets, i);
		if (p.rtcp || p.whole < 172)
			continue;
		ways |= 1U << p.inbound;
		plain_ones += p.whole != 182;
	}
	ok(ways == 3 && !plain_ones, "under SRTP packets are kept as they were sent");
}

static void test_lateness(void)
{
	struct media_lateness l;
	uint64_t sum = 0;

	media_lateness(media, &l);
	for (unsigned i = 0; i <= MEDIA_LATENESS_BOUNDS; i++)
		sum += l.count[i];
	ok(l.packets == sum && l.packets > 2000, "%llu packets in the histogram",
	   (unsigned long long)l.packets);
	ok(media_lateness_percentile_us(&l, 99) >= media_lateness_percentile_us(&l, 50),
	   "p50 %u us, p99 %u us", media_lateness_percentile_us(&l, 50),
	   media_lateness_percentile_us(&l, 99));
}

/* Ports come to an end, and settings that make no sense are refused. */
static void test_ports(void)
{
	struct media_conf conf = {.port_first = 43001, .port_last = 43005};
	struct media_session_conf c = conf_of("", "");
	struct sa sa = address_of("127.0.0.9");
	struct media_session *s[3] = {NULL};
	struct media *few;
	struct end end;

	is_int(media_alloc(&few, &conf), 0, "43001 to 43005");
	is_int(media_session_reserve(&s[0], few, &sa, &c, &handlers, &end), 0, "a pair");
	is_int(media_session_reserve(&s[1], few, &sa, &c, &handlers, &end), 0, "another");
	ok(sa_port(media_session_local(s[0])) == 43002 &&
		   sa_port(media_session_local(s[1])) == 43004,
	   "at even ports");
	is_int(media_session_reserve(&s[2], few, &sa, &c, &handlers, &end), EADDRINUSE,
	       "no third");
	mem_deref(few);
	conf.port_last = 43002;
	is_int(media_alloc(&few, &conf), EINVAL, "no pair in 43001 to 43002");
	conf.port_last = 43100;
	conf.network_count = MEDIA_NETWORKS + 1;
	is_int(media_alloc(&few, &conf), EINVAL, "too many networks");
}

/* Calls that end as soon as they begin, by hundreds: under sanitizers, who frees what. */
static void test_churn(void)
{
	static struct end ends[8];
	unsigned want = reports;

	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 8; i++)
			single_start(&ends[i], "70707", 9);
		for (int i = 0; i < 8; i++) {
			if (i % 2)
				media_session_stop(ends[i].session);
			else
				media_session_drop(ends[i].session);
		}
		want += 4;
		if (round % 8 == 0)
			loop_turn();
	}
	ok(loop_until(is_counted, &want) && reports == want,
	   "a report each for 160 of 320");
	turn_for(20 * CLOCK_NS_PER_MS);
	is_int(media_sessions(media), 0, "and none is left");
}

/* It ends with sessions under way, with messages on their way. */
static void test_sudden_end(void)
{
	struct media_conf conf = {
		.port_first = 44000, .port_last = 44100, .network_count = 1};
	struct media *before = media;
	static struct pair p;
	unsigned told;

	if (media_alloc(&media, &conf))
		exit(1);
	pair_start(&p, "127.0.0.1", MEDIA_PCMU, false, NULL, NULL);
	usleep(300000);
	told = events_in_all;
	media = mem_deref(media);
	turn_for(20 * CLOCK_NS_PER_MS);
	is_int(events_in_all, told, "after its end nothing is told");
	media = before;
}

int main(void)
{
	struct media_conf conf = {
		.port_first = 42000, .port_last = 42199, .network_count = 2};

	conf.networks[0] =
		(struct media_network){{[10] = 0xff, [11] = 0xff, [12] = 127}, 104};
	conf.networks[1] = (struct media_network){{[15] = 1}, 128};
	if (loop_init(NULL, NULL) || media_alloc(&media, &conf) || relay_alloc(&relay))
		return 1;
	test_ports();
	start_pairs();
	start_echo();
	start_singles();
	start_barred();
	if (relay_run(relay))
		return 1;
	turn_for(50 * CLOCK_NS_PER_MS);
	start_moved();
	send_strange();
	turn_for(TALK_NS);
	bar(&conf);
	stop_all();
	test_clean();
	test_lossy();
	test_renumbered();
	test_jittery();
	test_nat();
	test_oneway();
	test_moved();
	test_echo();
	test_rtcp();
	test_strange();
	test_barred();
	test_kept();
	test_kept_secure();
	test_lateness();
	test_churn();
	test_sudden_end();
	for (unsigned i = 0; i < PAIRS; i++) {
		mem_deref(pairs[i]->a.packets);
		mem_deref(pairs[i]->b.wav);
	}
	relay_free(relay);
	mem_deref(media);
	loop_close();
	return tap_done();
}
