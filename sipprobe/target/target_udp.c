#include "sipprobe/target/target_udp.h"

#include "sipprobe/target/target_request.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"
#include "sipprobe/transport/sockets.h"

enum { WAY_FAILURES = 8 };

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
	int err = 0;

	if (!is_way_good(t))
		err = sockets_udp_for(target_services(t)->sockets, &t->udp, &t->local,
				      &t->address.sa, &target_settings(t)->local);
	else if (t->request.len)
		return 0;
	if (!err)
		err = target_make_request(t, &t->local);
	if (err)
		t->udp = NULL;
	return err;
}

static int transact_udp(struct target *t)
{
	struct attempt *a = t->attempt;
	int err = choose_way(t);

	a->send_err = err;
	if (!err)
		err = target_stamp(t);
	if (err)
		return err;
	a->copies = a->provisionals = 0;
	a->left = false;
	err = target_copy(t);
	if (err) {
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
