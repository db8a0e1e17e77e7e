/*
 * The media of calls: RTP and RTCP in a thread of its own, so that neither a scrape nor a
 * burst of probes is heard in a call. Everything below is called by the main thread, and
 * its handlers are called there, by the loop. What crosses over is copied.
 *
 *     media_alloc()
 *     media_session_reserve()    before INVITE or 200: ports for our SDP
 *     media_session_start()      with the peer's SDP; again when it moves
 *     media_session_quiet()      shortly before BYE: sends no more, still listens
 *     media_session_stop()       the report comes, then the session is gone
 */
#ifndef SIPPROBE_MEDIA_MEDIA_H
#define SIPPROBE_MEDIA_MEDIA_H

#include "sipprobe/media/sdp.h"
#include "sipprobe/media_report.h"

struct media;	      /* the thread; mem_deref() ends it */
struct media_session; /* one end of one call */
struct media_packets; /* of a session, kept in a bounded ring; mem_deref() */

enum {
	MEDIA_NETWORKS = 64,
	MEDIA_SESSIONS = 2048, /* at once */
};

/* Where RTP may go: calls.media.networks. */
struct media_network {
	uint8_t network[16]; /* IPv6, or IPv4 mapped into it */
	size_t prefix;	     /* bits of it that count, 0 to 128 */
};

struct media_conf {
	uint16_t port_first, port_last; /* calls.media.ports; pairs begin at even ones */
	struct media_network networks[MEDIA_NETWORKS];
	size_t network_count; /* 0: nothing is ever sent */
};

struct media_handlers {
	/* What happens during a call, at most 32 times a session; NULL: nobody asks. */
	void (*event_h)(struct media_session *s, const struct media_event *e, void *arg);
	/*
	 * The last word on a session that was stopped, and the last time that it may be
	 * used: media_session_audio() and media_session_packets() can be asked within.
	 */
	void (*report_h)(struct media_session *s, const struct media_report *r,
			 void *arg);
};

/*
 * Starts the thread, which sleeps while there is no session. The loop must be prepared
 * (loop_init()). mem_deref() ends it and every session; handlers are not called again.
 *
 * Returns 0, EINVAL (no pair of ports in the range, too many networks) or errno.
 */
int media_alloc(struct media **mp, const struct media_conf *conf);

/* From now on. Sessions keep their ports; networks hold for what they send next. */
int media_configure(struct media *m, const struct media_conf *conf);

/* All packets sent since the start: siptrunk_exporter_media_lateness_seconds. Any thread.
 */
void media_lateness(const struct media *m, struct media_lateness *l);

/* Sessions that have ports. */
unsigned media_sessions(const struct media *m);

/* What a session sends and expects, fixed from its begin. */
struct media_session_conf {
	char nonce[MEDIA_NONCE + 1];  /* to send, as media_nonce() made it; "": silence */
	char expect[MEDIA_NONCE + 1]; /* to hear: at an echo the same, in a loop the
				       * other end's; "": nothing is proven */
	bool inband;		      /* send the nonce as tones */
	bool events; /* send it as RFC 4733 events where they are agreed on */
	unsigned jitter_buffer_ms; /* of the buffer that losses are judged by */
	unsigned dscp;	/* of its packets, 0 to 63 (RFC 2474); 46: expedited forwarding */
	bool concealed; /* the score assumes packet loss concealment (G.113 App. I) */
	bool keep_audio; /* for media_session_audio(): the last 10 s heard: 80 KB */
	/* For media_session_packets(): 128 of them whole, 40 KB, and the heads of so many
	 * at least, 24 bytes each; 0: none. */
	size_t keep_packets;
};

/*
 * A nonce: five digits of 0-9 and A-D without two equal ones side by side, nor at its two
 * ends: a tone that a lost packet splits is not heard as two, and one nonce follows
 * another.
 *
 * Returns 0 or EIO when the random generator fails.
 */
int media_nonce(char nonce[MEDIA_NONCE + 1]);

/*
 * Binds a pair of ports, even for RTP, the next for RTCP.
 *
 * @local: an address of ours; its port does not matter
 * @h:     its handlers, which must stay as long as the session
 *
 * Returns 0; EADDRINUSE: no pair is free; EMFILE: MEDIA_SESSIONS are there; or errno.
 */
int media_session_reserve(struct media_session **sp, struct media *m,
			  const struct sa *local, const struct media_session_conf *conf,
			  const struct media_handlers *h, void *arg);

/* Address and port of RTP, as bound; RTCP is at the port after. */
const struct sa *media_session_local(const struct media_session *s);

/*
 * Begins to send and to listen, or goes on with what a new SDP says: another address,
 * codec, key or way. The first start is where times are counted from. What an answer of
 * early media started, the final answer may start again with the same SDP: no change.
 *
 * @ours, @theirs: as read by sdp_answer_read() or sdp_offer_read(); copied
 *
 * Returns 0, EACCES (the peer's address is in none of the allowed networks: nothing is
 * started or changed) or errno.
 */
int media_session_start(struct media_session *s, const struct sdp_local *ours,
			const struct sdp_remote *theirs);

/*
 * Two sessions of ours are the two ends of one call: what one sent is what the other must
 * hear, so that loss at both ends and delay one way are known. Before the second of them
 * starts. It ends when either is stopped.
 */
int media_session_pair(struct media_session *a, struct media_session *b);

/* Sends no more audio, listens on: what is under way arrives before the end. */
int media_session_quiet(struct media_session *s);

/*
 * Ends it (RTCP BYE leaves): report_h() is called soon, and the session is gone after it.
 * One that was never started has a report too. A pair's are stopped together by
 * two calls. Never fails.
 */
void media_session_stop(struct media_session *s);

/* The same, and no handler is called any more. */
void media_session_drop(struct media_session *s);

/*
 * What was heard at the end of a session, as a .wav file of 16 bits a sample.
 *
 * @wav: NULL where nothing is kept; mem_deref()
 *
 * Returns 0 or ENOMEM.
 */
int media_session_audio(struct mbuf **wav, const struct media_session *s);

/* The packets kept, the first and the last of the call; NULL: none. Takes them over. */
struct media_packets *media_session_packets(struct media_session *s);

/* How many, and each, in order of time; they live as long as @p. */
size_t media_packets_count(const struct media_packets *p);
void media_packets_at(struct media_packet *packet, const struct media_packets *p,
		      size_t i);

#endif
