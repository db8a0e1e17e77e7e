/* What a service manager passes to the program, and what it hears. */
#include "exporter/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/http/http_systemd.h"
#include "sipprobe/loop.h"
#include "tests/unit/tap.h"

enum { FIRST = 3 }; /* the descriptor that sd_listen_fds(3) begins with */

static void env_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	setenv(name, text, 1);
}

/* Puts sockets where a service manager would; each listens if @listens. */
static void pass_sockets(int count, bool listens)
{
	for (int i = 0; i < count; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (bind(fd, (const struct sockaddr *)&in, sizeof(in)) ||
		    (listens && listen(fd, 5)))
			exit(1);
		if (fd != FIRST + i) {
			if (dup2(fd, FIRST + i) < 0)
				exit(1);
			close(fd);
		}
	}
	env_number("LISTEN_PID", getpid());
	env_number("LISTEN_FDS", count);
}

static void test_sockets(void)
{
	size_t count = 77;
	int fds[2];

	unsetenv("LISTEN_FDS");
	is_int(http_systemd_sockets(fds, &count, 2), ENOENT, "none are passed");
	pass_sockets(2, true);
	is_int(http_systemd_sockets(fds, &count, 2), 0, "two are");
	is_int((long long)count, 2, "and taken");
	ok(fds[0] == FIRST && fds[1] == FIRST + 1, "in their order");
	ok(fcntl(fds[1], F_GETFL) & O_NONBLOCK, "and do not block");
	ok(!getenv("LISTEN_FDS"), "nobody takes them again");
	close(fds[0]);
	close(fds[1]);
	count = 77;
	pass_sockets(2, true);
	is_int(http_systemd_sockets(fds, &count, 1), E2BIG,
	       "more than there is room for");
	ok(fcntl(FIRST, F_GETFL) < 0 && fcntl(FIRST + 1, F_GETFL) < 0, "are closed");
	pass_sockets(1, false);
	is_int(http_systemd_sockets(fds, &count, 1), EINVAL, "one that does not listen");
	ok(fcntl(FIRST, F_GETFL) < 0, "is closed");
	is_int((long long)count, 77, "and nothing is given back");
}

static int bus;

static void bus_open(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char name[64];
	int len = snprintf(name, sizeof(name), "@siptrunk-test-%d", getpid());

	memcpy(un.sun_path + 1, name + 1, (size_t)len - 1);
	bus = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(bus, (const struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)))
		exit(1);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* What was told last; "" when nothing was. */
static const char *heard(int flags)
{
	static char text[256];
	ssize_t n = recv(bus, text, sizeof(text) - 1, flags);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_words(void)
{
	unsetenv("NOTIFY_SOCKET");
	systemd_ready();
	ok(true, "without a manager nothing is told");
	bus_open();
	systemd_ready();
	is_str(heard(MSG_DONTWAIT), "READY=1", "it is up");
	systemd_reloading();
	ok(!strncmp(heard(MSG_DONTWAIT), "RELOADING=1\nMONOTONIC_USEC=", 27),
	   "it reloads, since when");
	systemd_stopping();
	is_str(heard(MSG_DONTWAIT), "STOPPING=1", "it ends");
	is_str(heard(MSG_DONTWAIT), "", "each once");
}

static void stop_h(void *data, void *arg)
{
	(void)data;
	(void)arg;
	loop_stop();
}

static void *manager(void *arg)
{
	int *count = arg;

	while (*count < 3)
		*count += !strcmp(heard(0), "WATCHDOG=1");
	loop_post(stop_h, NULL, NULL);
	return NULL;
}

static void test_watchdog(void)
{
	pthread_t thread;
	int count = 0;

	if (loop_init(NULL, NULL))
		exit(1);
	unsetenv("WATCHDOG_USEC");
	is_int(systemd_watchdog(), 0, "nobody watches");
	env_number("WATCHDOG_PID", getpid());
	env_number("WATCHDOG_USEC", 60000);
	is_int(systemd_watchdog(), 0, "somebody does");
	pthread_create(&thread, NULL, manager, &count);
	is_int(loop_run(), 0, "the loop lives");
	pthread_join(thread, NULL);
	is_int(count, 3, "and says so again and again");
	loop_close();
}

int main(void)
{
	test_sockets();
	test_words();
	test_watchdog();
	return tap_done();
}
