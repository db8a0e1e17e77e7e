/*
 * The inside of a stream, shared by stream*.c; inbound.c and listener.c use what concerns
 * sockets only.
 */
#ifndef SIPPROBE_TRANSPORT_STREAM_PRIVATE_H
#define SIPPROBE_TRANSPORT_STREAM_PRIVATE_H

#include "base/clock.h"
#include "sipprobe/loop/bytes.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/transport/stream.h"

enum stream_state {
	STREAM_CONNECTING, /* or accepted, before the loop first saw the socket */
	STREAM_HANDSHAKE,  /* of TLS */
	STREAM_UPGRADE,	   /* to its layer, as WebSocket */
	STREAM_UP,
	STREAM_CLOSED,
};

/* A message of which only the first part has come. */
struct stream_partial {
	struct guard_progress progress;
	struct bytes bytes;
};

/* What lies between plain bytes and messages, and does not know where bytes go. */
struct stream_layer {
	void (*begin_h)(struct stream *s); /* calls stream_is_up() when it is ready */
	void (*input_h)(struct stream *s, const char *buf, size_t len, int64_t rx_ns);
	int (*send_h)(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);
	void (*bye_h)(struct stream *s); /* a polite end, in any state */
};

struct stream {
	int fd; /* -1: closed */
	enum stream_state state;
	bool accepted;
	bool want_write;  /* there is something to write */
	bool waits;	  /* in the queue of turns: the loop is asked for nothing */
	int polled;	  /* what the loop is asked for: FD_READ, FD_WRITE */
	bool broken;	  /* a write failed; the read side will tell the story */
	uint8_t blank;	  /* how much of CRLFCRLF came between messages */
	uint8_t zeros;	  /* how many zeros in a row did */
	int64_t blank_ns; /* when they came */
	bool ping;	  /* a keep-alive waits for its answer */
	int64_t rx_ns;	  /* last bytes received; at first when it began */
	struct clock_stamps stamps;
	int64_t begun_ns; /* of the phase under way */
	struct tls_profile *tls;
	SSL *ssl;
	struct stream_partial *partial;	  /* NULL: between messages */
	struct bytes out;		  /* not taken by the socket yet */
	const struct stream_layer *layer; /* NULL: plain bytes are SIP */
	void *layer_data;		  /* owned */
	const struct stream_events *events;
	void *arg;
	struct turns *turns; /* NULL: it never waits */
	struct turns_account *account;
	struct turns_waiter waiter;
	struct stream_report report;
	struct stream_mark mark;
	struct list loans;
	struct sa peer;
	struct sa local;
};

enum {
	STREAM_CHUNK = 16384,	       /* bytes read at once; a TLS record's worth */
	STREAM_TLS_CHUNK = 4096,       /* the same of TLS, where a byte costs more */
	STREAM_QUEUE_MAX = 256 * 1024, /* bytes unsent */
};

/* Kernel receive stamps on, no Nagle. Also for a socket that listens: heirs keep both. */
int stream_socket_setup(int fd);

/*
 * Lets connections that we open leave from a port that we listen on. A socket that
 * listens does so once it is bound: two of them shall not share a port unnoticed.
 */
int stream_socket_share(int fd);

/*
 * Binds to a local address. A port asked for may still wait out a former connection's
 * end, and this one will leave nothing to wait for; without one it is chosen by
 * connect(), where the same port serves many peers.
 */
int stream_socket_bind(int fd, const struct sa *laddr);

/* Begins to connect, from where @way says. Returns 0 or errno, as stream_connect(). */
int stream_socket_connect(int fd, const struct sa *peer, const struct stream_way *way);

/* Returns 0 or errno. */
int stream_socket_dscp(int fd, int af, unsigned dscp);

/* As stream_is_overdue() has it. */
bool stream_socket_is_overdue(int fd);

/* recv() with the kernel's stamp of the last byte read, on the monotonic clock. */
ssize_t stream_socket_read(int fd, char *buf, size_t size, struct clock_stamps *stamps,
			   int64_t *rx_ns);

/*
 * Returns how much the socket took, or a negative errno. Of a connection that is no more
 * it took all, and @broken is set.
 */
ssize_t stream_socket_send(int fd, const char *buf, size_t len, bool *broken);

/* An IPv4 peer that came as IPv6 (RFC 4291 2.5.5.2) is one peer with one address. */
void stream_peer_normalise(struct sa *sa);

/*
 * Whether to go on: false once closed, or when the handlers' owner let go of the stream
 * inside one of them and only the event under way still holds it.
 */
bool stream_live(const struct stream *s);

/* Closes and tells the owner, once. */
void stream_end(struct stream *s, enum probe_outcome why, int err, const char *detail);

/* What is below is done: the connection is ready for messages, or for WebSocket. */
void stream_is_up(struct stream *s);

/* Received plain bytes: of WebSocket or, without, messages and keep-alives. */
void stream_feed(struct stream *s, const char *buf, size_t len, int64_t rx_ns);

/* Tells of a message that has come. */
void stream_tell(struct stream *s, const struct guard_message *m, int64_t rx_ns);

/* Sends plain bytes, which TLS may encrypt. As stream_put(). */
int stream_put_plain(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);

/* The peer ended it, when it could be used or was about to be; @err: 0 or errno. */
void stream_left(struct stream *s, int err);

/* It is of no use to those who borrowed it any more. */
void stream_loans_end(struct stream *s);

/* Forgets a message that has come in part. */
void stream_partial_free(struct stream *s);

/* Sends what the socket takes and queues the rest. Returns 0 or errno. */
int stream_put(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);

/* stream_tls.c: @name as in tls_session_alloc(). */
int stream_tls_alloc(struct stream *s, const char *name);
void stream_tls_start(struct stream *s);
void stream_tls_input(struct stream *s, const char *buf, size_t len, int64_t rx_ns);
void stream_tls_lost(struct stream *s, int err);
void stream_tls_left(struct stream *s);
int stream_tls_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns);
void stream_tls_bye(struct stream *s);

#endif
