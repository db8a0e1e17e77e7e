/*
 * The inside of media: the thread and its sessions. For media*.c and session*.c alone.
 *
 * Who may touch what: `main` fields the main thread, `thread` fields the media thread;
 * what both do is under the lock or atomic. A session goes to the media thread with its
 * first command and comes back with the message that says it is gone.
 */
#ifndef SIPPROBE_MEDIA_MEDIA_PRIVATE_H
#define SIPPROBE_MEDIA_MEDIA_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "sipprobe/media/voice/ear.h"
#include "sipprobe/media/media.h"
#include "sipprobe/media/packets.h"
#include "sipprobe/media/rtp/rtcp.h"
#include "sipprobe/media/rtp/rtp_stats.h"
#include "sipprobe/media/send_log.h"
#include "sipprobe/media/source.h"
#include "sipprobe/media/srtp_pair.h"
#include "sipprobe/media/voice/talker.h"
#include "sipprobe/media/voice/telephone_event.h"
#include "sipprobe/media/wire.h"

#define MEDIA_TICK_NS	CLOCK_NS_PER_MS
#define MEDIA_PACKET_NS (20 * CLOCK_NS_PER_MS)

enum {
	MEDIA_SLOTS = 20,	   /* ticks a packet */
	MEDIA_EVENT_REPEATS = 8,   /* of those that may happen again */
	MEDIA_PACKETS_A_WAKE = 64, /* of a socket, then others get their turn */
	MEDIA_FLOOD = 200,	   /* packets a second of a session */
	MEDIA_AUDIO_BYTES = 10 * G711_HZ,
	MEDIA_NAME_BYTES = 16, /* of RTCP's canonical name */
};

/*
 * What an event is of: where the thread waits, its timer or a command; of the sockets, a
 * session by its address, with which of them in the last bit.
 */
enum {
	MEDIA_TAG_TIMER,
	MEDIA_TAG_WAKE,
	MEDIA_TAG_RTCP = 1,
};

/* From the main thread. */
enum media_command_kind {
	MEDIA_COMMAND_START,
	MEDIA_COMMAND_PAIR,
	MEDIA_COMMAND_QUIET,
	MEDIA_COMMAND_STOP,
	MEDIA_COMMAND_CONFIGURE,
	MEDIA_COMMANDS,
};

struct media_start {
	struct sdp_remote theirs;
	struct sdp_crypto key;	    /* of ours, if secure */
	bool sends;		    /* our end may, and theirs takes it */
	bool offered[MEDIA_CODECS]; /* by us: under their static payload types */
	bool events;		    /* … and telephone-event */
	int64_t at_ns;
};

struct media_command {
	struct le le; /* of media's commands */
	enum media_command_kind kind;
	bool embedded; /* in its session, not to be freed */
	struct media_session *session;
	union {
		struct media_start start;
		struct media_session *other;
		struct media_conf conf;
	};
};

/* To the main thread. */
struct media_message {
	struct le le; /* of media's messages */
	struct media_session *session;
	bool gone; /* embedded in the session: its last one, with the report */
	struct media_event event;
};

struct media_session {
	/* main */
	struct le le; /* of media's sessions */
	struct media *media;
	const struct media_handlers *handlers;
	void *arg;
	bool dropped, ending;
	struct sa local;

	/* main until the first command, thread until gone, main again */
	struct media_command stop;
	struct media_message gone;
	struct media_session_conf conf;
	struct media_report report;
	struct wire_pair wires;
	char name[MEDIA_NAME_BYTES + 1]; /* RTCP's */

	/* thread */
	struct le slot_le;
	int slot;	 /* -1: not started */
	uint64_t random; /* state of a small generator */

	struct media_start agreed;
	struct srtp_pair *srtp;
	struct source source;
	bool quiet;
	bool may_rtp, may_rtcp; /* their addresses are in allowed networks */

	/* what is sent */
	struct talker talker;
	struct send_log *log;
	struct send_log *far; /* of the other end of a loop */
	uint16_t sequence;
	uint32_t timestamp, event_timestamp;
	bool begun;	 /* a packet left */
	uint32_t octets; /* of payload */
	int64_t rtcp_due_ns;
	bool rtcp_initial;
	struct media_lateness lateness;

	/* what is received */
	struct rtp_stats stats;
	struct ear ear;
	struct telephone_ear telephone;
	struct ear_digits digits;
	uint32_t audio_received; /* packets of a full 20 ms */
	uint32_t odd_length;	 /* … and of another length */
	uint32_t flood_count;
	int64_t flood_second;
	uint32_t sr_middle; /* of the peer's last SR, and when it came */
	int64_t sr_at_ns;
	uint64_t reported_due, reported_received; /* at our last report block */
	double delay_sum_ns;
	uint32_t delay_count;
	int64_t tone_delay_ns, doubtful_delay_ns; /* the least; 0: none */
	uint8_t told[MEDIA_EVENT_KINDS];	  /* how often */
	bool silent;
	uint32_t far_before; /* of the other end's audio, what is not judged */

	/* kept for people */
	uint8_t *audio;	      /* a ring of MEDIA_AUDIO_BYTES, or NULL */
	uint64_t audio_bytes; /* of all that went in */
	struct media_packets *packets;
};

struct media {
	/* main */
	struct media_conf conf;
	struct wire_ports ports;
	struct list sessions;
	unsigned count; /* of them */
	pthread_t thread;
	bool running;
	int bell_fd; /* rings on the main thread's loop */

	/* both */
	pthread_mutex_t lock;
	struct list commands, messages;
	bool ending;
	int wake_fd; /* wakes the media thread */
	_Atomic uint64_t late_count[MEDIA_LATENESS_BOUNDS + 1];
	_Atomic uint64_t late_sum_us;
	_Atomic uint32_t late_max_us;

	/* thread */
	int wait_fd;	/* epoll: the timer and commands */
	int sockets_fd; /* epoll: the sessions', looked at, never waited for */
	int timer_fd;
	struct media_network networks[MEDIA_NETWORKS];
	size_t network_count;
	struct list slots[MEDIA_SLOTS];
	unsigned slot_load[MEDIA_SLOTS];
	int64_t epoch_ns;   /* of tick 0 */
	int64_t tick;	    /* the next one */
	int64_t armed_tick; /* what the timer is set to; INT64_MAX: to nothing */
	struct wire_batch *batch;
	uint8_t packet[WIRE_PACKET_ROOM]; /* one to be sent */
};

static inline bool session_is_secure(const struct media_session *s)
{
	return s->agreed.theirs.secure;
}

/* media_queue.c: what crosses between the threads. */
void media_command_push(struct media *m, struct media_command *c);
struct media_command *media_command_pop(struct media *m);
void media_command_free(struct media_command *c);
void media_message_push(struct media *m, struct media_message *msg);
struct media_message *media_message_pop(struct media *m);

/*
 * media_thread.c: @arg is the media. Once round: what is due, what came, what was asked.
 * What comes wakes nobody: it lies in its socket, stamped by the kernel, until something
 * is due, 20 ms at the most.
 */
void *media_thread_run(void *arg);

/* media_wheel.c: a session sends at every 20th tick of 1 ms, a few with it. */
void media_wheel_join(struct media *m, struct media_session *s);
void media_wheel_leave(struct media *m, struct media_session *s);
void media_wheel_turn(struct media *m);

/* media_allowed.c */
bool media_is_allowed(const struct media_network *networks, size_t count,
		      const struct sa *sa);

/* media_lateness.c */
void media_lateness_add(struct media_lateness *l, int64_t late_ns);
void media_lateness_count(struct media *m, int64_t late_ns);

/* session_command.c: what the main thread asks of a session; thread. */
void session_start(struct media *m, struct media_session *s, const struct media_start *c);
void session_pair(struct media_session *a, struct media_session *b);
void session_stop(struct media *m, struct media_session *s);
void session_allow(struct media *m, struct media_session *s);

/* session_send.c: its packet that was due at @due_ns. */
void session_send_due(struct media *m, struct media_session *s, int64_t due_ns);
void session_skip_due(struct media_session *s);

/*
 * session_receive.c: reads one of its sockets; and at its start what waits in RTP's.
 * Audio that began long before is thrown away up to the start: the kernel keeps its begin
 * alone, and what it had no room for would look lost. Returns whether there was such.
 */
void session_read(struct media *m, struct media_session *s, bool rtcp);
bool session_read_first(struct media *m, struct media_session *s);

/* session_rtcp.c */
void session_rtcp_begin(struct media_session *s, int64_t now_ns);
void session_rtcp_send(struct media *m, struct media_session *s, int64_t now_ns,
		       bool bye);
void session_rtcp_heard(struct media *m, struct media_session *s, const uint8_t *data,
			size_t bytes, int64_t at_ns);

/* session_events.c: told once, but for MEDIA_EVENT_SILENCE, _RESUMED and _SOURCE. */
void session_tell(struct media *m, struct media_session *s, enum media_event_kind k,
		  int64_t at_ns, const struct sa *where);

/* session_report.c: fills in @s's report at its end. */
void session_report(struct media_session *s, int64_t now_ns);

/* session_keep.c: for people. */
void session_keep_packet(struct media_session *s, const struct media_packet *packet,
			 const struct sa *peer, bool rtcp_port);
void session_keep_audio(struct media_session *s, const uint8_t *codes, size_t count,
			enum media_codec codec);

#endif
