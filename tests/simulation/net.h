/* The way between the process and its peers: what is sent gets there, or not. */
#ifndef TESTS_SIMULATION_NET_H
#define TESTS_SIMULATION_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/loop/compat.h"

struct cell;
struct pipe;
struct peer;

struct link {
	uint64_t stream;
	unsigned loss_ppm, twice_ppm, garble_ppm;
	int64_t least_ns, most_ns; /* there and back */
};

/* A SIP message on its way. */
struct packet {
	struct peer *peer;
	struct cell *cell; /* whose request it is, or answers; NULL: nobody's any more */
	struct pipe *pipe; /* the connection that it came over; NULL: UDP */
	struct sa us;
	uint64_t branch;
	unsigned code; /* of an answer */
	bool registers, leaves, garbled;
	bool behind; /* it waited for room in its connection */
	bool dials;  /* of a call of ours: calls/phones.h */
	bool onward; /* … that a phone makes to us, over UDP */
	size_t len;
	char text[2500];
};

enum { NET_TEXT = 2400 };

/* The process sent a datagram; or tried to, and this machine would not. */
void net_sent(const struct sa *src, const struct sa *dst, const char *buf, size_t len,
	      bool left);

/* Half of a way there and back, and whether it is the last. */
int64_t net_way_ns(struct link *l);
bool net_loses(struct link *l);

/* The process is cut off: nothing that it sends leaves, until it is back. */
void net_cut_off(bool off);
bool net_is_cut_off(void);

/*
 * Reads what it is of a request of the process', or of an answer within a call. Returns
 * false for anything else.
 */
bool net_read(struct packet *p, const struct sa *us, struct peer *peer, const char *buf,
	      size_t len);

/* Gives it back, with what it holds of its connection; NULL is ignored. */
void net_packet_free(struct packet *p);

/* An answer goes back. Takes @p over. */
void net_answer(struct packet *p);

/* A request is refused by ICMP. Takes @p over. */
void net_refuse(struct packet *p);

/* The value of a header field, into @out; "" without. Returns its length. */
size_t net_field(char *out, size_t size, const char *text, const char *name);

#endif
