#include "exporter/store/store_copy.h"

#include <errno.h>
#include <time.h>

/* A reload adds and removes trunks one by one; wait until it is through. */
#define BUSY_PAUSE_NS 5000000
#define BUSY_PAUSES   100

/* With the lock: the next rows, as many as fit. */
static struct store_trunk *copy_rows(struct store_trunk *next,
				     const struct store_copy_steps *steps, void *arg)
{
	for (int i = 0; next && i < STORE_COPY_ROWS; i++) {
		if (!steps->row_h(next, arg))
			break;
		next = TAILQ_NEXT(next, entry);
	}
	return next;
}

/* Returns 0; ENOMEM; EAGAIN when the set of trunks changes. */
static int copy_all(struct store *s, const struct store_copy_steps *steps, void *arg)
{
	struct store_trunk *next;
	uint64_t generation;
	int err;

	steps->clear_h(arg);
	store_read_lock(s);
	store_follow_wall(s);
	err = s->changing ? EAGAIN : 0;
	generation = s->generation;
	next = TAILQ_FIRST(&s->trunks);
	steps->begin_h(s, next, arg);
	store_read_unlock(s);
	while (next && !err) {
		err = steps->room_h(arg);
		if (err)
			break;
		store_read_lock(s);
		if (generation == s->generation)
			next = copy_rows(next, steps, arg);
		else
			err = EAGAIN;
		store_read_unlock(s);
	}
	return err;
}

bool store_copy_pause(int *tries)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_NS};

	if (++*tries >= BUSY_PAUSES)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

int store_copy(struct store *s, const struct store_copy_steps *steps, void *arg)
{
	int tries = 0;
	int err;

	while ((err = copy_all(s, steps, arg)) == EAGAIN && store_copy_pause(&tries))
		;
	return err == EAGAIN ? EBUSY : err;
}
