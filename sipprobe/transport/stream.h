/*
 * One TCP or TLS connection that carries SIP messages (RFC 3261 18, RFC 5626 4.4.1 for
 * keep-alives), perhaps within WebSocket (RFC 7118). OpenSSL works on memory BIOs: the
 * socket is read here, with the kernel's receive stamps, for TCP and TLS alike.
 */
#ifndef SIPPROBE_TRANSPORT_STREAM_H
#define SIPPROBE_TRANSPORT_STREAM_H

#include "sipprobe/loop/turns.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/probe.h"
#include "sipprobe/tls/tls.h"
#include "sipprobe/tls/tls_rehearsal.h"

struct handshake_request;
struct stream;
struct ticker;
struct tls_resume;

struct stream_events {
	/* TCP is connected, with TLS the peer is verified, and WebSocket's handshake is
	 * done where it is spoken: messages may be sent. */
	void (*up_h)(struct stream *s, void *arg);
	/* A message that passed the guard. @rx_ns: monotonic, of its last byte. */
	void (*message_h)(struct stream *s, const struct guard_message *m, int64_t rx_ns,
			  void *arg);
	/*
	 * The connection failed or ended; runs at most once, nothing follows it.
	 * @why: PROBE_REFUSED, _UNREACHABLE, _CONNECT, _TLS, _WEBSOCKET, _PROTOCOL or
	 * _INTERNAL.
	 * @detail: for people, e.g. "certificate has expired"; valid during the call.
	 */
	void (*closed_h)(struct stream *s, enum probe_outcome why, int err,
			 const char *detail, void *arg);
};

/* The local end of a connection that we open. */
struct stream_way {
	const struct sa *local; /* address and port to bind, or NULL */
	unsigned dscp;		/* of its packets, 0 to 63 */
};

struct stream_report {
	int64_t connect_ns;	      /* SYN to established; -1: not yet, or accepted */
	int64_t tls_ns;		      /* handshake with verification; -1: none */
	int64_t websocket_ns;	      /* its handshake; -1: none */
	int64_t cert_not_after_s;     /* earliest expiry in the presented chain, or 0 */
	int64_t verified_not_after_s; /* the same of the chain that was verified, or 0 */
	enum tls_failure tls_failure;
	enum tls_fault tls_fault; /* the same, finer */
	bool tls_resumed;	  /* the handshake resumed a session */
};

/*
 * Begins to connect. No handler runs inside this call. mem_deref() closes and silences
 * the handlers; it is allowed inside them, the socket is then closed on return to the
 * loop.
 *
 * @way:    NULL: as the kernel chooses
 * @tls:    NULL for TCP; referenced while the connection lives
 * @name:   with TLS: identity to verify and, when it is a host name, SNI; copied
 * @events: kept by the caller while the connection lives
 *
 * Returns 0 or errno: of socket(), bind() or an immediate failure of connect(), which is
 * the network's word as much as a later one: stream_outcome_of() tells what it means.
 * EADDRINUSE: the port of @way has a connection to this peer, or is another program's.
 */
int stream_connect(struct stream **sp, const struct sa *peer,
		   const struct stream_way *way, struct tls_profile *tls,
		   const char *name, const struct stream_events *events, void *arg);

/*
 * Has a connection that was just begun speak WebSocket (RFC 6455, RFC 7118), a SIP
 * message in each of its messages. While it stands it is kept alive by pings of ours; a
 * peer that answers none is as one that left.
 *
 * @ticker: referenced while the connection lives
 *
 * Returns 0, ENOMEM, EIO without randomness, or EINVAL.
 */
int stream_use_websocket(struct stream *s, const struct handshake_request *rq,
			 struct ticker *ticker);

/*
 * Has a connection over TLS that was just begun offer what session @r holds, and keep
 * what the peer gives there: tls_resume_offer(). Returns whether it offers one.
 */
bool stream_use_session(struct stream *s, struct tls_resume *r, int64_t lifetime_us);

/*
 * Whether it offers a session and its handshake has failed, or is not done yet: it may
 * be that which the peer does not bear, and the next connection will not.
 */
bool stream_failed_to_resume(const struct stream *s);

/* Since when the connection stands whose TLS handshake is not done yet; 0: it does not */
int64_t stream_shaking_ns(const struct stream *s);

/* The outcome behind an errno of connect(): REFUSED, UNREACHABLE or CONNECT. */
enum probe_outcome stream_outcome_of(int err);

/*
 * Takes over an accepted socket, closed with it also on failure. up_h follows from the
 * loop, with TLS after the handshake; the owner sets a limit to that, as to idleness.
 */
int stream_accept(struct stream **sp, int fd, struct tls_profile *tls,
		  const struct stream_events *events, void *arg);

/*
 * Counts what the connection takes of the loop's time on an account, and has it wait its
 * turn where that is used up: what came is read later, with the stamps it came with.
 * Without this it never waits.
 *
 * Both are referenced while the connection lives.
 */
void stream_share(struct stream *s, struct turns *turns, struct turns_account *account);

/*
 * Sends whole, or queues what the socket does not take.
 *
 * @sent_ns: monotonic clock just before the first byte went out, or may go; may be NULL
 *
 * Returns 0; ENOTCONN before up_h; ENOBUFS past 256 KiB unsent; or the socket's errno. A
 * connection that the peer has reset or left is no failure here: closed_h tells it next,
 * after what the peer said last, such as a TLS alert, was read.
 */
int stream_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);

/*
 * Reads and writes what can be now, without waiting for the loop to tell: for who is
 * about to judge that nothing came. Calls the handlers as the loop would.
 */
void stream_catch_up(struct stream *s);

/* Mirrors what came on a connection that the peer opened, once it is known to be ours. */
void stream_mirror_heard(const struct stream *s, const struct guard_message *m,
			 int64_t rx_ns);

/* Our end and the peer's; an IPv4-mapped peer as IPv4. Valid from up_h (peer: always). */
const struct sa *stream_local(const struct stream *s);
const struct sa *stream_peer(const struct stream *s);

/* Times of opening it, and how TLS ended; valid while @s lives. */
const struct stream_report *stream_report(const struct stream *s);

/*
 * Describes the certificate that the peer showed. Returns false without one, and then
 * leaves @out untouched. Good also in closed_h.
 */
bool stream_certificate(const struct stream *s, struct engine_certificate *out);

/* What the peer showed in its handshake; false without one, and @out untouched. */
bool stream_shown(const struct stream *s, struct tls_shown *out);

/* The whole chain, as tls_peer_chain() tells it; ENOENT without TLS too. */
int stream_chain(const struct stream *s, struct chain **cp);

/* As tls_rehearse(); without TLS it is not done. */
void stream_rehearse(const struct stream *s, const struct tls_rehearsal *r,
		     struct rehearsal *out);

/* Whether the peer's certificate was verified and proves a name, by RFC 5922. */
bool stream_proves(const struct stream *s, const char *name);

/* Whether the peer's certificate was verified, whatever names are in it. */
bool stream_verified(const struct stream *s);

/* Whether the connection speaks TLS; and whether the peer opened it. */
bool stream_is_tls(const struct stream *s);
bool stream_accepted(const struct stream *s);

/* The owner's notes of who the peer is. */
struct stream_mark {
	void *opener;	/* whose connection it is, when we opened it */
	void *proven;	/* whom its certificate speaks for; owned, mem_deref() */
	uint64_t stamp; /* as of when; 0: nothing yet */
};

/* The owner's to write; zeroed at first. */
struct stream_mark *stream_mark(struct stream *s);

/*
 * Somebody who sends on a connection besides its owner, as long as it lives: requests
 * within a call go back on the one that the call came by.
 */
struct stream_loan {
	struct le le;
	struct stream *stream; /* NULL: it is closed, or was never lent */
};

/* @loan: zeroed, or given back; its memory must stay until it is. */
void stream_lend(struct stream_loan *loan, struct stream *s);

/* Before @loan's memory goes, whatever became of the connection. */
void stream_give_back(struct stream_loan *loan);

/*
 * Whether bytes of ours went out and the kernel, by its own measure of the round trip
 * (RFC 6298), waits too long for their acknowledgement already: it has sent them again.
 */
bool stream_is_overdue(const struct stream *s);

/* When bytes last came, keep-alives included; monotonic. At first when it began. */
int64_t stream_rx_ns(const struct stream *s);

#endif
