#include "sipprobe/survey/size_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/message/guard.h"
#include "sipprobe/survey/survey_socket.h"

#define SIZE_FIELD "X-Padding: "
#define SIZE_PARAM ";siptrunk-padding="

enum {
	SIZE_COPIES = 3,
	SIZE_SENT = 16,	      /* that are remembered, more than go out in that time */
	SIZE_RESIZED_MAX = 3, /* copies sent again for the path's sake */
	SIZE_AGAIN_MS = 400,  /* later, where there is no room */
	SIZE_WAITS = 6,
	SIZE_LEAST_T1S = 4,   /* that a question takes until it is silence */
	SIZE_HEADS_IPV4 = 28, /* IP and UDP, without options */
	SIZE_HEADS_IPV6 = 48,
};

enum size_padding {
	SIZE_BARE,
	SIZE_IN_FIELD, /* which an answer leaves out */
	SIZE_IN_VIA,   /* which it repeats */
};

static const struct {
	enum size_padding padding;
	enum survey_cut cut;
} questions[SIZE_QUESTIONS] = {
	[SIZE_SMALL] = {SIZE_BARE, SURVEY_MAY_BE_CUT},
	[SIZE_REQUEST] = {SIZE_IN_FIELD, SURVEY_MAY_BE_CUT},
	[SIZE_BOTH] = {SIZE_IN_VIA, SURVEY_MAY_BE_CUT},
	[SIZE_WHOLE] = {SIZE_IN_FIELD, SURVEY_WHOLE},
	[SIZE_CUT] = {SIZE_IN_FIELD, SURVEY_CUT_AS_MOST},
	[SIZE_AGAIN] = {SIZE_BARE, SURVEY_MAY_BE_CUT},
};

struct size_check {
	struct wheel_timer timer; /* the next copy, question, or the end */
	const struct survey_host *host;
	struct survey_socket *socket;
	struct request request;
	struct size_answers answers;
	int64_t t1_ns;
	int64_t timeout_ns;
	int64_t begun_ns; /* the first copy of the question */
	uint32_t bare_bytes;
	uint8_t question; /* enum size_question */
	uint8_t copies;
	uint8_t resized;
	bool asking;   /* it was sent, and not answered */
	uint8_t waits; /* in a row, for room */
	uint8_t sent;  /* in all, modulo 256: where in sent_ns the next goes */
	int64_t sent_ns[SIZE_SENT]; /* the last ones; 0: none */
	const struct size_check_events *events;
	void *arg;
};

static void size_check_destructor(void *arg)
{
	struct size_check *c = arg;

	ticker_cancel(c->host->ticker, &c->timer);
	mem_deref(c->socket);
	request_free(&c->request);
}

static struct size_check *check_of(struct wheel_timer *timer)
{
	return wheel_owner(timer, struct size_check, timer);
}

static void size_check_done_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct size_check *c = check_of(timer);

	(void)now_ns;
	c->events->done_h(&c->answers, c->arg);
}

static void size_check_next_h(struct wheel_timer *timer, int64_t now_ns);

/* Never inside a read of the socket. */
static void check_go_on(struct size_check *c, wheel_h *h)
{
	ticker_start(c->host->ticker, &c->timer, clock_monotonic_ns(), h);
}

static void check_answer(struct size_check *c, enum size_answer how)
{
	c->asking = false;
	c->answers.how[c->question] = how;
	do {
		c->question++;
	} while (c->question < SIZE_QUESTIONS &&
		 !size_verdict_wants(&c->answers, (enum size_question)c->question));
	check_go_on(c,
		    c->question < SIZE_QUESTIONS ? size_check_next_h : size_check_done_h);
}

/* So much padding that the request has @bytes. */
static char *padding_make(const struct size_check *c, enum size_padding how,
			  uint32_t bytes)
{
	const char *name = how == SIZE_IN_VIA ? SIZE_PARAM : SIZE_FIELD;
	const char *end = how == SIZE_IN_VIA ? "" : "\r\n";
	size_t fixed = strlen(name) + strlen(end);
	size_t n = bytes > c->bare_bytes + fixed ? bytes - c->bare_bytes - fixed : 1;
	char *text = malloc(fixed + n + 1);

	if (!text)
		return NULL;
	memcpy(text, name, strlen(name));
	memset(text + strlen(name), 'x', n);
	memcpy(text + strlen(name) + n, end, strlen(end) + 1);
	return text;
}

/*
 * What may be cut is as large as what was not. Over IPv6 Linux cuts only what is too long
 * for our own network, if to smaller pieces: there it is as large as may be.
 */
static uint32_t question_bytes(const struct size_check *c)
{
	const struct size_answers *a = &c->answers;
	bool whole = c->question == SIZE_WHOLE || (c->question == SIZE_CUT && !a->ipv6);

	return whole ? a->whole_bytes : a->bytes;
}

static int question_make(struct size_check *c)
{
	enum size_padding how = questions[c->question].padding;
	struct survey_question q = {.local = survey_socket_local(c->socket)};
	char *padding = NULL;
	int err;

	if (c->question == SIZE_CUT && c->answers.ipv6 &&
	    c->answers.bytes <= c->answers.whole_bytes)
		return EOPNOTSUPP;
	if (how != SIZE_BARE)
		padding = padding_make(c, how, question_bytes(c));
	if (how != SIZE_BARE && !padding)
		return ENOMEM;
	*(how == SIZE_IN_VIA ? &q.via : &q.fields) = padding;
	err = c->host->make_h(&c->request, &q, c->host->arg);
	free(padding);
	if (!err && how == SIZE_BARE)
		c->bare_bytes = c->request.len;
	return err;
}

static void size_check_wait_h(struct wheel_timer *timer, int64_t now_ns);

static void check_wait(struct size_check *c)
{
	int64_t least_ns = SIZE_LEAST_T1S * c->t1_ns;
	int64_t end_ns =
		c->begun_ns + (c->timeout_ns > least_ns ? c->timeout_ns : least_ns);
	/* 0, T1, 3 T1 */
	int64_t copy_ns = c->begun_ns + ((1 << c->copies) - 1) * c->t1_ns;

	ticker_start(c->host->ticker, &c->timer,
		     c->copies < SIZE_COPIES && copy_ns < end_ns ? copy_ns : end_ns,
		     size_check_wait_h);
}

/* Our own network takes less: what it takes is the largest that can be whole. */
static bool check_shrinks(struct size_check *c, uint32_t mtu)
{
	uint32_t heads = c->answers.ipv6 ? SIZE_HEADS_IPV6 : SIZE_HEADS_IPV4;

	if (c->question != SIZE_WHOLE || mtu <= heads ||
	    mtu - heads >= c->answers.whole_bytes)
		return false;
	c->answers.whole_bytes = mtu - heads;
	check_go_on(c, size_check_next_h);
	return true;
}

static void size_check_left_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct size_check *c = check_of(timer);

	(void)now_ns;
	c->events->done_h(NULL, c->arg);
}

static void size_check_again_h(struct wheel_timer *timer, int64_t now_ns);

/* What follows moves with it; who never finds room leaves it. */
static void check_later(struct size_check *c)
{
	if (c->waits++ == SIZE_WAITS) {
		check_go_on(c, size_check_left_h);
		return;
	}
	c->begun_ns += SIZE_AGAIN_MS * CLOCK_NS_PER_MS;
	ticker_start(c->host->ticker, &c->timer,
		     clock_monotonic_ns() + SIZE_AGAIN_MS * CLOCK_NS_PER_MS,
		     size_check_again_h);
}

static void check_send(struct size_check *c)
{
	uint32_t mtu;
	int err;

	if (!c->events->room_h(c->arg)) {
		check_later(c);
		return;
	}
	err = survey_socket_send(c->socket, c->request.buf, c->request.len,
				 questions[c->question].cut, &mtu);
	/* Dropped on its way out of this machine: as good as lost. */
	if (err && err != ENOBUFS && err != EAGAIN && err != EPERM) {
		if (err != EMSGSIZE || !check_shrinks(c, mtu))
			check_answer(c, SIZE_UNSENT);
		return;
	}
	c->waits = 0;
	c->sent_ns[c->sent++ % SIZE_SENT] = clock_monotonic_ns();
	c->asking = true;
	c->copies++;
	check_wait(c);
}

static void size_check_again_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	check_send(check_of(timer));
}

static void size_check_wait_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct size_check *c = check_of(timer);
	int64_t copy_ns = c->begun_ns + ((1 << c->copies) - 1) * c->t1_ns;

	if (c->copies < SIZE_COPIES && now_ns >= copy_ns)
		check_send(c);
	else
		check_answer(c, SIZE_SILENT);
}

static void size_check_next_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct size_check *c = check_of(timer);

	c->copies = c->resized = 0;
	c->begun_ns = now_ns;
	if (question_make(c))
		check_answer(c, SIZE_UNSENT);
	else
		check_send(c);
}

static void size_check_datagram_h(const char *buf, size_t len, int64_t rx_ns, void *arg)
{
	struct size_check *c = arg;
	struct guard_message m;

	(void)rx_ns;
	/* What comes after the first answer is to copies. */
	if (!c->asking || guard_datagram(&m, buf, len, NULL) || m.request ||
	    m.code < 200 || !request_answered_by(&c->request, c->host->method, &m))
		return;
	c->answers.code[c->question] = (uint16_t)m.code;
	check_answer(c, SIZE_ANSWERED);
}

static void size_check_error_h(const struct survey_error *e, void *arg)
{
	struct size_check *c = arg;

	if (e->err != EMSGSIZE || !c->asking)
		return;
	c->answers.path_mtu = e->mtu;
	(void)re_snprintf(c->answers.router, sizeof(c->answers.router), "%j", &e->router);
	if (questions[c->question].cut == SURVEY_WHOLE) {
		check_answer(c, SIZE_TOLD);
	} else if (c->resized < SIZE_RESIZED_MAX) {
		/* The kernel knows by now, and cuts the next to fit. */
		c->resized++;
		c->copies--;
		c->begun_ns = clock_monotonic_ns() - ((1 << c->copies) - 1) * c->t1_ns;
		check_wait(c);
	}
}

static const struct survey_socket_events socket_events = {
	.datagram_h = size_check_datagram_h,
	.error_h = size_check_error_h,
};

int size_check_alloc(struct size_check **cp, const struct survey_host *host,
		     const struct size_check_events *events, void *arg)
{
	const struct config_settings *s = host->settings_h(host->arg);
	const struct survey_socket_info info = {
		.peer = host->peer,
		.address = s->local.address,
		.dscp = s->dscp,
		.anywhere = s->answers_from == CONFIG_ANSWERS_FROM_ANYWHERE,
	};
	struct size_check *c = mem_zalloc(sizeof(*c), size_check_destructor);
	int err;

	if (!c)
		return ENOMEM;
	c->host = host;
	c->events = events;
	c->arg = arg;
	c->t1_ns = s->t1_us * CLOCK_NS_PER_US;
	c->timeout_ns = s->timeout_us * CLOCK_NS_PER_US;
	c->answers.bytes = c->answers.whole_bytes = s->size->bytes;
	c->answers.ipv6 = sa_af(host->peer) == AF_INET6;
	err = survey_socket_alloc(&c->socket, &info, &socket_events, c);
	if (err) {
		mem_deref(c);
		return err;
	}
	check_go_on(c, size_check_next_h);
	*cp = c;
	return 0;
}

void size_check_times(const struct size_check *c, struct survey_times *out)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t since_ns = now_ns - SURVEY_BUDGET_MS * CLOCK_NS_PER_MS;

	for (unsigned i = 0; i < SIZE_SENT; i++)
		if (c->sent_ns[i] && c->sent_ns[i] > since_ns)
			survey_times_add(out, c->sent_ns[i]);
	for (unsigned i = c->question; out->checks && i < SIZE_QUESTIONS; i++)
		survey_times_add(out, now_ns);
}
