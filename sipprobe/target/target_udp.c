#include "sipprobe/target/target_udp.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/target/target_request.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"
#include "sipprobe/transport/sockets.h"

enum { WAY_FAILURES = 8, LOCALS_SEEN = 8 };

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

static void target_local_destructor(void *arg)
{
	struct target_local *l = arg;

	list_unlink(&l->le);
}

static bool is_local(const struct target_local *l, const struct sa *sa)
{
	return l->sa.len == sa->len && !memcmp(&l->sa.u, &sa->u, sa->len);
}

/* Most have one of a few, so that no more than the latest are looked at. */
static int keep_local(struct target *t, const struct sa *sa)
{
	struct list *all = &target_services(t)->locals;
	struct target_local *l = NULL;
	struct le *le = all->head;

	for (int i = 0; le && i < LOCALS_SEEN && !l; i++, le = le->next)
		if (is_local(le->data, sa))
			l = mem_ref(le->data);
	if (!l) {
		l = mem_zalloc(sizeof(*l), target_local_destructor);
		if (!l)
			return ENOMEM;
		l->sa = *sa;
		list_prepend(all, &l->le, l);
	}
	mem_deref(t->local);
	t->local = l;
	return 0;
}

static int choose_socket(struct target *t)
{
	struct sa local;
	int err = sockets_udp_for(target_services(t)->sockets, &t->udp, &local,
				  &t->address.sa, &target_settings(t)->local);

	return err ? err : keep_local(t, &local);
}

static int choose_way(struct target *t)
{
	int err = 0;

	if (!is_way_good(t))
		err = choose_socket(t);
	else if (t->request.len)
		return 0;
	if (!err)
		err = target_make_request(t, &t->local->sa);
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
