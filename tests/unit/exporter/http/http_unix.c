/* Unix sockets to listen on: addresses, modes, and obstacles. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/http/http_socket.h"
#include "exporter/http/http_unix.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/siptrunk-unix-XXXXXX";

static const struct {
	const char *address;
	const char *why;
} wrong[] = {
	{"unix:", "the path must begin with /, as in unix:/run/exporter.sock"},
	{"unix:run/x", "the path must begin with /, as in unix:/run/exporter.sock"},
	{"unix:/x,mode=", "a mode has three octal digits, as in mode=0660"},
	{"unix:/x,mode=8", "a mode has three octal digits, as in mode=0660"},
	{"unix:/x,mode=+7", "a mode has three octal digits, as in mode=0660"},
	{"unix:/x,mode=1000", "a mode has three octal digits, as in mode=0660"},
	{"unix:/x,mode=66x", "a mode has three octal digits, as in mode=0660"},
	{"unix:/nonexistent/x", "No such file or directory"},
	{"unix:/"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaa",
	 "the path is too long for a socket"},
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char text[512], want[512];
		int fd = -7;

		ok(http_unix_open(&fd, wrong[i].address, text, sizeof(text)) != 0,
		   "%.40s", wrong[i].address);
		snprintf(want, sizeof(want), "%s: %s", wrong[i].address, wrong[i].why);
		is_str(text, want, "says why");
		is_int(fd, -7, "and opens nothing");
	}
}

static const char *path_in(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Opens unix:FOLDER/@rest; its mode, or -errno. */
static int opened(int *fdp, const char *rest)
{
	char address[256], text[512];
	struct stat st;
	int err;

	snprintf(address, sizeof(address), "unix:%s/%s", folder, rest);
	err = http_unix_open(fdp, address, text, sizeof(text));
	if (err)
		return -err;
	if (strstr(address, ",mode="))
		*strstr(address, ",mode=") = '\0';
	return stat(address + 5, &st) ? -errno : (int)(st.st_mode & 07777);
}

static bool connects(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	good = !connect(fd, (const struct sockaddr *)&un, sizeof(un));
	close(fd);
	return good;
}

static void test_listen(void)
{
	char name[HTTP_SOCKET_NAME], want[HTTP_SOCKET_NAME], address[128];
	int fd, again;

	umask(077);
	is_int(opened(&fd, "a"), 0660, "a mode that the umask does not narrow");
	ok(connects(path_in("a")), "it is listened on");
	is_int(http_socket_name(fd, name), 0, "it has a name");
	snprintf(want, sizeof(want), "unix:%s", path_in("a"));
	is_str(name, want, "its address");
	is_int(opened(&again, "a"), -EADDRINUSE, "another cannot have it");
	ok(connects(path_in("a")), "nor takes it away");
	close(fd);
	is_int(opened(&fd, "a,mode=600"), 0600, "one that nobody serves is replaced");
	snprintf(address, sizeof(address), "unix:%s", path_in("a"));
	http_unix_remove(address);
	ok(access(path_in("a"), F_OK) != 0, "it is removed by its name");
	http_unix_remove(folder);
	ok(!access(folder, F_OK), "and nothing that is no such socket");
	close(fd);
}

static void test_in_the_way(void)
{
	FILE *f = fopen(path_in("file"), "we");
	int fd;

	fclose(f);
	is_int(opened(&fd, "file"), -EEXIST, "a file is no stale socket");
	ok(!access(path_in("file"), F_OK), "and stays");
	unlink(path_in("file"));
	is_int(opened(&fd, "b,c"), 0660, "a comma may be part of the name");
	close(fd);
	unlink(path_in("b,c"));
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	ok(http_unix_is("unix:/x") && !http_unix_is("127.0.0.1:1"), "which is one");
	test_wrong();
	test_listen();
	test_in_the_way();
	rmdir(folder);
	return tap_done();
}
