#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "exporter/healthcheck.h"

enum { WAIT_S = 3 };

struct where {
	char host[256]; /* without brackets */
	char port[8];
	const char *path;
};

/* Splits "HOST:PORT", "[IPV6]:PORT" or ":PORT" that ends at @end. */
static bool split(struct where *w, const char *text, const char *end)
{
	const char *host = text, *host_end = end,
		   *colon = memrchr(text, ':', (size_t)(end - text));
	int digits;

	if (*text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', (size_t)(end - text));
		if (!host_end || (host_end + 1 != end && host_end + 1 != colon))
			return false;
		colon = host_end + 1 == end ? NULL : colon;
	} else if (colon) {
		host_end = colon;
	}
	digits = colon ? (int)(end - colon - 1) : 0;
	if ((size_t)(host_end - host) >= sizeof(w->host) || digits > 5 ||
	    (colon && !digits))
		return false;
	snprintf(w->host, sizeof(w->host), "%.*s", (int)(host_end - host), host);
	snprintf(w->port, sizeof(w->port), "%.*s", digits, colon ? colon + 1 : "");
	return true;
}

static bool split_url(struct where *w, const char *url)
{
	const char *scheme = "http://", *authority = url + strlen(scheme);
	const char *slash;

	if (strncmp(url, scheme, strlen(scheme)))
		return false;
	slash = authority + strcspn(authority, "/");
	if (!split(w, authority, slash) || !w->host[0])
		return false;
	if (!w->port[0])
		snprintf(w->port, sizeof(w->port), "80");
	w->path = *slash ? slash : "/";
	return !strpbrk(w->path, " \r\n");
}

static bool split_listen(struct where *w, const char *listen)
{
	if (!split(w, listen, listen + strlen(listen)) || !w->port[0])
		return false;
	w->path = "/-/healthy";
	return true;
}

static int dial(int *fdp, const struct addrinfo *ai)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	int err, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		err = errno == EINPROGRESS ? ETIMEDOUT : errno;
		close(fd);
		return err;
	}
	*fdp = fd;
	return 0;
}

/* Where a server that listens on @host can be reached from here. */
static const char *reachable(const char *host)
{
	if (!strcmp(host, "0.0.0.0"))
		return "127.0.0.1";
	if (!strcmp(host, "::"))
		return "::1";
	return *host ? host : NULL;
}

/* Without a host, getaddrinfo() gives the loopback addresses of both families. */
static int dial_any(int *fdp, const struct where *w)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	int err = EHOSTUNREACH;

	if (getaddrinfo(reachable(w->host), w->port, &hints, &list))
		return EADDRNOTAVAIL;
	for (const struct addrinfo *ai = list; ai && err; ai = ai->ai_next)
		err = dial(fdp, ai);
	freeaddrinfo(list);
	return err;
}

/* Returns 0 and the status, or errno. */
static int ask(unsigned *status, int fd, const struct where *w)
{
	char text[1024];
	bool v6 = strchr(w->host, ':');
	int len = snprintf(text, sizeof(text),
			   "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n"
			   "User-Agent: siptrunk_exporter\r\nConnection: close\r\n\r\n",
			   w->path, v6 ? "[" : "", w->host, v6 ? "]" : "", w->port);
	ssize_t n;

	if (len >= (int)sizeof(text))
		return ENAMETOOLONG;
	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	n = recv(fd, text, strlen("HTTP/1.1 200"), MSG_WAITALL);
	if (n < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	text[n] = '\0';
	return sscanf(text, "HTTP/1.%*1[01] %3u", status) == 1 ? 0 : EPROTO;
}

int healthcheck(const char *url, const char *listen, char *err_text, size_t err_size)
{
	const char *given = url ? url : listen;
	struct where w = {0};
	unsigned status = 0;
	int err, fd = -1;

	if (!(url ? split_url(&w, url) : split_listen(&w, listen))) {
		snprintf(err_text, err_size, "%s: not %s", given,
			 url ? "a URL such as http://127.0.0.1:10060/-/healthy"
			     : "an address such as 127.0.0.1:10060");
		return EINVAL;
	}
	err = dial_any(&fd, &w);
	if (!err)
		err = ask(&status, fd, &w);
	if (err)
		snprintf(err_text, err_size, "%s: %s", given, strerror(err));
	else if (status != 200)
		snprintf(err_text, err_size, "%s: answered %u", given, status);
	if (fd >= 0)
		close(fd);
	return err || status == 200 ? err : EPROTO;
}
