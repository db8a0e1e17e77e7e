#include "tests/simulation/kernel/world.h"

#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/kernel/wrapped.h"

enum {
	CALL_NS = 2000, /* a system call */
	STALLS = 64,	/* remembered */
};

struct event {
	int64_t at_ns;
	uint64_t number; /* of those of one time the first made is the first */
	world_h *h;
	void *arg;
};

/* A turn that is waited for: a descriptor, or a call where there is a handler. */
struct turn {
	int fd;
	int flags; /* as they were when the loop woke */
	world_h *h;
	void *arg;
};

struct turns {
	struct turn *list;
	size_t count, size;
};

static struct {
	int64_t now_ns, offset_ns, stepped_ns, stepped_by_ns, stalled_until_ns;
	struct {
		int64_t from_ns, to_ns;
	} stalls[STALLS];
	unsigned stall_count;
	struct event *heap;
	size_t count, size;
	uint64_t made, digest, random;
	struct turns waiting, batch;
	unsigned inside, left;
	bool beside; /* the other thread runs */
} world;

void world_begin(uint64_t seed)
{
	world.now_ns = WORLD_BEGIN_NS;
	world.offset_ns = 1800000000LL * WORLD_S;
	world.random = chance_stream(seed, 0);
}

int64_t world_now_ns(void)
{
	return world.now_ns;
}

int64_t world_wall_ns(void)
{
	return world.now_ns + world.offset_ns;
}

void world_step(int64_t by_ns)
{
	world.offset_ns += by_ns;
	world.stepped_ns = world.now_ns;
	world.stepped_by_ns = by_ns;
}

int64_t world_stepped_by_ns(void)
{
	return world.stepped_by_ns;
}

int64_t world_stepped_ns(void)
{
	return world.stepped_ns;
}

void world_stall(int64_t for_ns)
{
	unsigned i = world.stall_count++ % STALLS;
	int64_t to_ns = world.now_ns + for_ns;

	world.stalls[i].from_ns = world.now_ns;
	world.stalls[i].to_ns = to_ns;
	if (to_ns > world.stalled_until_ns)
		world.stalled_until_ns = to_ns;
}

int64_t world_stalled_ns(int64_t since_ns)
{
	int64_t sum_ns = 0;

	for (unsigned i = 0; i < STALLS && i < world.stall_count; i++) {
		int64_t from_ns = world.stalls[i].from_ns, to_ns = world.stalls[i].to_ns;

		if (to_ns > since_ns)
			sum_ns += to_ns - (from_ns > since_ns ? from_ns : since_ns);
	}
	return sum_ns;
}

int64_t world_stalled_until_ns(void)
{
	return world.stalled_until_ns;
}

bool world_woke_between(int64_t from_ns, int64_t to_ns)
{
	for (unsigned i = 0; i < STALLS && i < world.stall_count; i++)
		if (world.stalls[i].to_ns >= from_ns && world.stalls[i].to_ns <= to_ns)
			return true;
	return false;
}

/* --- a heap of what is to happen --- */

static bool world_before(const struct event *a, const struct event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

void world_at(int64_t at_ns, world_h *h, void *arg)
{
	struct event e = {at_ns > world.now_ns ? at_ns : world.now_ns, world.made++, h,
			  arg};
	size_t i = world.count++;

	if (world.count > world.size) {
		world.size = world.size ? 2 * world.size : 1024;
		world.heap = memory_more(world.heap, world.size * sizeof(*world.heap));
	}
	for (; i && world_before(&e, &world.heap[(i - 1) / 2]); i = (i - 1) / 2)
		world.heap[i] = world.heap[(i - 1) / 2];
	world.heap[i] = e;
}

void world_in(int64_t in_ns, world_h *h, void *arg)
{
	world_at(world.now_ns + in_ns, h, arg);
}

static struct event world_pop(void)
{
	struct event first = world.heap[0], last = world.heap[--world.count];
	size_t i = 0, child = 1;

	for (; child < world.count; child = 2 * i + 1) {
		if (child + 1 < world.count &&
		    world_before(&world.heap[child + 1], &world.heap[child]))
			child++;
		if (!world_before(&world.heap[child], &last))
			break;
		world.heap[i] = world.heap[child];
		i = child;
	}
	world.heap[i] = last;
	return first;
}

/* What has happened by now is there before the process looks. */
static void world_catch_up(void)
{
	while (world.count && world.heap[0].at_ns <= world.now_ns) {
		struct event e = world_pop();

		e.h(e.arg);
	}
}

/* --- the process' loop --- */

static void turns_add(struct turns *t, struct turn turn)
{
	if (t->count == t->size) {
		t->size = t->size ? 2 * t->size : 64;
		t->list = memory_more(t->list, t->size * sizeof(*t->list));
	}
	t->list[t->count++] = turn;
}

void world_ready(int fd)
{
	turns_add(&world.waiting, (struct turn){.fd = fd});
}

void world_post(world_h *h, void *arg)
{
	turns_add(&world.waiting, (struct turn){.fd = -1, .h = h, .arg = arg});
}

static void world_stand_still(void)
{
	while (world.now_ns < world.stalled_until_ns) {
		int64_t at_ns = world.count ? world.heap[0].at_ns : INT64_MAX;

		world.now_ns =
			at_ns < world.stalled_until_ns ? at_ns : world.stalled_until_ns;
		world_catch_up();
	}
}

static void world_give_turn(const struct turn *t)
{
	world.inside++;
	if (t->h)
		t->h(t->arg);
	else if (t->flags)
		fds_turn(t->fd, t->flags);
	world.inside--;
	world_call();
	world_catch_up();
	world_stand_still();
}

/*
 * One epoll_wait(): who is ready now, with what. Who gets ready meanwhile waits for the
 * next, and a number that was closed and opened in between is another's by then.
 */
static void world_turn(void)
{
	struct turns batch = world.waiting;

	world.waiting = world.batch;
	world.waiting.count = 0;
	world_call();
	for (size_t i = 0; i < batch.count; i++)
		if (!batch.list[i].h)
			batch.list[i].flags = fds_take(batch.list[i].fd);
	for (size_t i = 0; i < batch.count; i++)
		world_give_turn(&batch.list[i]);
	for (size_t i = 0; i < batch.count; i++)
		if (!batch.list[i].h)
			fds_touch(batch.list[i].fd);
	world.batch = batch;
}

void world_run(int64_t until_ns)
{
	while (world.now_ns < until_ns) {
		int64_t at_ns = until_ns;

		world_catch_up();
		world_stand_still();
		if (world.waiting.count) {
			world_turn();
			continue;
		}
		if (world.count && world.heap[0].at_ns < at_ns)
			at_ns = world.heap[0].at_ns;
		world.now_ns = at_ns;
	}
}

void world_call(void)
{
	if (!world.beside)
		world.now_ns += CALL_NS;
}

void world_beside(world_h *h, void *arg)
{
	bool before = world.beside;

	world.beside = true;
	world.inside++;
	h(arg);
	world.inside--;
	world.beside = before;
}

bool world_is_inside(void)
{
	return world.inside > 0 && !world.left;
}

void world_leave(void)
{
	world.left++;
}

void world_return(void)
{
	world.left--;
}

void world_note(uint64_t x)
{
	world.digest = (world.digest ^ x) * 0x100000001b3UL;
	world.digest ^= world.digest >> 31;
}

uint64_t world_digest(void)
{
	return world.digest;
}

/* --- clocks and randomness, as the product asks for them --- */

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
	int64_t ns = wall ? world_wall_ns() : world_now_ns();

	/* Here no time goes by while a thread works. */
	if (id == CLOCK_THREAD_CPUTIME_ID)
		ns = 0;
	else if (!wall && id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
		 id != CLOCK_BOOTTIME)
		return __real_clock_gettime(id, ts);
	*ts = (struct timespec){.tv_sec = ns / WORLD_S, .tv_nsec = ns % WORLD_S};
	return 0;
}

time_t __wrap_time(time_t *t)
{
	time_t now = (time_t)(world_wall_ns() / WORLD_S);

	if (t)
		*t = now;
	return now;
}

int __wrap_RAND_bytes(unsigned char *buf, int n)
{
	for (int i = 0; i < n; i++)
		buf[i] = (unsigned char)(chance_next(&world.random) >> 32);
	return 1;
}

int __wrap_RAND_priv_bytes(unsigned char *buf, int n)
{
	return __wrap_RAND_bytes(buf, n);
}

void __wrap_rand_bytes(uint8_t *buf, size_t n)
{
	(void)__wrap_RAND_bytes(buf, (int)n);
}
