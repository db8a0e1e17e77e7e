/* How a datagram is sent, and sent again: the kernel's answers are the test's own. */
#include "tests/unit/sipprobe/transport/udp_end.h"

enum { TRIES_MAX = 16 };

/* What the next tries end with, 0 past the last; and how they were made. */
static int errs[TRIES_MAX];
static unsigned tries;
static int flagged;
static int how[TRIES_MAX]; /* IP_MTU_DISCOVER */

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t tolen);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *h, int flags);

static int discovery(int fd)
{
	int value = -1;
	socklen_t len = sizeof(value);

	(void)getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, &len);
	return value;
}

static ssize_t try(int fd, size_t len, int flags)
{
	flagged |= flags;
	if (tries == TRIES_MAX)
		return (ssize_t)len;
	how[tries] = discovery(fd);
	/* What succeeds leaves an error of before as it was. */
	errno = errs[tries] ? errs[tries] : EIO;
	return errs[tries++] ? -1 : (ssize_t)len;
}

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags,
		      const struct sockaddr *to, socklen_t tolen)
{
	(void)buf, (void)to, (void)tolen;
	return try(fd, len, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *h, int flags)
{
	return try(fd, h->msg_iov[0].iov_len, flags);
}

#define WHOLE IP_PMTUDISC_DO
#define PARTS IP_PMTUDISC_WANT

static const struct {
	const char *name;
	size_t len;
	int errs[6];
	int err;
	unsigned tries;
	int how[6];
} cases[] = {
	{"at once", 5, {0}, 0, 1, {WHOLE}},
	{"nothing, too", 0, {0}, 0, 1, {WHOLE}},
	{"whole up to 1,200 bytes", 1200, {0}, 0, 1, {WHOLE}},
	{"as the path takes it above", 1201, {0}, 0, 1, {PARTS}},
	{"and below, where the path takes less",
	 700,
	 {EMSGSIZE, EMSGSIZE, EMSGSIZE, EMSGSIZE},
	 0,
	 5,
	 {WHOLE, WHOLE, WHOLE, WHOLE, PARTS}},
	{"not at all",
	 1201,
	 {EMSGSIZE, EMSGSIZE, EMSGSIZE, EMSGSIZE},
	 EMSGSIZE,
	 4,
	 {PARTS, PARTS, PARTS, PARTS}},
	{"another's error", 5, {ECONNREFUSED}, 0, 2, {WHOLE, WHOLE}},
	{"three of them",
	 5,
	 {EHOSTUNREACH, EPROTO, EOPNOTSUPP},
	 0,
	 4,
	 {WHOLE, WHOLE, WHOLE, WHOLE}},
	{"again and again: its own",
	 5,
	 {EACCES, EACCES, EACCES, EACCES},
	 EACCES,
	 4,
	 {WHOLE, WHOLE, WHOLE, WHOLE}},
	{"one that is nobody else's", 5, {ENOBUFS}, ENOBUFS, 1, {WHOLE}},
	{"behind another's", 5, {ENETUNREACH, EPERM}, EPERM, 2, {WHOLE, WHOLE}},
};

static void check(size_t i, const struct udp *to, struct udp *u, unsigned dscp)
{
	static const char text[1500];

	memcpy(errs, cases[i].errs, sizeof(cases[i].errs));
	tries = 0;
	is_int(udp_transmit(u, udp_local(to), text, cases[i].len, dscp), cases[i].err,
	       cases[i].name);
	is_int(tries, cases[i].tries, "so often");
	ok(!memcmp(how, cases[i].how, tries * sizeof(how[0])), "in that way");
	is_int(discovery(u->fd), WHOLE, "and the next one whole");
}

int main(void)
{
	struct end a, b;

	if (libre_init() || fd_setsize(1024) || !end_open(&a, "127.0.0.1") ||
	    !end_open(&b, "127.0.0.1"))
		return 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(i, b.udp, a.udp, 0);
		check(i, b.udp, a.udp, 46);
	}
	is_int(flagged, 0, "plainly");
	mem_deref(a.udp);
	mem_deref(b.udp);
	libre_close();
	return tap_done();
}
