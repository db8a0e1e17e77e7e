/*
 * A path between two ends of a call that does to packets what networks do: drops, delays,
 * doubles and reorders them, by a seeded chance, in a thread of its own; or an echo.
 */
#ifndef TESTS_SUPPORT_RELAY_H
#define TESTS_SUPPORT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct relay; /* a thread with any number of paths */
struct relay_path;

struct relay_fault {
	unsigned loss_permille, twice_permille;
	unsigned delay_ms, spread_ms; /* each packet by delay +- spread */
	bool renumber;		      /* as a B2BUA does: another SSRC, other numbers */
	bool echo;		      /* back to who sent it, and nothing else */
	bool one_way;		      /* nothing from the second end to the first */
	bool elsewhere; /* leaves by another port than the one it comes to, as behind NAT
			 */
};

/* What was done, both ways in their order: from the first end, from the second. */
struct relay_counts {
	uint32_t in[2], lost[2], twice[2];
};

int relay_alloc(struct relay **rp);
void relay_free(struct relay *r);

/*
 * A path between two RTP ports of 127.0.0.1; all before relay_run().
 *
 * Its ports: where the first end has to send to, and the second.
 */
int relay_path_add(struct relay_path **pp, struct relay *r, const struct relay_fault *f,
		   uint16_t ports[2]);

/* Where the two ends are. */
void relay_path_ends(struct relay_path *p, uint16_t first, uint16_t second);

int relay_run(struct relay *r);

/* Ends the thread; the counts stand after it. */
void relay_stop(struct relay *r);
struct relay_counts relay_path_counts(const struct relay_path *p);

#endif
