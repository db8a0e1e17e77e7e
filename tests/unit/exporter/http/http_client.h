/* A client of a few lines: plain sockets, so that odd requests can be made. */
#ifndef TESTS_UNIT_EXPORTER_HTTP_HTTP_CLIENT_H
#define TESTS_UNIT_EXPORTER_HTTP_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct reply {
	int status; /* 0: the connection ended without a reply */
	char head[4096];
	char *body;
	size_t body_len;
};

static inline int client_connect(int port)
{
	const struct timeval limit = {.tv_sec = 10};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&in, sizeof(in))) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline void client_send(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* The value of a field of the reply's head, or NULL. Static storage. */
static inline const char *reply_field(const struct reply *r, const char *name)
{
	static char value[512];
	const char *line = r->head;
	size_t len = strlen(name);

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) || line[len] != ':')
			continue;
		line += len + 1 + strspn(line + len + 1, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
		return value;
	}
	return NULL;
}

static inline void reply_read_head(struct reply *r, int fd)
{
	size_t len = 0;

	while (len < sizeof(r->head) - 1 && recv(fd, r->head + len, 1, 0) == 1) {
		r->head[++len] = '\0';
		if (len >= 4 && !memcmp(r->head + len - 4, "\r\n\r\n", 4)) {
			r->status = atoi(r->head + 9);
			return;
		}
	}
}

/* Reads one reply. @head_only: of a HEAD request. The caller frees the body. */
static inline struct reply client_read(int fd, int head_only)
{
	struct reply r = {0};
	const char *length;

	reply_read_head(&r, fd);
	length = reply_field(&r, "Content-Length");
	r.body_len = length && !head_only ? strtoul(length, NULL, 10) : 0;
	r.body = calloc(1, r.body_len + 1);
	if (r.body_len &&
	    recv(fd, r.body, r.body_len, MSG_WAITALL) != (ssize_t)r.body_len)
		r.status = 0;
	return r;
}

/* One request on a connection of its own. */
static inline struct reply client_ask(int port, const char *request)
{
	struct reply r = {0};
	int fd = client_connect(port);

	if (fd < 0)
		return r;
	client_send(fd, request);
	r = client_read(fd, !strncmp(request, "HEAD", 4));
	close(fd);
	return r;
}

/* Whether the peer closed the connection within the client's time limit. */
static inline int client_closed(int fd)
{
	char byte[256];
	ssize_t n;

	while ((n = recv(fd, byte, sizeof(byte), 0)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

#endif
