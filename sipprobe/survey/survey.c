#include "sipprobe/survey/survey.h"

#include "base/clock.h"
#include "sipprobe/survey/size_check.h"
#include "sipprobe/survey/train.h"

enum {
	SURVEY_TRAIN_LEAST = 3, /* requests; fewer show nothing */
	SURVEY_TRAIN_TRIES = 6, /* to find room for all, then for some */
	SURVEY_TRAIN_AGAIN_MS = 400,
	SURVEY_LIMITED_TIMES = 12, /* as long as else until the next train, after one */
};

struct survey {
	struct wheel_timer timer; /* the next try to begin a train */
	const struct survey_host *host;
	struct size_check *size; /* owned; NULL: none is under way */
	struct size_memory memory;
	uint32_t probes; /* since the last check of sizes began */
	bool checked;	 /* there was one */
	uint8_t tries;
	uint8_t sent;	     /* requests of the last train, for the budget … */
	int64_t sent_ns;     /* … and when its last may have gone out */
	int64_t train_ns;    /* when the next one is due; 0: at once */
	struct train *train; /* owned; NULL: none is under way */
};

static void survey_destructor(void *arg)
{
	struct survey *s = arg;

	ticker_cancel(s->host->ticker, &s->timer);
	mem_deref(s->size);
	mem_deref(s->train);
}

int survey_alloc(struct survey **sp, const struct survey_host *host)
{
	struct survey *s = mem_zalloc(sizeof(*s), survey_destructor);

	if (!s)
		return ENOMEM;
	s->host = host;
	*sp = s;
	return 0;
}

/* For the budget; two kinds in a row count both. */
static void survey_sent(struct survey *s, size_t count)
{
	int64_t now_ns = clock_monotonic_ns();

	if (s->sent_ns > now_ns - SURVEY_BUDGET_MS * CLOCK_NS_PER_MS)
		count += s->sent;
	s->sent = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
	s->sent_ns = now_ns;
}

static bool survey_room_h(void *arg)
{
	struct survey_times times = {.count = 0};
	const struct survey *s = arg;

	s->host->times_h(&times, 0, s->host->arg);
	survey_times(s, &times);
	return survey_budget_room(&times) > 0;
}

static void survey_size_h(const struct size_answers *a, void *arg)
{
	struct survey_times times = {.count = 0};
	struct survey_size_report r;
	struct survey *s = arg;
	bool known = a != NULL;

	if (known)
		size_memory_add(&s->memory, a, &r);
	size_check_times(s->size, &times);
	survey_sent(s, times.count);
	s->size = mem_deref(s->size);
	if (known)
		s->host->size_h(&r, s->host->arg);
}

static const struct size_check_events size_events = {
	.room_h = survey_room_h,
	.done_h = survey_size_h,
};

static void survey_size_probed(struct survey *s, const struct config_size *set)
{
	s->probes += s->probes < UINT32_MAX;
	if (!set || s->size || s->train || (s->checked && s->probes < set->every))
		return;
	s->probes = 0;
	/* Without a socket there is no check this time. */
	s->checked = true;
	(void)size_check_alloc(&s->size, s->host, &size_events, s);
}

static void survey_train_end(struct survey *s, uint32_t sent)
{
	survey_sent(s, sent);
	s->train = mem_deref(s->train);
}

static void survey_train_h(const struct survey_train_report *r, void *arg)
{
	struct survey *s = arg;
	const struct config_train *set = s->host->settings_h(s->host->arg)->train;

	/* Whoever was cut off is left alone for a while. */
	if (r->limited && set)
		s->train_ns = clock_monotonic_ns() +
			      SURVEY_LIMITED_TIMES * set->every_us * CLOCK_NS_PER_US;
	survey_train_end(s, r->requests);
	s->host->train_h(r, s->host->arg);
}

/*
 * How many requests may go out, with what others send around that time. @last: checks of
 * sizes are left no room, as they wait for it themselves, and trains would for ever.
 */
static unsigned survey_room(const struct survey *s, const struct config_train *set,
			    bool last)
{
	int64_t ahead_ns = (int64_t)set->count * set->gap_us * CLOCK_NS_PER_US;
	struct survey_times times = {.checks = !last};

	if (s->size)
		return 0;
	s->host->times_h(&times, ahead_ns, s->host->arg);
	survey_times(s, &times);
	return survey_budget_room(&times);
}

static void survey_try_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct survey *s = wheel_owner(timer, struct survey, timer);
	const struct config_train *set = s->host->settings_h(s->host->arg)->train;
	bool last = ++s->tries > SURVEY_TRAIN_TRIES;
	unsigned room = set ? survey_room(s, set, last) : 0;

	if (!set || s->train)
		return;
	if (room >= set->count || (last && room >= SURVEY_TRAIN_LEAST)) {
		s->train_ns = now_ns + set->every_us * CLOCK_NS_PER_US;
		(void)train_alloc(&s->train, s->host,
				  room < set->count ? room : set->count, survey_train_h,
				  s);
	} else if (!last) {
		ticker_start(s->host->ticker, &s->timer,
			     now_ns + SURVEY_TRAIN_AGAIN_MS * CLOCK_NS_PER_MS,
			     survey_try_h);
	}
}

static void survey_train_probed(struct survey *s, const struct config_train *set)
{
	int64_t now_ns = clock_monotonic_ns();

	if (!set || !s->host->train_h || s->train || wheel_armed(&s->timer) ||
	    now_ns < s->train_ns)
		return;
	s->tries = 0;
	/* Past the probe's own two seconds. */
	ticker_start(s->host->ticker, &s->timer,
		     now_ns + (SURVEY_BUDGET_MS + 100) * CLOCK_NS_PER_MS, survey_try_h);
}

void survey_probed(struct survey *s, bool well)
{
	const struct config_settings *set = s->host->settings_h(s->host->arg);

	if (well) {
		survey_size_probed(s, set->size);
		survey_train_probed(s, set->train);
		return;
	}
	s->probes += s->probes < UINT32_MAX;
	ticker_cancel(s->host->ticker, &s->timer);
	if (s->train)
		survey_train_end(s, SURVEY_BUDGET);
}

bool survey_checks_with(const struct survey *s, unsigned nth)
{
	const struct config_size *set = s->host->settings_h(s->host->arg)->size;
	unsigned first;

	if (!set)
		return false;
	first = !s->checked || s->probes >= set->every ? 1 : set->every - s->probes;
	return nth >= first && (nth - first) % set->every == 0;
}

void survey_times(const struct survey *s, struct survey_times *out)
{
	int64_t since_ns = clock_monotonic_ns() - SURVEY_BUDGET_MS * CLOCK_NS_PER_MS;

	if (s->train)
		train_times(s->train, out);
	if (s->size)
		size_check_times(s->size, out);
	for (unsigned i = 0; s->sent_ns > since_ns && i < s->sent; i++)
		survey_times_add(out, s->sent_ns);
}
