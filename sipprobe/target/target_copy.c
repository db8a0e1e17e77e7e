/* One sending of a target's request over UDP, the first or a retransmission. */
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_udp.h"
#include "sipprobe/transport/udp.h"

/* No call to send a datagram takes so long, unless something else is done meanwhile. */
#define CALL_NS (10 * CLOCK_NS_PER_US)

/*
 * Dropped on its way out of this machine, by a full queue, a firewall's rule or a full
 * table of connections: as good as lost, since the next copy may pass.
 */
static bool is_loss(int err)
{
	return err == ENOBUFS || err == EAGAIN || err == ENOMEM || err == EPERM;
}

/*
 * When a datagram left: in the middle of the call that sent it. Of a call that took
 * longer than any does, as we were put off, its beginning is as good a guess.
 */
static int64_t left_ns(int64_t called_ns)
{
	int64_t took_ns = clock_monotonic_ns() - called_ns;

	return called_ns + (took_ns < CALL_NS ? took_ns : CALL_NS) / 2;
}

int target_copy(struct target *t)
{
	struct attempt *a = t->attempt;
	int64_t called_ns;
	int err;

	request_number_copy(&t->request, a->copies + 1U);
	called_ns = clock_monotonic_ns();
	err = udp_transmit(t->udp, &t->address.sa, t->request.buf, t->request.len,
			   t->settings->dscp);
	a->copied_ns = left_ns(called_ns);
	if (!a->copies)
		a->sent_ns = a->copied_ns;
	/* A ladder shows the first. */
	request_number_copy(&t->request, 1);
	a->send_err = err;
	if (err && !is_loss(err))
		return err;
	a->left |= !err;
	a->copies++;
	return 0;
}
