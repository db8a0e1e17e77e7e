#include <string.h>

#include "sipprobe/target_private.h"
#include "sipprobe/clock.h"
#include "sipprobe/sockets.h"
#include "sipprobe/udp.h"

enum { WAY_FAILURES = 8 };

void target_request_info(const struct target *t, struct request_info *info,
			 const struct sa *local)
{
	*info = (struct request_info){
		.method = t->prober->method,
		.trunk = trunk_conf(t->trunk),
		.transport = t->address.transport,
		.local = local,
		.peer = &t->address.sa,
		.index = t->index,
		.agent = t->core->agent,
	};
}

int target_make_request(struct target *t, const struct sa *local)
{
	char key[REQUEST_KEY_LEN] = {0};
	struct request_info info;
	int err;

	target_note_next_request(t);
	/* Its requests differ: each is made when it is stamped. */
	if (t->exchange) {
		exchange_set_local(t->exchange, local);
		return 0;
	}
	target_request_info(t, &info, local);
	if (t->request.buf)
		memcpy(key, request_key(&t->request), sizeof(key));
	err = request_make(&t->request, &info);
	/* By the last request's key a late answer to it is known. */
	if (!err)
		memcpy(t->request.buf + (request_key(&t->request) - t->request.buf), key,
		       sizeof(key));
	return err;
}

int target_stamp(struct target *t)
{
	struct request *r = &t->request;

	target_note_next_request(t);
	if (t->attempt.answered || !r->buf)
		memset(t->previous_key, 0, sizeof(t->previous_key));
	else
		memcpy(t->previous_key, request_key(r), REQUEST_KEY_LEN);
	t->attempt.answered = false;
	return t->exchange ? exchange_stamp(t) : request_stamp(r);
}

/*
 * The way out is chosen once and kept: it costs four system calls. It is chosen anew at
 * the first failure in a row and at every eighth from then on, in case our address or a
 * route has changed; at each would double what ten thousand dead trunks cost.
 */
static bool is_way_good(const struct target *t)
{
	return t->udp &&
	       (t->health.verdict != PROBE_DOWN || t->health.streak % WAY_FAILURES != 1);
}

static int choose_way(struct target *t)
{
	struct sa local;
	int err;

	if (is_way_good(t))
		return 0;
	err = sockets_udp_for(t->core->sockets, &t->udp, &local, &t->address.sa,
			      &target_settings(t)->local);
	if (!err)
		err = target_make_request(t, &local);
	if (err)
		t->udp = NULL;
	return err;
}

/* Dropped on its way out of this machine: as good as lost, so retransmission mends it. */
static bool is_loss(int err)
{
	return err == ENOBUFS || err == EAGAIN;
}

static int transact_udp(struct target *t)
{
	struct attempt *a = &t->attempt;
	int err = choose_way(t);

	if (!err)
		err = target_stamp(t);
	if (err)
		return err;
	a->sent_ns = clock_monotonic_ns();
	err = udp_transmit(t->udp, &t->address.sa, t->request.buf, t->request.len,
			   target_dscp(t));
	if (err && !is_loss(err)) {
		a->sent_ns = 0;
		return err;
	}
	a->resend_every_ns = target_settings(t)->t1_us * CLOCK_NS_PER_US;
	a->resend_ns = a->sent_ns + a->resend_every_ns;
	return 0;
}

int target_transact(struct target *t)
{
	return t->address.transport == CONFIG_TRANSPORT_UDP ? transact_udp(t)
							    : target_transact_stream(t);
}
