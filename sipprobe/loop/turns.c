#include "sipprobe/loop/turns.h"

#include "base/clock.h"
#include "sipprobe/loop/alarm.h"

struct turns {
	struct list waiting; /* of struct turns_waiter */
	struct alarm *alarm;
	int64_t next_ns; /* monotonic: when there is time for the queue again */
};

static void turns_destructor(void *arg)
{
	struct turns *t = arg;

	list_clear(&t->waiting);
	mem_deref(t->alarm);
}

int64_t turns_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return clock_of_timespec(&ts);
}

int turns_account_alloc(struct turns_account **ap, unsigned share)
{
	struct turns_account *a = mem_zalloc(sizeof(*a), NULL);

	if (!a)
		return ENOMEM;
	a->share = share;
	*ap = a;
	return 0;
}

void turns_charge(struct turns_account *a, int64_t now_ns, int64_t used_ns)
{
	if (a->paid_ns < now_ns)
		a->paid_ns = now_ns;
	a->paid_ns += used_ns * a->share;
}

bool turns_left(const struct turns_account *a, int64_t now_ns)
{
	return a->paid_ns - now_ns <= TURNS_BURST_NS * a->share;
}

static void turns_call_first(struct turns *t)
{
	struct turns_waiter *w = list_head(&t->waiting)->data;

	list_unlink(&w->le);
	w->h(w->arg);
}

/* As many as there is time for, one at least. */
static void turns_alarm_h(void *arg)
{
	struct turns *t = mem_ref(arg);
	int64_t begun_ns = turns_cpu_ns(), used_ns = 0;

	while (list_head(&t->waiting) && used_ns < TURNS_SLICE_NS) {
		turns_call_first(t);
		used_ns = turns_cpu_ns() - begun_ns;
	}
	t->next_ns = clock_monotonic_ns() + used_ns * (TURNS_QUEUE_SHARE - 1);
	/* Not if a handler let go of the queue. */
	if (list_head(&t->waiting) && mem_nrefs(t) > 1)
		alarm_set(t->alarm, t->next_ns);
	mem_deref(t);
}

int turns_alloc(struct turns **tp)
{
	struct turns *t = mem_zalloc(sizeof(*t), turns_destructor);
	int err;

	if (!t)
		return ENOMEM;
	err = alarm_alloc(&t->alarm, turns_alarm_h, t);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

void turns_wait(struct turns *t, struct turns_waiter *w)
{
	if (w->le.list)
		return;
	list_append(&t->waiting, &w->le, w);
	if (t->waiting.head == &w->le)
		alarm_set(t->alarm, t->next_ns);
}

void turns_leave(struct turns_waiter *w)
{
	list_unlink(&w->le);
}
