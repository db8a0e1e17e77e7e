/* Two ends of a TCP connection, one of them ours. */
#ifndef TESTS_UNIT_SIPPROBE_TRUNK_WIRE_H
#define TESTS_UNIT_SIPPROBE_TRUNK_WIRE_H

#include "sipprobe/transport/stream.h"
#include "tests/unit/sipprobe/target/fixture.h"

struct wire {
	struct stream *ours, *theirs;
	unsigned up, messages;
	char got[FIXTURE_TEXT]; /* the message that came last */
};

static inline void wire_up_h(struct stream *s, void *arg)
{
	(void)s;
	((struct wire *)arg)->up++;
}

static inline void wire_message_h(struct stream *s, const struct guard_message *m,
				  int64_t rx_ns, void *arg)
{
	struct pl bytes = guard_bytes(m);
	struct wire *w = arg;

	(void)s, (void)rx_ns;
	w->messages++;
	(void)snprintf(w->got, sizeof(w->got), "%.*s", (int)bytes.l, bytes.p);
}

static inline void wire_closed_h(struct stream *s, enum probe_outcome why, int err,
				 const char *detail, void *arg)
{
	(void)s, (void)why, (void)err, (void)detail, (void)arg;
}

static inline bool wire_is_up(void *arg)
{
	return ((struct wire *)arg)->up == 2;
}

static inline bool wire_has_message(void *arg)
{
	return ((struct wire *)arg)->messages;
}

/* @accepted: our end is the one that was connected to */
static inline void wire_open(struct wire *w, const struct fixture *f, bool accepted)
{
	static const struct stream_events events = {wire_up_h, wire_message_h,
						    wire_closed_h};
	struct stream *connected = NULL, *accepting = NULL;
	int fd;

	*w = (struct wire){.up = 0};
	if (stream_connect(&connected, &f->address.sa, NULL, NULL, "", &events, w))
		puts("# stream_connect failed");
	while ((fd = accept4(f->fd, NULL, NULL, SOCK_NONBLOCK)) < 0)
		loop_turn();
	if (stream_accept(&accepting, fd, NULL, &events, w))
		puts("# stream_accept failed");
	loop_until(wire_is_up, w);
	w->ours = accepted ? accepting : connected;
	w->theirs = accepted ? connected : accepting;
}

static inline void wire_close(struct wire *w)
{
	mem_deref(w->ours);
	mem_deref(w->theirs);
}

#endif
