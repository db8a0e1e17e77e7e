/*
 * What the media of one call showed, by value and without libre's types: the exporter
 * sees it. A session is one end of a call. Its report is of what came towards it; of what
 * it sent, a peer's RTCP tells, and in a loop the session at the other end.
 *
 * Times are nanoseconds; -1: not measured. Ratios are 0 to 1; below 0: not measured.
 */
#ifndef SIPPROBE_MEDIA_REPORT_H
#define SIPPROBE_MEDIA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* G.711 at 8,000 Hz (RFC 3551 4.5.14). The numbers are our own, not payload types. */
enum media_codec {
	MEDIA_PCMU,
	MEDIA_PCMA,
	MEDIA_CODECS,
};

/* "PCMU" and "PCMA", as SDP writes them. */
const char *media_codec_name(enum media_codec c);

/* Digits of a nonce. */
enum { MEDIA_NONCE = 5 };

/* How a one-way delay or a round trip was measured. */
enum media_delay_by {
	MEDIA_DELAY_NONE,
	MEDIA_DELAY_SEQUENCE, /* our packets arrived as they were sent, number by number
			       */
	MEDIA_DELAY_TONE, /* from the onset of a tone sent to that of the same heard */
};

/* Why there is no R factor and no MOS. */
enum media_unscored {
	MEDIA_SCORED,
	MEDIA_UNSCORED_NOTHING, /* nothing came */
	MEDIA_UNSCORED_SILENCE, /* packets came, and all of them were silent */
	MEDIA_UNSCORED_SHORT,	/* fewer than MEDIA_SCORE_PACKETS were due */
	MEDIA_UNSCORED_LATE,	/* we were late ourselves: see struct media_report */
	MEDIA_UNSCOREDS,
};

/* "", "nothing", "silence", "short", "late". */
const char *media_unscored_name(enum media_unscored u);

/* With fewer packets due than one second's, a single loss is a verdict by chance. */
enum { MEDIA_SCORE_PACKETS = 50 };

/* The most that was heard; each is more than the one before. */
enum media_heard {
	MEDIA_HEARD_NOTHING, /* no packet */
	MEDIA_HEARD_SILENCE, /* packets without sound: one-way audio */
	MEDIA_HEARD_SOUND,   /* sound, but not the nonce: an announcement, music */
	MEDIA_HEARD_NONCE,   /* what the other end was to send */
	MEDIA_HEARDS,
};

/* "nothing", "silence", "sound", "nonce". */
const char *media_heard_name(enum media_heard h);

/* What came towards a session. */
struct media_inbound {
	enum media_heard heard;
	bool nonce_inband, nonce_events; /* as tones; as RFC 4733 events */

	uint32_t received;	  /* packets of the call, copies not counted */
	uint32_t lost;		  /* by sequence number; in a loop also at both ends */
	uint32_t duplicate;	  /* the same sequence number again */
	uint32_t reordered;	  /* came after a higher one */
	uint32_t discarded;	  /* came, but too late for the jitter buffer */
	uint32_t discontinuities; /* new source, or a leap of timestamps: jitter anew */
	uint32_t event_packets;	  /* of `received`, telephone-events */

	double loss_ratio;  /* lost of those due */
	double burst_ratio; /* G.107 7.5: 1 where losses are random, more in bursts */
	int64_t jitter_ns;  /* RFC 3550 6.4.1, mean over the call; -1 too if we were late
			     */
	int64_t jitter_max_ns;
	int64_t first_packet_ns; /* since the session's start */
	int64_t first_sound_ns;
	int64_t longest_gap_ns; /* between two packets, or since the last */

	/* From the other end: one way in a loop, there and back if it echoes. */
	int64_t delay_ns;
	enum media_delay_by delay_by;

	double r_factor; /* G.107 (06/2015), if `unscored` is MEDIA_SCORED */
	double mos;
	enum media_unscored unscored;
	bool delay_assumed; /* no delay was measured: the score counts none of the path */
};

/* What a session sent, and what its peer said of it. */
struct media_outbound {
	uint32_t sent;	       /* RTP packets that left */
	uint32_t unsent;       /* the kernel refused them */
	uint32_t skipped;      /* our thread stood still when they were due */
	uint32_t withheld;     /* the address is outside the allowed networks */
	uint32_t reports;      /* report blocks of the peer about us, RTCP */
	int64_t round_trip_ns; /* by the last of them, RFC 3550 6.4.1 */
	double loss_ratio;     /* by the last of them, of all that we sent */
	int64_t jitter_ns;     /* by the last of them */
};

/* What came to a session's ports and was no part of the call. */
struct media_refused {
	uint32_t foreign;     /* from another address or port */
	uint32_t malformed;   /* no RTP or RTCP, or of a payload type not agreed on */
	uint32_t oversize;    /* over 1,500 bytes */
	uint32_t flood;	      /* over 200 a second */
	uint32_t unprotected; /* SRTP that failed to authenticate, or came again */
};

/*
 * How late our own packets left, against when they were due: upper bounds in µs, one
 * bucket more for all above.
 */
enum { MEDIA_LATENESS_BOUNDS = 14 };
extern const uint32_t media_lateness_bounds_us[MEDIA_LATENESS_BOUNDS];

struct media_lateness {
	uint64_t count[MEDIA_LATENESS_BOUNDS + 1]; /* each bucket by itself */
	uint64_t sum_us;
	uint64_t packets;
	uint32_t max_us;
};

/*
 * The bound that @percent (1 to 100) of the packets stay under, or the greatest of all if
 * that is less; 0 without packets.
 */
uint32_t media_lateness_percentile_us(const struct media_lateness *l, unsigned percent);

/* From this on, jitter and scores are no verdict on the peer: we were the late ones. */
enum { MEDIA_LATE_US = 5000 };

struct media_packet;

struct media_report {
	enum media_codec codec;
	bool secure;  /* SRTP */
	bool latched; /* the peer's packets came from another place than its SDP said */
	int64_t started_ns; /* monotonic: the first start; 0: never started */
	int64_t length_ns;  /* from there to the end */
	struct media_inbound in;
	struct media_outbound out;
	struct media_refused refused;
	uint32_t late_p99_us, late_max_us; /* of this session's packets */
	/* What was kept for people (calls.keep_audio); NULL and 0: nothing. */
	const uint8_t *wav; /* what was heard at its end: a file */
	size_t wav_bytes;
	const struct media_packet *packets; /* in order; their times are the wall clock's
					     */
	size_t packet_count;
};

/* What happens during a call, for its ladder. */
enum media_event_kind {
	MEDIA_EVENT_FIRST_PACKET,
	MEDIA_EVENT_FIRST_SOUND,
	MEDIA_EVENT_NONCE_INBAND,
	MEDIA_EVENT_NONCE_EVENTS,
	MEDIA_EVENT_SILENCE,	 /* no packet for a second */
	MEDIA_EVENT_RESUMED,	 /* packets again after that */
	MEDIA_EVENT_SOURCE,	 /* another SSRC, or a leap of timestamps */
	MEDIA_EVENT_LATCHED,	 /* packets are taken from another place than SDP said */
	MEDIA_EVENT_FIRST_RTCP,	 /* the first report of the peer about us */
	MEDIA_EVENT_WITHHELD,	 /* nothing is sent: the address is not allowed */
	MEDIA_EVENT_UNPROTECTED, /* the first packet that is not the SRTP agreed on */
	MEDIA_EVENT_KINDS,
};

/* "first packet", "nonce heard as tones", …: for people. */
const char *media_event_name(enum media_event_kind k);

struct media_event {
	enum media_event_kind kind;
	int64_t at_ns;	/* monotonic; of packets, when the kernel received them */
	char where[56]; /* the peer's "address:port", where one is told; else "" */
};

/* A packet that a session sent or received, as it was on the wire: under SRTP encrypted.
 */
struct media_packet {
	int64_t at_ns; /* monotonic */
	const uint8_t *data;
	uint16_t size;	/* of `data` */
	uint16_t whole; /* bytes that the packet had */
	bool inbound;
	bool rtcp;
	/* Both ends; IPv6, or IPv4 mapped into it. */
	uint8_t own[16], peer[16];
	uint16_t own_port, peer_port;
};

#endif
