#include "sipprobe/call/call_forks.h"

#include "sipprobe/message/dialog.h"

enum { FORKS_MAX = 8 };

struct call_fork {
	struct le le;
	char *tag, *sdp;
};

static void fork_destructor(void *arg)
{
	struct call_fork *fork = arg;

	list_unlink(&fork->le);
	mem_deref(fork->tag);
	mem_deref(fork->sdp);
}

static struct call_fork *fork_of(const struct call_forks *f, const struct pl *tag)
{
	for (struct le *le = f->list.head; le; le = le->next) {
		struct call_fork *fork = le->data;

		if (!pl_strcasecmp(tag, fork->tag))
			return fork;
	}
	return NULL;
}

static struct call_fork *fork_add(struct call_forks *f, const struct pl *tag)
{
	struct call_fork *fork;

	if (list_count(&f->list) >= FORKS_MAX)
		return NULL;
	fork = mem_zalloc(sizeof(*fork), fork_destructor);
	if (!fork || pl_strdup(&fork->tag, tag))
		return mem_deref(fork);
	list_append(&f->list, &fork->le, fork);
	return fork;
}

/* Without memory for it a fork is as one that said nothing. */
static void forks_keep(struct call_forks *f, const struct pl *tag, const struct pl *sdp)
{
	struct call_fork *fork = fork_of(f, tag);

	if (!fork)
		fork = fork_add(f, tag);
	f->heard = fork;
	if (!fork)
		return;
	fork->sdp = mem_deref(fork->sdp);
	(void)pl_strdup(&fork->sdp, sdp);
}

struct pl call_forks_sdp(struct call_forks *f, const struct guard_message *m)
{
	struct pl sdp = dialog_sdp(m);
	const struct call_fork *fork;

	if (!m->to_tag.p)
		return sdp;
	if (sdp.l) {
		forks_keep(f, &m->to_tag, &sdp);
		return sdp;
	}
	fork = m->code < 200 ? NULL : fork_of(f, &m->to_tag);
	if (!fork || fork == f->heard || !fork->sdp)
		return sdp;
	f->heard = fork;
	pl_set_str(&sdp, fork->sdp);
	return sdp;
}

void call_forks_clear(struct call_forks *f)
{
	f->heard = NULL;
	list_flush(&f->list);
}
