/* Listening sockets. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/unit/descriptors.h"
#include "tests/unit/sipprobe/transport/house.h"

static void check_serving(const char *host)
{
	struct house h;
	int fd;

	if (open_house(&h, host, NULL)) {
		ok(true, "%s # SKIP no such address here", host);
		return;
	}
	ok(sa_port(listener_local(h.l)) != 0, "%s: the free port is known", host);
	fd = dial(&h);
	send(fd, REQUEST REQUEST, 2 * (sizeof(REQUEST) - 1), MSG_NOSIGNAL);
	reach(&h.messages, 2);
	is_int(h.asked, 1, "asked once");
	is_int((long long)inbound_count(h.in), 1, "one connection");
	is_int(h.messages, 2, "two requests");
	send(fd, "rubbish\r\n\r\n", 11, MSG_NOSIGNAL);
	reach(&h.closes, 1);
	is_int(h.closes, 1, "told of the end");
	is_int(h.why, PROBE_PROTOCOL, "and why");
	is_int((long long)inbound_count(h.in), 0, "none left");
	close(fd);
	close_house(&h);
}

/* Neither a listener nor what it takes is another program's. */
static void check_inherited(void)
{
	int before = descriptors_inherited();
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	fd = dial(&h);
	reach(&h.asked, 1);
	is_int((long long)inbound_count(h.in), 1, "a connection");
	is_int(descriptors_inherited(), before, "nothing is inherited");
	close(fd);
	close_house(&h);
}

/* Connections of before hold nobody up: their ends wait for a minute. */
static void check_again(void)
{
	struct house h, again;
	struct sa sa;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	sa = *listener_local(h.l);
	fd = dial(&h);
	reach(&h.asked, 1);
	close_house(&h);
	is_str(state_of(fd), "closed", "closed by us");
	close(fd);
	open_house(&again, "127.0.0.1", NULL);
	mem_deref(again.l);
	again.l = NULL;
	is_int(listener_alloc(&again.l, &sa, NULL, again.in), 0, "listening there again");
	close_house(&again);
}

static void check_stranger(void)
{
	struct house h;
	int fd;

	open_house(&h, "127.0.0.1", NULL);
	h.closed_to_all = true;
	fd = dial(&h);
	reach(&h.asked, 1);
	is_str(state_of(fd), "reset", "a stranger gets no byte");
	is_int((long long)inbound_count(h.in), 0, "and no place");
	is_int(h.closes, 0, "nobody is told");
	close(fd);
	close_house(&h);
}

static void check_bounds(void)
{
	int fds[INBOUND_PER_ADDRESS_MAX + 2];
	struct house h;
	size_t n = sizeof(fds) / sizeof(fds[0]), held = 0;
	int other;

	open_house(&h, "127.0.0.1", NULL);
	for (size_t i = 0; i < n; i++)
		fds[i] = dial(&h);
	other = dial_from(&h, "127.0.0.2");
	reach(&h.asked, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++)
		held += !strcmp(state_of(fds[i]), "open");
	is_int((long long)held, INBOUND_PER_ADDRESS_MAX, "one address's places");
	is_str(state_of(other), "open", "another address has its own");
	is_int((long long)inbound_count(h.in), INBOUND_PER_ADDRESS_MAX + 1,
	       "all counted");
	close(fds[0]);
	reach(&h.closes, 1);
	fds[0] = dial(&h);
	reach(&h.asked, (unsigned)n + 2);
	is_str(state_of(fds[0]), "open", "a place that is free again");
	close_house(&h);
	for (size_t i = 0; i < n; i++) {
		is_str(state_of(fds[i]), "closed", "closed with the house");
		close(fds[i]);
	}
	close(other);
}

static void check_total(void)
{
	static int fds[INBOUND_MAX + 20];
	size_t n = sizeof(fds) / sizeof(fds[0]), held = 0;
	struct house h;
	char from[32];

	open_house(&h, "127.0.0.1", NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(from, sizeof(from), "127.0.1.%zu", i / 10 + 1);
		fds[i] = dial_from(&h, from);
		if (i % 64 == 0)
			turn(1);
	}
	reach(&h.asked, (unsigned)n);
	for (size_t i = 0; i < n; i++) {
		held += !strcmp(state_of(fds[i]), "open");
		close(fds[i]);
	}
	is_int((long long)held, INBOUND_MAX, "all places together");
	close_house(&h);
}

static void check_no_ipv4_on_ipv6(void)
{
	struct house h;
	struct sa sa;
	int fd;

	if (open_house(&h, "::", NULL)) {
		ok(true, "IPv6 only # SKIP no IPv6 here");
		return;
	}
	sa_set_str(&sa, "127.0.0.1", sa_port(listener_local(h.l)));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ok(connect(fd, &sa.u.sa, sa.len) && errno == ECONNREFUSED, "`::` is IPv6 only");
	close(fd);
	close_house(&h);
}

static void check_busy(void)
{
	struct house h;
	struct listener *second = NULL;

	open_house(&h, "127.0.0.1", NULL);
	is_int(listener_alloc(&second, listener_local(h.l), NULL, h.in), EADDRINUSE,
	       "a busy port");
	ok(!second, "out-pointer untouched");
	close_house(&h);
}

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Fills the descriptor table up; returns how many were taken. */
static size_t exhaust(int *fds, size_t max)
{
	size_t n = 0;

	while (n < max && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	return n;
}

static void check_shortage(void)
{
	static int hold[4096];
	struct rlimit old, low;
	struct house h;
	int fds[8], later;
	size_t held;
	double cpu;

	open_house(&h, "127.0.0.1", NULL);
	for (int i = 0; i < 8; i++)
		fds[i] = dial(&h);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 256;
	setrlimit(RLIMIT_NOFILE, &low);
	held = exhaust(hold, 4096);
	cpu = cpu_s();
	turn(50);
	ok(cpu_s() - cpu < 0.03,
	   "no busy loop without descriptors: %.3f s of CPU in 50 ms", cpu_s() - cpu);
	is_int((long long)inbound_count(h.in), 0, "none was taken");
	for (int i = 0; i < 8; i++)
		is_str(state_of(fds[i]), "reset", "what waited was refused");
	while (held)
		close(hold[--held]);
	setrlimit(RLIMIT_NOFILE, &old);
	listener_run(h.l);
	later = dial(&h);
	reach(&h.asked, 1);
	is_str(state_of(later), "open", "and it serves again");
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(later);
	close_house(&h);
}

/* Who takes the last descriptor leaves none for the look behind him, where nobody is. */
static void check_last(void)
{
	static int hold[4096];
	struct rlimit old, low;
	struct house h;
	int last, next;
	size_t held;

	open_house(&h, "127.0.0.1", NULL);
	last = dial(&h);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 256;
	setrlimit(RLIMIT_NOFILE, &low);
	held = exhaust(hold, 4096);
	close(hold[--held]);
	reach(&h.asked, 1);
	is_int((long long)inbound_count(h.in), 1, "the last one is taken");
	while (held)
		close(hold[--held]);
	setrlimit(RLIMIT_NOFILE, &old);
	next = dial(&h);
	reach(&h.asked, 2);
	is_int((long long)inbound_count(h.in), 2, "and the next one at once");
	close(last);
	close(next);
	close_house(&h);
}

/* Even the spare descriptor is lost: the limit fell under what is open. */
static void check_pause(void)
{
	struct rlimit old, low;
	struct house h;
	int waiting;
	double cpu;

	open_house(&h, "127.0.0.1", NULL);
	waiting = dial(&h);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &low);
	cpu = cpu_s();
	turn(50);
	ok(cpu_s() - cpu < 0.03, "no busy loop while paused: %.3f s of CPU in 50 ms",
	   cpu_s() - cpu);
	listener_run(h.l);
	turn(2);
	is_str(state_of(waiting), "open", "it waits");
	is_int((long long)inbound_count(h.in), 0, "and is not taken");
	setrlimit(RLIMIT_NOFILE, &old);
	listener_run(h.l);
	reach(&h.asked, 1);
	is_int((long long)inbound_count(h.in), 1, "until there is room");
	close(waiting);
	close_house(&h);
}

int main(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 8192 ? files.rlim_max : 8192;
	setrlimit(RLIMIT_NOFILE, &files);
	if (libre_init() || fd_setsize(8192))
		return 2;
	check_serving("127.0.0.1");
	check_serving("::1");
	check_inherited();
	check_again();
	check_stranger();
	check_bounds();
	if (files.rlim_cur >= 4096)
		check_total();
	check_no_ipv4_on_ipv6();
	check_busy();
	check_shortage();
	check_last();
	check_pause();
	libre_close();
	return tap_done();
}
