/*
 * Trunks that call: how, how often, and what is told of it. What we must know of each
 * call by the wire is in ledger.h.
 */
#ifndef TESTS_SIMULATION_CALLS_DIALLER_H
#define TESTS_SIMULATION_CALLS_DIALLER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/simulation/kernel/world.h"

#define DIALLER_NUMBER	   "4722334455"
#define DIALLER_SETTLES_NS (420 * WORLD_S) /* all of a call is over by then */

enum dial_mode { DIAL_RING, DIAL_ANSWER, DIAL_ECHO, DIAL_LOOP, DIAL_MODES };

struct dialled;
struct trunk;

struct dial_sum {
	uint64_t calls[2]; /* answered, and not */
	int64_t talk_ns;
};

struct dialler {
	enum dial_mode mode;
	int64_t interval_ns, duration_ns, answer_ns, ring_ns;
	bool barred; /* every call is refused */
	uint64_t bars_stream;
	struct dialled *calls; /* that are not settled, the last one first */
	/* As told: */
	unsigned open;	    /* now */
	int64_t closed_ns;  /* none was any more, when last */
	int64_t due_ns;	    /* of the last one by schedule; 0: none was yet */
	bool left_out;	    /* one that was due since then was not made */
	uint64_t lost;	    /* not ended */
	uint64_t lost_base; /* … before its row was made */
	uint64_t refused;   /* for a limit, or the switch */
	/* Made, with a verdict; … before its row was made; begun by the wire. */
	struct dial_sum made, made_base;
	uint64_t begun;
};

/* All trunks together. */
struct dials {
	unsigned at_once, an_hour, a_day; /* limits */
	bool loops;			  /* some lead back to us: we always listen */
	bool stopped;			  /* by the switch */
	int64_t switched_ns;		  /* when it was used last */
	int64_t room_ns;		  /* when last there was one call less */
	uint64_t refused, lost, told;	  /* as told */
};

extern struct dials dials;

/* Limits, as the seed has them. @an_hour: 0: the seed's too */
void dialler_limits(unsigned an_hour);

/* What a trunk does; NULL: it does not call. */
struct dialler *dialler_make(const struct trunk *t);

/* "calls", and what a trunk that calls says besides, as configuration. */
void dialler_write_limits(FILE *f);
void dialler_write(FILE *f, const struct trunk *t);

/* Whether a port of ours is one of audio. */
bool dialler_is_audio(uint16_t port);

/* The switch is used now and then. */
void dialler_begin(void);

/* A configuration is in force, or the process is new: calls may be made. */
void dialler_go_on(void);

#endif
