/*
 * What each call of ours is by the wire, message by message: when it was asked for, what
 * came of that, which dialogs stand, and whether their ends are known. Of what left us
 * and of what lay in our socket alone, so that it is what we must know ourselves.
 */
#ifndef TESTS_SIMULATION_CALLS_LEDGER_H
#define TESTS_SIMULATION_CALLS_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

struct packet;
struct peer;
struct trunk;

enum { LEDGER_LINES = 4 };

/* A dialog, by the tag of its 2xx. */
struct dialled_line {
	char tag[32];
	int64_t up_ns;	/* it came */
	int64_t bye_ns; /* our first BYE left; 0: none */
	bool ended;	/* 2xx or 481 to it came, or the peer's own BYE */
	bool refused;	/* another final response to it came */
};

struct dialled {
	struct dialled *next;
	struct trunk *trunk;
	char id[80];
	int64_t begun_ns, ring_ns, final_ns, cancel_ns, settles_ns;
	int64_t moved_ns;      /* something of it left or came */
	unsigned code;	       /* of its first final response; 0: none came */
	bool answered, late;   /* a 2xx came; one when it was over already, for us */
	bool cancelled;	       /* a 2xx or 481 to CANCEL came */
	bool their_bye;	       /* the peer hung up before our BYE left */
	bool garbled, done;    /* something was; its verdict is told */
	bool orphaned;	       /* the process that made it is gone */
	unsigned peer_epoch;   /* of its peer, when it began */
	uint64_t lost, memory; /* calls not ended, allocations failed by then */
	const struct peer *peer;
	struct dialled_line lines[LEDGER_LINES];
	unsigned line_count;
};

/* A message of a call leaves, or would not; one lies in our socket. */
void ledger_sent(const struct packet *p, bool left);
void ledger_arrived(const struct packet *p);

/* By our Call-ID; NULL: none. */
struct dialled *ledger_find(const struct trunk *t, const char *id);

/* Whether a call is open by all that we can know, or over: neither while it ends. */
bool ledger_is_open(const struct dialled *d);
bool ledger_is_over(const struct dialled *d);

/* How many of all trunks have begun within the last @ns; how many are open. */
unsigned ledger_begun(int64_t ns);
unsigned ledger_open(void);

/* The process is a new one, and knows of nothing. */
void ledger_forget(void);

#endif
