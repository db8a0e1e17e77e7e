/* A call as a phone has it: for the files of this folder called phone*.c alone. */
#ifndef TESTS_SIMULATION_CALLS_PHONE_H
#define TESTS_SIMULATION_CALLS_PHONE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulation/calls/phones.h"
#include "tests/simulation/kernel/world.h"
#include "tests/simulation/net.h"

enum {
	PHONE_LEGS = 2,
	PHONE_FORGETS = 1 << 20, /* for phone_later(): what a dead one does too */
	PHONE_PORT = 30000,	 /* of its audio, the first of the first call */
	PHONE_PORTS = 5000,	 /* calls until it is used again */
};

#define PHONE_T1_NS    (500 * WORLD_MS)
#define PHONE_T2_NS    (4 * WORLD_S)
#define PHONE_GIVES_UP (32 * WORLD_S) /* 64 T1 */
#define PHONE_BRANCH   ";branch=z9hG4bKphone"

enum phone_ring { RING_NONE, RING_180, RING_183, RING_RELIABLE };

/* How it takes the call, drawn once. */
struct manners {
	enum phone_ring ring;
	enum phones_voice voice;
	bool trying, fork, crosses, keeps_time, astray, deaf, loops, pcma;
	int64_t ring_ns, answer_ns; /* after the INVITE; answer 0: never */
	unsigned code;		    /* of the answer */
	int64_t bye_ns;		    /* its own, after the answer; 0: ours */
	int64_t asks_ns;	    /* something in the dialog; 0: nothing */
	unsigned asks;
	int64_t bye_late_ns;
	unsigned bye_code; /* what our BYE is answered by; 0: 200 */
	int64_t dies_ns;   /* 0: it does not */
};

/* A dialog. */
struct leg {
	char tag[24];
	bool up, acked;
	int64_t up_ns, every_ns, fresh_ns;
};

/* A request of its own that waits for an answer. */
struct phone_request {
	const char *method; /* NULL: none */
	const char *more;   /* header fields */
	bool sdp;
	unsigned cseq, leg;
	int64_t since_ns, every_ns;
};

/* The way on, where the number leads back to us: a second call, made by the phone. */
struct onward {
	bool there, up, ended;
	struct sa us;
	char tag[64];	   /* of the called end */
	char contact[160]; /* its */
	struct sa audio;   /* where it hears */
	unsigned cseq;
	const char *asking; /* its request under way: INVITE, BYE; NULL: none */
	int64_t since_ns, every_ns;
};

struct phone {
	struct phone *next;
	struct peer *peer;
	uint64_t number, stream;
	unsigned refs; /* its events under way, and the list's */
	int64_t begun_ns;
	struct manners as;
	struct packet *invite; /* as it came */
	struct sa us;
	struct sa audio; /* where we hear */
	struct pipe *pipe;
	char id[80];	/* Call-ID */
	char from[200]; /* our From, with its tag */
	char contact[200];
	unsigned code; /* of the final response; 0: none yet */
	bool pracked, rung, dead, asked_for_time;
	struct leg legs[PHONE_LEGS];
	struct phone_request request;
	unsigned cseq;
	struct onward on;
};

/* phone.c: it does that then, if it still knows of the call. */
typedef void phone_h(struct phone *c, unsigned leg);
void phone_later(struct phone *c, int64_t in_ns, phone_h *h, unsigned leg);
void phone_let_go(struct phone *c);

/* phone_say.c: to us. @more: header fields; @sdp: with a description of its audio */
void phone_respond(struct phone *c, const struct packet *to, unsigned code,
		   const char *tag, const char *more, bool sdp);
void phone_send_request(struct phone *c, const struct phone_request *r);
void phone_send_onward(struct phone *c, const char *method, unsigned cseq);
void phone_respond_onward(struct phone *c, const struct packet *to, unsigned code);
void phone_refuse(const struct packet *to, unsigned code, const char *more);
size_t phone_sdp(char *out, size_t size, const struct phone *c, unsigned offset);
void phone_send(struct phone *c, struct packet *p);
uint16_t phone_port(const struct phone *c);

void phone_begin(struct phone *c);
void phone_take(struct phone *c, const struct packet *p);
void phone_take_again(struct phone *c, const struct packet *p);
void phone_hang_up(struct phone *c, unsigned leg);
void phone_over(struct phone *c, unsigned leg, uint64_t *how);
void phone_answer(struct phone *c, unsigned leg);
void phone_reject(struct phone *c, unsigned code);

/* phone_own.c: its own requests, and the answers to them. */
void phone_ask(struct phone *c, unsigned leg, const char *method, const char *more,
	       bool sdp);
void phone_answered(struct phone *c, const struct packet *p);

/* phone_onward.c */
void onward_begin(struct phone *c);
void onward_hear(struct phone *c, const struct packet *p);
void onward_end(struct phone *c);

/* phones.c */
struct phone *phones_by_port(const struct peer *peer, uint16_t port);

/* phone_audio.c: where an SDP wants to hear. Returns false without. */
bool phone_audio_read(struct sa *sa, const char *text);

#endif
