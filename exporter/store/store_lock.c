/* The store's lock: one writer, which readers let go first. */
#include <sched.h>

#include "exporter/store/store_rows.h"

void store_write_lock(struct store *s)
{
	if (!pthread_mutex_trylock(&s->lock))
		return;
	atomic_store(&s->writer_waits, true);
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->writer_waits, false);
}

void store_write_unlock(struct store *s)
{
	pthread_mutex_unlock(&s->lock);
}

void store_read_lock(struct store *s)
{
	while (atomic_load(&s->writer_waits))
		sched_yield();
	pthread_mutex_lock(&s->lock);
}

void store_read_unlock(struct store *s)
{
	pthread_mutex_unlock(&s->lock);
}
