/*
 * SDP of one audio stream (RFC 8866, offer and answer RFC 3264). What we say is written
 * by template; what a peer says passes a gate of our own (sdp_gate.h) before libre's
 * decoder, which takes quadratic time on hostile input and accepts addresses and ports
 * that nobody should send to.
 *
 * Main thread only. No socket, no clock.
 */
#ifndef SIPPROBE_MEDIA_SDP_H
#define SIPPROBE_MEDIA_SDP_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/media_report.h"

enum {
	SDP_BYTES = 2048,     /* more than any offer or answer of ours */
	SDP_KEY_BYTES = 46,   /* the longest master key with its salt */
	SDP_CRYPTOS = 3,      /* suites that we offer */
	SDP_EVENT_TYPE = 101, /* our payload type of telephone-event */
	SDP_OTHER_BYTES = 64, /* of another stream's m= line */
};

/* SRTP's suites (RFC 4568 6.2, RFC 6188, RFC 7714), in the order of our preference. */
enum sdp_suite {
	SDP_AES_CM_128_HMAC_SHA1_80,
	SDP_AES_256_CM_HMAC_SHA1_80,
	SDP_AES_CM_128_HMAC_SHA1_32,
	SDP_AEAD_AES_128_GCM,
	SDP_SUITES,
};

/* "AES_CM_128_HMAC_SHA1_80", … */
const char *sdp_suite_name(enum sdp_suite s);

/* Bytes of its master key and salt together. */
size_t sdp_suite_key_bytes(enum sdp_suite s);

/* One a=crypto line: a suite, its number in the SDP and the key of who wrote it. */
struct sdp_crypto {
	enum sdp_suite suite;
	uint32_t tag;
	uint8_t key[SDP_KEY_BYTES];
};

/* Seen from who wrote it. */
enum sdp_way {
	SDP_WAY_SENDRECV,
	SDP_WAY_SENDONLY,
	SDP_WAY_RECVONLY,
	SDP_WAY_INACTIVE,
};

/* "sendrecv", … */
const char *sdp_way_name(enum sdp_way w);

/* Our end: what may be offered, or answered with. */
struct sdp_local {
	struct sa rtp;			       /* address and port of ours */
	uint16_t rtcp_port;		       /* of the same address */
	enum media_codec codecs[MEDIA_CODECS]; /* in the order of preference */
	unsigned codec_count;
	bool events; /* offer telephone-event */
	bool secure; /* RTP/SAVP and nothing else; never both */
	struct sdp_crypto cryptos[SDP_CRYPTOS]; /* our keys, if `secure` */
	enum sdp_way way;
	uint64_t id;	  /* o=: the same for the whole call */
	uint32_t version; /* o=: one more whenever the text changes (RFC 3264 8) */
};

/*
 * Fills our end with what does not come from the configuration: keys, `id`, `version` 1,
 * sendrecv, telephone-event.
 *
 * @rtp:    as media_session_local() says
 * @codecs: @count of them, at least one
 *
 * Returns 0 or EIO when the random generator fails.
 */
int sdp_local_init(struct sdp_local *l, const struct sa *rtp, uint16_t rtcp_port,
		   const enum media_codec *codecs, unsigned count, bool secure);

/* Overwrites the keys. */
void sdp_local_wipe(struct sdp_local *l);

/* The peer's end, as far as it can be used with ours. */
struct sdp_remote {
	struct sa rtp, rtcp;	/* where it wants RTP and RTCP; rtcp is rtp if `rtcp_mux`,
				 * and of no family where it names no place for it */
	enum media_codec codec; /* the first that both have */
	uint8_t codec_type;	/* its payload type there */
	int event_type;		/* payload type of telephone-event, or -1 */
	unsigned ptime_ms;	/* a=ptime, 20 without */
	enum sdp_way way;	/* as the peer wrote it */
	bool rtcp_mux;		/* RFC 5761 */
	bool secure;
	struct sdp_crypto crypto; /* the peer's key, if `secure` */
	unsigned crypto_index;	  /* which of our keys goes with it */

	/* A second stream of an offer, to be refused in the answer (RFC 3264 6). */
	char other[SDP_OTHER_BYTES]; /* its "video 0 RTP/AVP 31"; "": none */
	bool other_first;
};

/* Why a peer's SDP is not used; each has a sentence of its own. */
enum sdp_fault {
	SDP_OK,
	SDP_EMPTY,
	SDP_TOO_LONG,	      /* over 4,096 bytes */
	SDP_TOO_MANY_LINES,   /* over 64 */
	SDP_TOO_MANY_STREAMS, /* over 2 m= */
	SDP_TOO_MANY_FORMATS, /* over 32 in an m= */
	SDP_TOO_MANY_RTPMAPS, /* over 32 */
	SDP_BAD_LINE,	      /* not "x=…", or a control character */
	SDP_BAD_VERSION,      /* the first line is not v=0 */
	SDP_BAD_STREAM,	      /* an m= that cannot be read */
	SDP_BAD_PORT,	      /* not 1024 to 65535, and not 0; or "5000/2" */
	SDP_NO_ADDRESS,	      /* no c= for the stream */
	SDP_ADDRESS_NAME,     /* c= with a name */
	SDP_ADDRESS_FAMILY,   /* IPv4 for IPv6 or the other way */
	SDP_ADDRESS_UNUSABLE, /* unspecified, multicast, broadcast, reserved */
	SDP_ADDRESS_LOOPBACK, /* this machine's own, though the peer is elsewhere */
	SDP_NO_AUDIO,	      /* no m=audio */
	SDP_REFUSED,	      /* port 0: the peer wants no audio */
	SDP_STREAMS_DIFFER,   /* an answer with another number of m= than our offer */
	SDP_NOT_SECURE,	      /* RTP/AVP where we want RTP/SAVP */
	SDP_NOT_PLAIN,	      /* RTP/SAVP where we want RTP/AVP */
	SDP_BAD_PROFILE,      /* neither of them */
	SDP_NO_CODEC,	      /* no format that both have */
	SDP_BAD_PTIME,	      /* not 10 to 60 ms */
	SDP_NO_CRYPTO,	      /* RTP/SAVP without an a=crypto that we can use */
	SDP_BAD_CRYPTO,	      /* an answer's tag or suite is not one of our offer's */
	SDP_UNREADABLE,	      /* libre's decoder refuses it */
	SDP_NO_MEMORY,
	SDP_FAULTS,
};

/* For logs and people: "the SDP's address is a name"; static, "" for SDP_OK. */
const char *sdp_fault_text(enum sdp_fault f);

/*
 * Reads a peer's answer to our offer, or its offer.
 *
 * @ours: our end; of an answer, as it was offered
 * @peer: whom the signalling goes to: its family is wanted, and only if it is at a
 *        loopback address may the SDP name one
 *
 * Returns SDP_OK, or why not; @r is then untouched.
 */
enum sdp_fault sdp_answer_read(struct sdp_remote *r, const struct sdp_local *ours,
			       const struct sa *peer, const char *text, size_t len);
enum sdp_fault sdp_offer_read(struct sdp_remote *r, const struct sdp_local *ours,
			      const struct sa *peer, const char *text, size_t len);

/*
 * Writes our offer, or our answer to @offer, which sdp_offer_read() read. An answer has
 * one codec, the way that fits the offer's (RFC 3264 6.1), and refuses a second stream.
 *
 * @out: SDP_BYTES of room; terminated
 *
 * Returns the length.
 */
size_t sdp_offer_write(char *out, const struct sdp_local *ours);
size_t sdp_answer_write(char *out, const struct sdp_local *ours,
			const struct sdp_remote *offer);

#endif
