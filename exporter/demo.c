#include "exporter/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Short intervals: whoever looks sees something happen at once. */
static const char demo_json[] =
	"{\n"
	"  \"defaults\": { \"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 2,\n"
	"    \"rise\": 1, \"down_interval\": \"2s\" },\n"
	"  \"trunks\": [\n"
	"    { \"name\": \"demo-udp\", \"uri\": \"sip:%s:%u;transport=udp\",\n"
	"      \"labels\": { \"carrier\": \"demo-a\", \"site\": \"loopback\" } },\n"
	"    { \"name\": \"demo-tcp\", \"uri\": \"sip:%s:%u;transport=tcp\",\n"
	"      \"labels\": { \"carrier\": \"demo-a\", \"site\": \"loopback\" } },\n"
	"    { \"name\": \"demo-dead\", \"uri\": \"sip:%s:%u;transport=tcp\",\n"
	"      \"labels\": { \"carrier\": \"demo-b\", \"site\": \"loopback\" } }\n"
	"  ],\n"
	"  \"sip\": { \"listen\": [\"udp:%s:%u\", \"tcp:%s:%u\"] }\n"
	"}\n";

union demo_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* The loopback of a family, at any port; returns the address's size. */
static socklen_t demo_loopback(union demo_address *a, int family)
{
	*a = (union demo_address){.sa.sa_family = (sa_family_t)family};
	if (family == AF_INET6) {
		a->in6.sin6_addr = in6addr_loopback;
		return sizeof(a->in6);
	}
	a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(a->in);
}

static int demo_bind_free(int *fdp, int family, int type)
{
	union demo_address any;
	socklen_t len = demo_loopback(&any, family);
	int err, fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (bind(fd, &any.sa, len)) {
		err = errno;
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

static int demo_bound(int *family, unsigned *port, int fd)
{
	union demo_address a = {0};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len))
		return errno;
	*family = a.sa.sa_family;
	*port = ntohs(*family == AF_INET6 ? a.in6.sin6_port : a.in.sin_port);
	return 0;
}

static int demo_free_port(unsigned *port, int family, int type)
{
	int fd = -1, err = demo_bind_free(&fd, family, type);

	if (err)
		return err;
	err = demo_bound(&family, port, fd);
	close(fd);
	return err;
}

/* A host without IPv4 still has the loopback of IPv6. */
int demo_dead_port(int *fdp)
{
	int err = demo_bind_free(fdp, AF_INET, SOCK_STREAM);

	return err && !demo_bind_free(fdp, AF_INET6, SOCK_STREAM) ? 0 : err;
}

int demo_config(struct config **cp, int dead_fd)
{
	struct config_errors errs = {0};
	unsigned udp = 0, tcp = 0, dead = 0;
	char text[2 * sizeof(demo_json)];
	int err, family = AF_INET, len;
	const char *host;

	err = demo_bound(&family, &dead, dead_fd);
	if (!err)
		err = demo_free_port(&udp, family, SOCK_DGRAM);
	if (!err)
		err = demo_free_port(&tcp, family, SOCK_STREAM);
	if (err)
		return err;
	host = family == AF_INET6 ? "[::1]" : "127.0.0.1";
	len = snprintf(text, sizeof(text), demo_json, host, udp, host, tcp, host, dead,
		       host, udp, host, tcp);
	err = config_parse(cp, text, (size_t)len, "demo", &errs);
	config_errors_log(&errs, "configuration error");
	config_errors_clear(&errs);
	return err;
}
