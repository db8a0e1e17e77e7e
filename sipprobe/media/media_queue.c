#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "sipprobe/media/media_private.h"

/* The first, out of its list, or NULL. Under the lock. */
static void *media_queue_take(struct list *l)
{
	struct le *le = list_head(l);

	list_unlink(le);
	return list_ledata(le);
}

void media_command_push(struct media *m, struct media_command *c)
{
	pthread_mutex_lock(&m->lock);
	list_append(&m->commands, &c->le, c);
	pthread_mutex_unlock(&m->lock);
	(void)eventfd_write(m->wake_fd, 1);
}

struct media_command *media_command_pop(struct media *m)
{
	struct media_command *c;

	pthread_mutex_lock(&m->lock);
	c = media_queue_take(&m->commands);
	pthread_mutex_unlock(&m->lock);
	return c;
}

void media_command_free(struct media_command *c)
{
	if (c->embedded)
		return;
	/* It may have held keys. */
	explicit_bzero(c, sizeof(*c));
	free(c);
}

void media_message_push(struct media *m, struct media_message *msg)
{
	pthread_mutex_lock(&m->lock);
	list_append(&m->messages, &msg->le, msg);
	pthread_mutex_unlock(&m->lock);
	(void)eventfd_write(m->bell_fd, 1);
}

struct media_message *media_message_pop(struct media *m)
{
	struct media_message *msg;

	pthread_mutex_lock(&m->lock);
	msg = media_queue_take(&m->messages);
	pthread_mutex_unlock(&m->lock);
	return msg;
}
