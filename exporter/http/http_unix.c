#include "exporter/http/http_unix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 511, MODE_DEFAULT = 0660 };

static const char scheme[] = "unix:";

struct place {
	struct sockaddr_un un;
	mode_t mode;
};

bool http_unix_is(const char *address)
{
	return !strncmp(address, scheme, strlen(scheme));
}

static const char *http_unix_parse(struct place *p, const char *address)
{
	const char *path = address + strlen(scheme), *comma = strrchr(path, ',');
	size_t len = comma ? (size_t)(comma - path) : strlen(path);
	char *end = NULL;

	*p = (struct place){.un.sun_family = AF_UNIX, .mode = MODE_DEFAULT};
	if (comma && !strncmp(comma, ",mode=", 6)) {
		unsigned long mode = strtoul(comma + 6, &end, 8);

		if (!strspn(comma + 6, "01234567") || *end || mode > 0777)
			return "a mode has three octal digits, as in mode=0660";
		p->mode = (mode_t)mode;
	} else {
		len = strlen(path);
	}
	if (path[0] != '/')
		return "the path must begin with /, as in unix:/run/exporter.sock";
	if (len >= sizeof(p->un.sun_path))
		return "the path is too long for a socket";
	memcpy(p->un.sun_path, path, len);
	return NULL;
}

static const struct sockaddr *http_unix_address_of(const struct place *p)
{
	return (const struct sockaddr *)&p->un;
}

/*
 * Makes room where a socket is that nobody serves. Two exporters that start at the same
 * moment could both find it so; the slower one's bind() fails then.
 */
static int http_unix_remove_stale(const struct place *p)
{
	struct stat st;
	int fd, err = 0;

	if (lstat(p->un.sun_path, &st))
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (!connect(fd, http_unix_address_of(p), sizeof(p->un)) || errno == EAGAIN)
		err = EADDRINUSE;
	else if (errno != ECONNREFUSED || unlink(p->un.sun_path))
		err = errno;
	close(fd);
	return err;
}

static int http_unix_listen_at(int fd, const struct place *p)
{
	/* On the descriptor, before there is a name: never open wider than it will be. */
	if (fchmod(fd, p->mode) || bind(fd, http_unix_address_of(p), sizeof(p->un)))
		return errno;
	/* Rights that the umask took away. */
	if (!chmod(p->un.sun_path, p->mode) && !listen(fd, BACKLOG))
		return 0;
	return errno;
}

int http_unix_open(int *fdp, const char *address, char *err_text, size_t err_size)
{
	struct place p;
	const char *fault = http_unix_parse(&p, address);
	int fd = -1, err = fault ? EINVAL : http_unix_remove_stale(&p);

	if (!err) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = fd < 0 ? errno : http_unix_listen_at(fd, &p);
	}
	if (!err) {
		*fdp = fd;
		return 0;
	}
	snprintf(err_text, err_size, "%s: %s", address, fault ? fault : strerror(err));
	if (fd >= 0)
		close(fd);
	return err;
}

void http_unix_remove(const char *name)
{
	if (http_unix_is(name))
		(void)unlink(name + strlen(scheme));
}
