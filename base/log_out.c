#include "base/log_out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* The longest rest there may be: that of one line. */
#define REST_BYTES 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int terminal = -1; /* without waiting */
static bool lent;	  /* `terminal` is standard error itself */
static char rest[REST_BYTES];
static size_t rest_len;

/* A file description of our own: that of standard error is the shell's as well. */
void log_out_open(void)
{
	pthread_mutex_lock(&lock);
	if (terminal >= 0 && !lent)
		close(terminal);
	terminal = -1;
	rest_len = 0;
	if (isatty(STDERR_FILENO)) {
		terminal = open("/proc/self/fd/2",
				O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		lent = terminal < 0;
		if (lent)
			terminal = STDERR_FILENO;
	}
	pthread_mutex_unlock(&lock);
}

/* A terminal of another user's is not opened again; it must not wait for this write
 * alone. */
static ssize_t log_out_write_lent(const char *bytes, size_t len)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL), err;
	ssize_t n;

	if (flags < 0 || fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK))
		return -1;
	n = write(STDERR_FILENO, bytes, len);
	err = errno;
	(void)fcntl(STDERR_FILENO, F_SETFL, flags);
	errno = err;
	return n;
}

/* Returns how much of it was written; all, where it can never be. */
static size_t log_out_write(const char *bytes, size_t len)
{
	ssize_t n = lent ? log_out_write_lent(bytes, len) : write(terminal, bytes, len);

	if (n >= 0)
		return (size_t)n;
	return errno == EAGAIN || errno == EINTR ? 0 : len;
}

static bool log_out_terminal(const char *line, size_t len)
{
	size_t n;

	if (rest_len) {
		n = log_out_write(rest, rest_len);
		rest_len -= n;
		memmove(rest, rest + n, rest_len);
		if (rest_len)
			return false;
	}
	n = log_out_write(line, len);
	if (!n)
		return false;
	rest_len = len - n < REST_BYTES ? len - n : REST_BYTES;
	memcpy(rest, line + n, rest_len);
	return true;
}

/*
 * Where poll() finds room, a pipe takes a line whole (PIPE_BUF), and so does a socket,
 * which says so with half of its buffer free; a file always does.
 */
static bool log_out_other(const char *line, size_t len)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&p, 1, 0) == 0)
		return false;
	(void)!write(STDERR_FILENO, line, len);
	return true;
}

bool log_out_line(const char *line, size_t len)
{
	bool done;

	pthread_mutex_lock(&lock);
	done = terminal >= 0 ? log_out_terminal(line, len) : log_out_other(line, len);
	pthread_mutex_unlock(&lock);
	return done;
}
