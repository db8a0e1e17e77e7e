/* One sending of a target's request over UDP, the first or a retransmission. */
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_udp.h"
#include "sipprobe/transport/udp.h"

/*
 * Dropped on its way out of this machine, by a full queue, a firewall's rule or a full
 * table of connections: as good as lost, since the next copy may pass.
 */
static bool is_loss(int err)
{
	return err == ENOBUFS || err == EAGAIN || err == ENOMEM || err == EPERM;
}

int target_copy(struct target *t)
{
	struct attempt *a = t->attempt;
	int err;

	a->copied_ns = clock_monotonic_ns();
	if (!a->copies)
		a->sent_ns = a->copied_ns;
	request_number_copy(&t->request, a->copies + 1U);
	err = udp_transmit(t->udp, &t->address.sa, t->request.buf, t->request.len,
			   t->settings->dscp);
	/* A ladder shows the first. */
	request_number_copy(&t->request, 1);
	a->send_err = err;
	if (err && !is_loss(err))
		return err;
	a->left |= !err;
	a->copies++;
	return 0;
}
