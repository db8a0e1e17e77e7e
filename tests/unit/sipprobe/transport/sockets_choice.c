/* Which of the engine's sockets a probe leaves from. */
#include "tests/unit/sipprobe/transport/ends.h"

static const struct {
	const char *name;
	const char *listen[2];
	const char *dst;
	const char *want; /* an address to send from */
	int chosen;	  /* the one that listens there; -1: one of our own */
	const char *local;
} choices[] = {
	{"nothing listens", {NULL}, "127.0.0.1", NULL, -1, "127.0.0.1"},
	{"all addresses", {"udp:0.0.0.0"}, "127.0.0.1", NULL, 0, "127.0.0.1"},
	{"the address that the kernel would choose",
	 {"udp:0.0.0.0", "udp:127.0.0.1"},
	 "127.0.0.1",
	 NULL,
	 1,
	 "127.0.0.1"},
	{"the same, whatever was listed first",
	 {"udp:127.0.0.1", "udp:0.0.0.0"},
	 "127.0.0.1",
	 NULL,
	 0,
	 "127.0.0.1"},
	{"all addresses, where TCP has the better one",
	 {"tcp:127.0.0.1", "udp:0.0.0.0"},
	 "127.0.0.1",
	 NULL,
	 1,
	 "127.0.0.1"},
	{"TCP sends no datagrams", {"tcp:127.0.0.1"}, "127.0.0.1", NULL, -1, "127.0.0.1"},
	{"an address that is wanted",
	 {"udp:127.0.0.1"},
	 "127.0.0.1",
	 "127.0.0.3",
	 -1,
	 "127.0.0.3"},
	{"one where something listens",
	 {"udp:127.0.0.1", "udp:127.0.0.3"},
	 "127.0.0.1",
	 "127.0.0.3",
	 1,
	 "127.0.0.3"},
	{"another address of this machine alone",
	 {"udp:127.0.0.2"},
	 "127.0.0.1",
	 NULL,
	 0,
	 "127.0.0.2"},
	{"the other family", {"udp:127.0.0.1"}, "::1", NULL, -1, "::1"},
};

static size_t choice_listen(struct config_listen listen[2], size_t i)
{
	size_t count = 0;

	for (; count < 2 && choices[i].listen[count]; count++)
		listen[count] = (struct config_listen){
			.transport = choices[i].listen[count][0] == 'u'
					     ? CONFIG_TRANSPORT_UDP
					     : CONFIG_TRANSPORT_TCP,
			.host = choices[i].listen[count] + 4,
		};
	return count;
}

static void check_choice(struct ends *e, size_t i)
{
	const struct config_local want = {.address = choices[i].want};
	struct udp *u = NULL, *again = NULL;
	struct config_listen listen[2];
	struct sa dst, local, expected, bound;
	size_t count = choice_listen(listen, i);

	(void)ends_prepare(e, listen, count);
	(void)sockets_commit(e->sockets);
	sa_set_str(&dst, choices[i].dst, 9);
	if (sockets_udp_for(e->sockets, &u, &local, &dst, &want)) {
		ok(!strcmp(choices[i].dst, "::1"), "%s # SKIP no IPv6 here",
		   choices[i].name);
		return;
	}
	sa_set_str(&expected, choices[i].local, sa_port(udp_local(u)));
	ok(sa_cmp(&local, &expected, SA_ALL), "%s", choices[i].name);
	bound = *udp_local(u);
	for (size_t n = 0; n < count; n++)
		is_int(sa_cmp(ends_address(e, n), &bound, SA_PORT),
		       choices[i].chosen == (int)n, "one that listens, or not");
	(void)sockets_udp_for(e->sockets, &again, &local, &dst, &want);
	ok(u == again, "and the same again");
}

static void test_choice(void)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct ends e;

		ends_open(&e);
		check_choice(&e, i);
		ends_close(&e);
	}
}

static void test_choice_failures(void)
{
	const struct config_local not_ours = {.address = "192.0.2.1"},
				  other = {.address = "::1"}, none = {0};
	struct udp *u = NULL;
	struct sa dst, local;
	struct ends e;

	ends_open(&e);
	sa_set_str(&dst, "127.0.0.1", 9);
	is_int(sockets_udp_for(e.sockets, &u, &local, &dst, &not_ours), EADDRNOTAVAIL,
	       "an address that is not ours");
	is_int(sockets_udp_for(e.sockets, &u, &local, &dst, &other), EAFNOSUPPORT,
	       "one of the other family");
	sa_set_str(&dst, "255.255.255.255", 9);
	ok(sockets_udp_for(e.sockets, &u, &local, &dst, &none) != 0, "no way there");
	ok(!u, "and nothing is set");
	ends_close(&e);
}

/* A socket that a trunk sends from is the one that listens there later, and stays. */
static void test_local_then_listen(void)
{
	struct config_listen listen = UDP_LOCAL;
	struct config_local want = {.address = "127.0.0.1"};
	struct udp *first = NULL, *then = NULL;
	struct sa dst, local;
	struct ends e;

	ends_open(&e);
	sa_set_str(&dst, "127.0.0.1", 9);
	(void)sockets_udp_for(e.sockets, &first, &local, &dst, &want);
	is_int(ends_prepare(&e, &listen, 1), 0, "listening where a trunk sends from");
	(void)sockets_commit(e.sockets);
	sockets_mark_local(e.sockets, &want);
	sockets_sweep_local(e.sockets);
	(void)sockets_udp_for(e.sockets, &then, &local, &dst, &want);
	ok(first == then, "is the same socket");
	sockets_sweep_local(e.sockets);
	(void)sockets_udp_for(e.sockets, &then, &local, &dst, &want);
	ok(first == then, "which listens when no trunk wants it any more");
	ends_close(&e);
}

/* A socket that a trunk wants is open for as long as one does. */
static void test_local_swept(void)
{
	const struct config_local want = {.address = "127.0.0.1"};
	struct udp *u = NULL;
	struct sa dst, local;
	struct ends e;
	int open;

	ends_open(&e);
	open = descriptors_open();
	sa_set_str(&dst, "127.0.0.1", 9);
	(void)sockets_udp_for(e.sockets, &u, &local, &dst, &want);
	is_int(descriptors_open(), open + 1, "wanted: opened");
	sockets_mark_local(e.sockets, &want);
	sockets_sweep_local(e.sockets);
	is_int(descriptors_open(), open + 1, "still wanted: kept");
	sockets_sweep_local(e.sockets);
	is_int(descriptors_open(), open, "no longer: closed");
	ends_close(&e);
}

int main(void)
{
	if (libre_init() || fd_setsize(1024))
		return 1;
	test_choice();
	test_choice_failures();
	test_local_then_listen();
	test_local_swept();
	libre_close();
	return tap_done();
}
