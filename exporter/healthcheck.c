#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "exporter/healthcheck.h"
#include "exporter/pages/http_paths.h"
#include "exporter/webconfig/web_config.h"

enum { WAIT_S = 3 };

struct where {
	char host[256]; /* without brackets */
	char port[8];
	char path[HTTP_PATHS_BYTES + 16];
	bool tls;
};

/* Splits "HOST:PORT", "[IPV6]:PORT" or ":PORT" that ends at @end. */
static bool healthcheck_split(struct where *w, const char *text, const char *end)
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

static bool healthcheck_split_url(struct where *w, const char *url)
{
	const char *authority = strstr(url, "://"), *slash;

	w->tls = !strncmp(url, "https://", 8);
	if (!w->tls && strncmp(url, "http://", 7) != 0)
		return false;
	authority += 3;
	slash = authority + strcspn(authority, "/");
	if (!healthcheck_split(w, authority, slash) || !w->host[0])
		return false;
	if (!w->port[0])
		snprintf(w->port, sizeof(w->port), "%s", w->tls ? "443" : "80");
	snprintf(w->path, sizeof(w->path), "%s", *slash ? slash : "/");
	return strlen(slash) < sizeof(w->path) && !strpbrk(w->path, " \r\n");
}

static bool healthcheck_is_tls(const char *web_config_file)
{
	struct config_errors errs = {0};
	struct web_config *web = NULL;
	bool tls = web_config_file && !web_config_load(&web, web_config_file, &errs) &&
		   web->tls_on;

	web_config_free(web);
	config_errors_clear(&errs);
	return tls;
}

static bool healthcheck_split_listen(struct where *w, const struct healthcheck_conf *conf)
{
	const char *listen = conf->listen;
	struct http_paths paths;
	char why[8];

	if (!healthcheck_split(w, listen, listen + strlen(listen)) || !w->port[0])
		return false;
	if (http_paths_init(&paths, conf->external_url, conf->route_prefix, why,
			    sizeof(why)))
		return false;
	snprintf(w->path, sizeof(w->path), "%s/-/healthy", paths.route);
	w->tls = healthcheck_is_tls(conf->web_config_file);
	return true;
}

static int healthcheck_dial(int *fdp, const struct addrinfo *ai)
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

/* Host by which a server that listens on @host can be reached from here. */
static const char *healthcheck_reachable(const char *host)
{
	if (!strcmp(host, "0.0.0.0"))
		return "127.0.0.1";
	if (!strcmp(host, "::"))
		return "::1";
	return *host ? host : NULL;
}

/* Without a host, getaddrinfo() gives the loopback addresses of both families. */
static int healthcheck_dial_any(int *fdp, const struct where *w)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	int err = EHOSTUNREACH;

	if (getaddrinfo(healthcheck_reachable(w->host), w->port, &hints, &list))
		return EADDRNOTAVAIL;
	for (const struct addrinfo *ai = list; ai && err; ai = ai->ai_next)
		err = healthcheck_dial(fdp, ai);
	freeaddrinfo(list);
	return err;
}

enum { STATUS_LINE = sizeof("HTTP/1.1 200") - 1 };

/* Writes the request and reads the answer's first bytes into the same buffer. */
static int healthcheck_ask_plain(char *text, int len, int fd)
{
	ssize_t n;

	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	n = recv(fd, text, STATUS_LINE, MSG_WAITALL);
	if (n < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	text[n] = '\0';
	return 0;
}

static int healthcheck_exchange(gnutls_session_t session, char *text, int len)
{
	ssize_t rc;

	do
		rc = gnutls_handshake(session);
	while (rc < 0 && rc != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)rc));
	if (rc >= 0)
		rc = gnutls_record_send(session, text, (size_t)len);
	if (rc >= 0)
		rc = gnutls_record_recv(session, text, STATUS_LINE);
	/* A server that asked for a certificate and closes for want of one is alive. */
	if (rc < 0 && rc != GNUTLS_E_AGAIN &&
	    gnutls_certificate_client_get_request_status(session))
		rc = snprintf(text, STATUS_LINE + 1, "HTTP/1.1 401");
	if (rc == GNUTLS_E_AGAIN)
		return ETIMEDOUT;
	if (rc < 0)
		return EPROTO;
	text[rc] = '\0';
	return 0;
}

static int healthcheck_ask_tls(char *text, int len, int fd)
{
	gnutls_certificate_credentials_t cred = NULL;
	gnutls_session_t session = NULL;
	int err = ENOMEM;

	if (gnutls_certificate_allocate_credentials(&cred) >= 0 &&
	    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) >= 0 &&
	    gnutls_set_default_priority(session) >= 0 &&
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred) >= 0) {
		gnutls_transport_set_int(session, fd);
		err = healthcheck_exchange(session, text, len);
	}
	if (session)
		gnutls_deinit(session);
	if (cred)
		gnutls_certificate_free_credentials(cred);
	return err;
}

/* Returns 0 and the status, or errno. */
static int healthcheck_ask(unsigned *status, int fd, const struct where *w)
{
	char text[1024];
	bool v6 = strchr(w->host, ':');
	int len = snprintf(text, sizeof(text),
			   "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n"
			   "User-Agent: siptrunk_exporter\r\nConnection: close\r\n\r\n",
			   w->path, v6 ? "[" : "", w->host, v6 ? "]" : "", w->port);
	int err;

	if (len >= (int)sizeof(text))
		return ENAMETOOLONG;
	err = w->tls ? healthcheck_ask_tls(text, len, fd)
		     : healthcheck_ask_plain(text, len, fd);
	if (err)
		return err;
	return sscanf(text, "HTTP/1.%*1[01] %3u", status) == 1 ? 0 : EPROTO;
}

int healthcheck(const struct healthcheck_conf *conf, char *err_text, size_t err_size)
{
	const char *given = conf->url ? conf->url : conf->listen;
	struct where w = {0};
	unsigned status = 0;
	int err, fd = -1;

	if (!(conf->url ? healthcheck_split_url(&w, conf->url)
			: healthcheck_split_listen(&w, conf))) {
		snprintf(err_text, err_size, "%s: not %s", given,
			 conf->url ? "a URL such as http://127.0.0.1:10060/-/healthy"
				   : "an address such as 127.0.0.1:10060");
		return EINVAL;
	}
	err = healthcheck_dial_any(&fd, &w);
	if (!err)
		err = healthcheck_ask(&status, fd, &w);
	if (!err && status != 200 && status != 401)
		snprintf(err_text, err_size, "%s: answered %u", given, status);
	else if (err)
		snprintf(err_text, err_size, "%s: %s", given, strerror(err));
	if (fd >= 0)
		close(fd);
	return err || status == 200 || status == 401 ? err : EPROTO;
}
