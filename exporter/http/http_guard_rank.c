/* Who reads, who does not, and who loses his connection first. */
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "exporter/http/http_guard_private.h"

/* Younger than this, an answer is taken for honest. */
#define ANSWER_HONEST_NS (5 * CLOCK_NS_PER_S)

/* Before new heads make way. */
#define PAUSE_NS (50 * CLOCK_NS_PER_MS)

/* Who has taken more than fits the buffers of his kernel reads. */
#define READS_BYTES ((uint64_t)256 * 1024)

struct tcp_info http_guard_tcp_info(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		info = (struct tcp_info){0};
	return info;
}

uint64_t http_guard_received(const struct http_client *c)
{
	return http_guard_tcp_info(c->fd).tcpi_bytes_received;
}

bool http_guard_unread(int fd)
{
	int bytes = 0;

	return !ioctl(fd, FIONREAD, &bytes) && bytes > 0;
}

/* Unix sockets do not tell how much was taken: of those only the deadline is known. */
void http_guard_look(struct http_client *c, int64_t now_ns)
{
	struct tcp_info info = http_guard_tcp_info(c->fd);
	int unread = 0;

	if (info.tcpi_bytes_acked != c->acked || !info.tcpi_state ||
	    ioctl(c->fd, SIOCOUTQ, &unread) || !unread)
		c->moved_ns = now_ns;
	c->acked = info.tcpi_bytes_acked;
}

static bool http_guard_reads(const struct http_client *c)
{
	return c->acked - c->acked_head >= READS_BYTES;
}

bool http_guard_stalled(const struct http_client *c, int64_t now_ns, int64_t stall_ns)
{
	return now_ns - c->moved_ns > stall_ns;
}

/* Order in which clients lose their connections: who deserves it least first. */
static int http_guard_rank(const struct http_client *c, int64_t now_ns)
{
	int64_t age_ns = now_ns - c->since_ns;

	switch (c->state) {
	case CLIENT_HEAD:
		return age_ns > HTTP_GUARD_HEAD_HONEST_NS ? 0 : 3;
	case CLIENT_IDLE:
		return 1;
	case CLIENT_ANSWER:
		if (http_guard_stalled(c, now_ns, HTTP_GUARD_STALL_NS))
			return 0;
		if (http_guard_reads(c))
			return 5;
		return age_ns > ANSWER_HONEST_NS ||
				       http_guard_stalled(c, now_ns, PAUSE_NS)
			       ? 2
			       : 4;
	default:
		return 6;
	}
}

bool http_guard_worse(const struct http_client *a, const struct http_client *b,
		      int64_t now_ns)
{
	int rank = http_guard_rank(a, now_ns), other = http_guard_rank(b, now_ns);

	if (rank != other)
		return rank < other;
	if (a->state == CLIENT_ANSWER && b->state == CLIENT_ANSWER &&
	    a->moved_ns != b->moved_ns)
		return a->moved_ns < b->moved_ns;
	return a->since_ns < b->since_ns;
}
