#include "exporter/http/http_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/http/http_unix.h"

#define BACKLOG 511

struct endpoint {
	char host[256];
	char port[6];
};

static bool http_socket_port_valid(const char *port)
{
	size_t digits = strspn(port, "0123456789");

	return digits >= 1 && digits <= 5 && !port[digits] && atoi(port) <= 65535;
}

/* "host:port", with brackets about an IPv6 address. */
static int http_socket_split(struct endpoint *e, const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	bool bracketed = len > 1 && address[0] == '[' && address[len - 1] == ']';

	if (!colon || !http_socket_port_valid(colon + 1))
		return EINVAL;
	if (bracketed) {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len)) {
		return EINVAL;
	}
	if (len >= sizeof(e->host))
		return EINVAL;
	memcpy(e->host, address, len);
	e->host[len] = '\0';
	strcpy(e->port, colon + 1);
	return 0;
}

static int http_socket_open_one(int *fdp, const struct addrinfo *ai, bool dual)
{
	const int on = 1, v6only = !dual;
	int fd, err;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, BACKLOG)) {
		*fdp = fd;
		return 0;
	}
	err = errno;
	close(fd);
	return err;
}

static int http_socket_open_host(int *fdp, const struct endpoint *e, int family,
				 const char **why)
{
	const struct addrinfo hints = {.ai_family = family,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	int err = getaddrinfo(*e->host ? e->host : NULL, e->port, &hints, &list);

	if (err) {
		*why = gai_strerror(err);
		return err == EAI_MEMORY ? ENOMEM : EADDRNOTAVAIL;
	}
	err = http_socket_open_one(fdp, list, !*e->host);
	*why = strerror(err);
	freeaddrinfo(list);
	return err;
}

int http_socket_open(int *fdp, const char *address, char *err_text, size_t err_size)
{
	const char *why = "not an address and a port, as in 127.0.0.1:10060";
	struct endpoint e;
	int err;

	if (http_unix_is(address))
		return http_unix_open(fdp, address, err_text, err_size);
	err = http_socket_split(&e, address);
	if (!err && *e.host) {
		err = http_socket_open_host(fdp, &e, AF_UNSPEC, &why);
	} else if (!err) {
		/* A kernel without IPv6 still has all of IPv4's addresses. */
		err = http_socket_open_host(fdp, &e, AF_INET6, &why);
		if (err && err != EADDRINUSE && err != EACCES)
			err = http_socket_open_host(fdp, &e, AF_INET, &why);
	}
	if (err)
		snprintf(err_text, err_size, "%s: %s", address, why);
	return err;
}

int http_socket_name(int fd, char name[HTTP_SOCKET_NAME])
{
	/* A Unix socket without a name leaves its path unwritten. */
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(ss);
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		return errno;
	if (ss.ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const void *)&ss;

		snprintf(name, HTTP_SOCKET_NAME, "unix:%.*s", (int)sizeof(un->sun_path),
			 un->sun_path);
		return 0;
	}
	if (getnameinfo((const struct sockaddr *)&ss, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return EINVAL;
	snprintf(name, HTTP_SOCKET_NAME, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
		 port);
	return 0;
}
