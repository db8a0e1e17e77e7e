/* The inside of a way, for way.c, way_udp.c and way_syn.c only. */
#ifndef SIPPROBE_WAY_WAY_PRIVATE_H
#define SIPPROBE_WAY_WAY_PRIVATE_H

#include "sipprobe/way/way.h"
#include "sipprobe/way/way_plan.h"

/* How a TTL is asked. */
struct way_method {
	/* Makes what is sent, as @wayp->state. Returns 0 or errno. */
	int (*open)(struct way *w);
	/* Asks for a TTL; @tried: tries before this one. Returns 0 or errno. */
	int (*send)(struct way *w, unsigned ttl, unsigned tried);
	/* Whether what it was sent from was taken away. */
	bool (*is_gone)(const struct way *w);
};

struct way {
	const struct way_method *method;
	struct way_request rq;
	struct way_plan plan;
	struct trace_report *report;
	struct wheel_timer timer;
	int64_t sent_ns[TRACE_HOPS][TRACE_TRIES];
	void *state; /* the method's; owned */
	way_h *h;
	void *arg;
};

extern const struct way_method way_udp;
extern const struct way_method way_syn;

/* An answer to that try came. @from: who spoke, or AF_UNSPEC */
void way_heard(struct way *w, unsigned ttl, unsigned tried, const struct sa *from,
	       struct trace_hop what, int64_t rx_ns);

/* Looks again at what is to be done; told to the owner. It may free the way. */
void way_review(struct way *w);

/* The same when the handler at work is done. */
void way_review_soon(struct way *w);

/* The hop that an ICMP error makes. Returns false for one that ends nothing. */
bool way_hop_of(struct trace_hop *hop, const struct way *w, const struct sa *offender,
		uint8_t type, uint8_t code);

#endif
