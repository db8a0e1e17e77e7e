/* What is mirrored, against a socket of the test's own. */
#include "sipprobe/hep/hep_mirror.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/tap.h"

#define REQUEST                                                                          \
	"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nI : the-one@h "  \
	"\r\n"                                                                           \
	"Authorization: Digest username=\"u\", nonce=\"SECRET\", "                       \
	"response=\"SECRET\"\r\n"                                                        \
	"Content-Length: 0\r\n\r\n"

static unsigned sent, lost;

static void told_h(bool went, void *arg)
{
	(void)arg;
	if (went)
		sent++;
	else
		lost++;
}

static int collector(struct sa *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	ok(!bind(fd, (struct sockaddr *)&in, len) &&
		   !getsockname(fd, (struct sockaddr *)&in, &len),
	   "a collector");
	sa_set_in(at, INADDR_LOOPBACK, ntohs(in.sin_port));
	return fd;
}

static void tell(bool outbound, const char *local)
{
	struct sa us, them;
	const struct hep_mirror_way way = {
		.local = &us, .peer = &them, .outbound = outbound};

	(void)sa_set_str(&us, local, 5060);
	(void)sa_set_str(&them, "127.0.0.1", 5070);
	hep_mirror_message(&way, REQUEST, sizeof(REQUEST) - 1);
}

static void check_message(int fd)
{
	char buf[2048];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	ok(n > 0 && !memcmp(buf, "HEP3", 4), "a packet comes");
	ok(n > 0 && memmem(buf, (size_t)n, "the-one@h\0\0", 11),
	   "the Call-ID alone, by its short name, is the correlation");
	ok(n > 0 && memmem(buf, (size_t)n, "username=\"u\", nonce=redacted", 28) &&
		   !memmem(buf, (size_t)n, "SECRET", 6),
	   "credentials are redacted");
	/* Chunk 3, where it came from: 127.0.0.1, and not any address. */
	ok(n > 0 && memmem(buf, (size_t)n, "\0\3\0\x0a\x7f\0\0\1", 8), "from whom");
}

int main(void)
{
	struct hep_mirror *m = NULL;
	struct sa at;
	int fd;

	tell(true, "127.0.0.1");
	ok(!hep_mirror_is_on(), "at first nobody mirrors");
	is_int(hep_mirror_alloc(&m, told_h, NULL), 0, "one is made");
	ok(!hep_mirror_is_on(), "which does not yet");
	hep_mirror_use(m, 7);
	ok(hep_mirror_is_on(), "now it does");
	tell(true, "127.0.0.1");
	ok(!sent && lost == 1, "without a collector a message is lost");
	fd = collector(&at);
	is_int(hep_mirror_aim(m, &at), 0, "there is one");
	tell(true, "127.0.0.1");
	check_message(fd);
	tell(false, "127.0.0.1");
	check_message(fd);
	tell(true, "0.0.0.0");
	check_message(fd);
	ok(sent == 3 && lost == 1, "all are counted");
	close(fd);
	tell(true, "127.0.0.1");
	tell(true, "127.0.0.1");
	ok(lost == 2, "one that nobody took is known by the next, and counted");
	(void)hep_mirror_aim(m, NULL);
	tell(true, "127.0.0.1");
	ok(lost == 3, "one without an aim is lost");
	mem_deref(m);
	ok(!hep_mirror_is_on(), "its end is the end");
	return tap_done();
}
