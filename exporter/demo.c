#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/demo.h"

/* Short intervals: whoever looks sees something happen at once. */
static const char demo_json[] =
	"{\n"
	"  \"defaults\": { \"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 2,\n"
	"    \"rise\": 1, \"down_interval\": \"2s\" },\n"
	"  \"trunks\": [\n"
	"    { \"name\": \"demo-udp\", \"uri\": \"sip:127.0.0.1:%1$u;transport=udp\",\n"
	"      \"labels\": { \"carrier\": \"demo-a\", \"site\": \"loopback\" } },\n"
	"    { \"name\": \"demo-tcp\", \"uri\": \"sip:127.0.0.1:%2$u;transport=tcp\",\n"
	"      \"labels\": { \"carrier\": \"demo-a\", \"site\": \"loopback\" } },\n"
	"    { \"name\": \"demo-dead\", \"uri\": \"sip:127.0.0.1:%3$u;transport=tcp\",\n"
	"      \"labels\": { \"carrier\": \"demo-b\", \"site\": \"loopback\" } }\n"
	"  ],\n"
	"  \"sip\": { \"listen\": [\"udp:127.0.0.1:%1$u\", \"tcp:127.0.0.1:%2$u\"] }\n"
	"}\n";

static int demo_bind_free(int *fdp, int type)
{
	const struct sockaddr_in any = {.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int err, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any))) {
		err = errno;
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

static int demo_bound_port(unsigned *port, int fd)
{
	struct sockaddr_in sa = {0};
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len))
		return errno;
	*port = ntohs(sa.sin_port);
	return 0;
}

static int demo_free_port(unsigned *port, int type)
{
	int fd = -1, err = demo_bind_free(&fd, type);

	if (err)
		return err;
	err = demo_bound_port(port, fd);
	close(fd);
	return err;
}

int demo_dead_port(int *fdp)
{
	return demo_bind_free(fdp, SOCK_STREAM);
}

int demo_config(struct config **cp, int dead_fd)
{
	struct config_errors errs = {0};
	unsigned udp = 0, tcp = 0, dead = 0;
	char text[2 * sizeof(demo_json)];
	int err, len;

	err = demo_free_port(&udp, SOCK_DGRAM);
	if (!err)
		err = demo_free_port(&tcp, SOCK_STREAM);
	if (!err)
		err = demo_bound_port(&dead, dead_fd);
	if (err)
		return err;
	len = snprintf(text, sizeof(text), demo_json, udp, tcp, dead);
	err = config_parse(cp, text, (size_t)len, "demo", &errs);
	config_errors_log(&errs, "configuration error");
	config_errors_clear(&errs);
	return err;
}
