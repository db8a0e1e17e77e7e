#include "sipprobe/survey/train.h"

#include <string.h>

#include "base/clock.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/survey/survey_socket.h"
#include "sipprobe/survey/train_figures.h"

struct train {
	struct wheel_timer timer; /* the next request, or the end */
	const struct survey_host *host;
	struct survey_socket *socket;
	struct request request;
	char keys[TRAIN_MAX][REQUEST_KEY_LEN];
	struct train_shots shots;
	int64_t gap_ns;
	int64_t timeout_ns;
	uint8_t count;
	void (*h)(const struct survey_train_report *r, void *arg);
	void *arg;
};

static void train_destructor(void *arg)
{
	struct train *t = arg;

	ticker_cancel(t->host->ticker, &t->timer);
	mem_deref(t->socket);
	request_free(&t->request);
}

static void train_done_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct train *t = wheel_owner(timer, struct train, timer);
	struct survey_train_report r;

	(void)now_ns;
	train_shots_judge(&t->shots, &r);
	t->h(&r, t->arg);
}

static void train_finish(struct train *t, int64_t at_ns)
{
	ticker_start(t->host->ticker, &t->timer, at_ns, train_done_h);
}

static int shot_send(struct train *t)
{
	unsigned i = t->shots.sent;
	uint32_t mtu;
	int err = request_stamp(&t->request);

	if (err)
		return err;
	memcpy(t->keys[i], request_key(&t->request), REQUEST_KEY_LEN);
	t->shots.sent_ns[i] = clock_monotonic_ns();
	err = survey_socket_send(t->socket, t->request.buf, t->request.len,
				 SURVEY_MAY_BE_CUT, &mtu);
	/* Dropped on its way out of this machine: as good as lost. */
	if (!err || err == ENOBUFS || err == EAGAIN || err == EPERM) {
		t->shots.sent++;
		err = 0;
	}
	return err;
}

/* Others may have sent more than they seemed to: then it ends early. */
static bool train_has_room(const struct train *t)
{
	struct survey_times times = {.count = 0};

	t->host->times_h(&times, 0, t->host->arg);
	return survey_budget_room(&times) > t->shots.sent;
}

static void train_shot_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct train *t = wheel_owner(timer, struct train, timer);

	if (!train_has_room(t) || shot_send(t) || t->shots.sent == t->count)
		train_finish(t, now_ns + t->timeout_ns);
	else
		ticker_start(t->host->ticker, &t->timer,
			     t->shots.sent_ns[t->shots.sent - 1] + t->gap_ns,
			     train_shot_h);
}

static void train_datagram_h(const char *buf, size_t len, int64_t rx_ns, void *arg)
{
	struct train *t = arg;
	struct guard_message m;

	if (guard_datagram(&m, buf, len, NULL) || m.request || m.code < 200 ||
	    pl_strcmp(&m.cseq_method, t->host->method))
		return;
	for (unsigned i = 0; i < t->shots.sent; i++)
		if (request_branch_has(&m.branch, t->keys[i]))
			train_shots_hear(&t->shots, i, rx_ns);
	/* All are there: nothing to wait for. */
	if (t->shots.heard == t->count)
		train_finish(t, clock_monotonic_ns());
}

static void train_error_h(const struct survey_error *e, void *arg)
{
	(void)e;
	(void)arg;
}

static const struct survey_socket_events events = {
	.datagram_h = train_datagram_h,
	.error_h = train_error_h,
};

int train_alloc(struct train **tp, const struct survey_host *host, unsigned count,
		void (*h)(const struct survey_train_report *r, void *arg), void *arg)
{
	const struct config_settings *s = host->settings_h(host->arg);
	const struct survey_socket_info info = {
		.peer = host->peer,
		.address = s->local.address,
		.dscp = s->dscp,
		.anywhere = s->answers_from == CONFIG_ANSWERS_FROM_ANYWHERE,
	};
	struct train *t = mem_zalloc(sizeof(*t), train_destructor);
	struct survey_question q = {.fields = NULL};
	int err;

	if (!t)
		return ENOMEM;
	t->host = host;
	t->h = h;
	t->arg = arg;
	t->count = (uint8_t)(count < TRAIN_MAX ? count : TRAIN_MAX);
	t->gap_ns = s->train->gap_us * CLOCK_NS_PER_US;
	t->timeout_ns = s->timeout_us * CLOCK_NS_PER_US;
	err = survey_socket_alloc(&t->socket, &info, &events, t);
	if (err)
		goto out;
	q.local = survey_socket_local(t->socket);
	err = host->make_h(&t->request, &q, host->arg);
	if (err)
		goto out;
	ticker_start(host->ticker, &t->timer, clock_monotonic_ns(), train_shot_h);
	*tp = t;
out:
	if (err)
		mem_deref(t);
	return err;
}

void train_times(const struct train *t, struct survey_times *out)
{
	int64_t at_ns = clock_monotonic_ns();

	for (unsigned i = 0; i < t->count; i++, at_ns += t->gap_ns) {
		if (i < t->shots.sent)
			at_ns = t->shots.sent_ns[i];
		survey_times_add(out, at_ns);
	}
}
