#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sipprobe/loop.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/openssl_memory.h"

#define DEBUG_MODULE "loop"
#define DEBUG_LEVEL  5
#include <re_dbg.h>

/*
 * libre keeps a table of this many descriptors, about 36 bytes each, and refuses any
 * numbered higher: enough for every connection of 100,000 trunks that fall silent.
 */
enum { LOOP_DESCRIPTORS_MAX = 65536 };

/* How far an idle loop's last turn lies back at most. */
#define LOOP_TURN_NS CLOCK_NS_PER_S

struct post {
	struct post *next;
	loop_post_h *h;
	void *data;
	void *arg;
};

static struct loop {
	struct mqueue *bell; /* rings once for each post */
	pthread_mutex_t lock;
	struct post *first; /* not yet run, in order; guarded by `lock` */
	struct post **last;
	loop_signal_h *sigh;
	void *arg;
	int signal_fd;
	loop_every_h *everyh;
	void *every_arg;
	int every_fd;
	int turn_fd;
	unsigned descriptors;
	_Atomic int64_t turn_ns;
} loop = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.last = &loop.first,
	.signal_fd = -1,
	.every_fd = -1,
	.turn_fd = -1,
};

static struct post *take_post(void)
{
	struct post *p;

	pthread_mutex_lock(&loop.lock);
	p = loop.first;
	if (p)
		loop.first = p->next;
	if (!loop.first)
		loop.last = &loop.first;
	pthread_mutex_unlock(&loop.lock);
	return p;
}

static void loop_bell_h(int id, void *data, void *arg)
{
	struct post *p = take_post();

	(void)id;
	(void)data;
	(void)arg;
	if (p)
		p->h(p->data, p->arg);
	free(p);
}

static void signal_ready_h(int flags, void *arg)
{
	struct signalfd_siginfo info;

	(void)flags;
	(void)arg;
	while (read(loop.signal_fd, &info, sizeof(info)) == sizeof(info))
		if (loop.sigh)
			loop.sigh((int)info.ssi_signo, loop.arg);
}

/* Signals come through a descriptor: no handler races with epoll_wait(). */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	/* Before any other thread starts, so that they inherit the mask. */
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return errno;
	(void)signal(SIGPIPE, SIG_IGN);
	loop.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop.signal_fd < 0)
		return errno;
	return fd_listen(loop.signal_fd, FD_READ, signal_ready_h, NULL);
}

static int loop_raise_descriptors(void)
{
	struct rlimit lim = {0};
	rlim_t want = LOOP_DESCRIPTORS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return errno;
	if (lim.rlim_max < want)
		want = lim.rlim_max;
	if (lim.rlim_cur < want) {
		lim.rlim_cur = want;
		if (setrlimit(RLIMIT_NOFILE, &lim))
			want = lim.rlim_cur;
	}
	loop.descriptors = (unsigned)want;
	return fd_setsize((int)want);
}

unsigned loop_descriptors(void)
{
	return loop.descriptors;
}

/* Each turn of the loop sees it once it is due, so that this is the turn's time. */
static void turn_ready_h(int flags, void *arg)
{
	uint64_t expirations;

	(void)flags;
	(void)arg;
	(void)!read(loop.turn_fd, &expirations, sizeof(expirations));
	atomic_store(&loop.turn_ns, clock_monotonic_ns());
}

static int timer_listen(int *fdp, int64_t interval_ns, fd_h *h)
{
	const struct timespec ts = {.tv_sec = interval_ns / CLOCK_NS_PER_S,
				    .tv_nsec = interval_ns % CLOCK_NS_PER_S};
	const struct itimerspec its = {.it_interval = ts, .it_value = ts};

	*fdp = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (*fdp < 0 || timerfd_settime(*fdp, 0, &its, NULL))
		return errno;
	return fd_listen(*fdp, FD_READ, h, NULL);
}

int64_t loop_last_turn_ns(void)
{
	return atomic_load(&loop.turn_ns);
}

/* What libre has to say is for those who look into it: what failed is told by us. */
static void loop_libre_says_h(int level, const char *p, size_t len, void *arg)
{
	char text[256];

	(void)level;
	(void)arg;
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	(void)re_snprintf(text, sizeof(text), "%b", p, len);
	text[strcspn(text, "\n")] = '\0';
	log_event(LOG_LEVEL_DEBUG, "libre", LOG_S("detail", text));
}

/*
 * libre does it too, but does not look: without memory all that follows would crash, or
 * no handshake would ever succeed though OpenSSL says that it is well.
 */
static int loop_init_openssl(void)
{
	openssl_memory_watch();
	return OPENSSL_init_ssl(0, NULL) == 1 && OSSL_LIB_CTX_get0_global_default() &&
			       RAND_status() == 1 && !openssl_memory_failures()
		       ? 0
		       : ENOMEM;
}

int loop_init(loop_signal_h *sigh, void *arg)
{
	int err;

	dbg_init(DBG_WARNING, DBG_NONE);
	dbg_handler_set(loop_libre_says_h, NULL);
	err = loop_init_openssl();
	if (!err)
		err = libre_init();

	if (err)
		return err;
	loop.sigh = sigh;
	loop.arg = arg;
	err = loop_raise_descriptors();
	if (!err)
		err = catch_signals();
	if (!err)
		err = mqueue_alloc(&loop.bell, loop_bell_h, NULL);
	if (!err)
		err = timer_listen(&loop.turn_fd, LOOP_TURN_NS, turn_ready_h);
	atomic_store(&loop.turn_ns, clock_monotonic_ns());
	if (err)
		loop_close();
	return err;
}

int loop_run(void)
{
	return re_main(NULL);
}

void loop_stop(void)
{
	re_cancel();
}

int loop_post(loop_post_h *h, void *data, void *arg)
{
	struct post *p = malloc(sizeof(*p));
	int err;

	if (!p)
		return ENOMEM;
	*p = (struct post){.h = h, .data = data, .arg = arg};
	/* Under the lock, so that a bell that cannot ring leaves no post behind. */
	pthread_mutex_lock(&loop.lock);
	err = mqueue_push(loop.bell, 0, NULL);
	if (!err) {
		*loop.last = p;
		loop.last = &p->next;
	}
	pthread_mutex_unlock(&loop.lock);
	if (err)
		free(p);
	return err;
}

static void every_ready_h(int flags, void *arg)
{
	uint64_t expirations;

	(void)flags;
	(void)arg;
	if (read(loop.every_fd, &expirations, sizeof(expirations)) > 0)
		loop.everyh(loop.every_arg);
}

int loop_every(int64_t interval_ns, loop_every_h *h, void *arg)
{
	loop.everyh = h;
	loop.every_arg = arg;
	return timer_listen(&loop.every_fd, interval_ns, every_ready_h);
}

static void descriptor_close(int *fdp)
{
	if (*fdp < 0)
		return;
	fd_close(*fdp);
	(void)close(*fdp);
	*fdp = -1;
}

void loop_close(void)
{
	struct post *p;

	loop.bell = mem_deref(loop.bell);
	while ((p = take_post()))
		free(p);
	descriptor_close(&loop.signal_fd);
	descriptor_close(&loop.every_fd);
	descriptor_close(&loop.turn_fd);
	libre_close();
}

const char *loop_libre_version(void)
{
	return sys_libre_version_get();
}
