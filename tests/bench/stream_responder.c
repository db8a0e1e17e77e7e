#include "tests/bench/stream_responder.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/ca.h"

enum { EVENTS = 64, DESCRIPTORS = 1 << 17 };

static SSL *ssl_of[DESCRIPTORS]; /* by descriptor; NULL over TCP */

static const char status[] = "SIP/2.0 200 OK";

static void peer_drop(int fd)
{
	SSL_free(ssl_of[fd]);
	ssl_of[fd] = NULL;
	(void)close(fd);
}

static void peer_accept(int listener, int epoll, SSL_CTX *ctx)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	int on = 1;

	if (fd < 0 || fd >= DESCRIPTORS)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ctx) {
		ssl_of[fd] = SSL_new(ctx);
		SSL_set_accept_state(ssl_of[fd]);
		(void)SSL_set_fd(ssl_of[fd], fd);
	}
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* As read(), with the handshake done on the way: less than 0 for not yet. */
static int peer_read(int fd, char *buf, int size)
{
	SSL *ssl = ssl_of[fd];
	int n;

	if (!ssl)
		return (int)recv(fd, buf, (size_t)size, 0);
	n = SSL_read(ssl, buf, size);
	return n > 0 ? n : SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

/* The answer is the request with another start line; requests come whole here. */
static bool peer_answer(int fd)
{
	char buf[4096 + sizeof(status)];
	char *request = buf + sizeof(status);
	int n = peer_read(fd, request, 4096);
	char *line_end = n > 0 ? memchr(request, '\r', (size_t)n) : NULL;
	char *answer;
	int len;

	if (n <= 0 || !line_end)
		return n < 0;
	answer = line_end - (sizeof(status) - 1);
	memcpy(answer, status, sizeof(status) - 1);
	len = (int)(request + n - answer);
	return ssl_of[fd] ? SSL_write(ssl_of[fd], answer, len) == len
			  : send(fd, answer, (size_t)len, MSG_NOSIGNAL) == len;
}

_Noreturn static void serve(int listener, SSL_CTX *ctx)
{
	int epoll = epoll_create1(0);
	struct epoll_event events[EVENTS] = {{.events = EPOLLIN, .data.fd = listener}};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &events[0]);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				peer_accept(listener, epoll, ctx);
			else if (!peer_answer(fd))
				peer_drop(fd);
		}
	}
}

static SSL_CTX *make_context(const char *folder)
{
	struct ca_cert authority, own;
	char path[128];
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ca_make(&authority, &(struct ca_spec){.cn = "Bench CA", .authority = true}, NULL);
	ca_make(&own,
		&(struct ca_spec){.cn = STREAM_RESPONDER_NAME,
				  .san = "DNS:" STREAM_RESPONDER_NAME},
		&authority);
	(void)ca_write(path, folder, STREAM_RESPONDER_CA,
		       (const struct ca_cert *const[]){&authority, NULL}, NULL);
	(void)SSL_CTX_use_certificate(ctx, own.x509);
	(void)SSL_CTX_use_PrivateKey(ctx, own.key);
	ca_drop(&authority);
	ca_drop(&own);
	return ctx;
}

pid_t stream_responder_start(uint16_t *port, const char *folder)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL_CTX *ctx = folder ? make_context(folder) : NULL;
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    listen(fd, SOMAXCONN) || getsockname(fd, (struct sockaddr *)&any, &len))
		return -1;
	*port = ntohs(any.sin_port);
	pid = fork();
	if (pid == 0)
		serve(fd, ctx);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return pid;
}
