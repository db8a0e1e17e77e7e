#include "sipprobe/hep/hep_mirror.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/ladder.h"
#include "sipprobe/loop/ip_source.h"

enum {
	SOURCES = 64, /* addresses of ours that are remembered, by peer */
};

/* A route may change; an address of ours is looked up again after so long. */
#define SOURCE_NS (10 * CLOCK_NS_PER_S)

/* The address that we have towards a peer. */
struct source {
	struct sa peer;
	struct sa local;
	int64_t until_ns; /* 0: empty */
};

struct hep_mirror {
	int fd; /* -1: no collector yet */
	uint32_t agent;
	hep_mirror_told_h *h;
	void *arg;
	struct source sources[SOURCES];
	char payload[HEP_PACKET_MAX];
	uint8_t packet[HEP_PACKET_MAX];
};

/* Who mirrors; NULL: nobody. */
static struct hep_mirror *hep_mirror_current;

static void hep_mirror_close(struct hep_mirror *m)
{
	if (m->fd >= 0)
		(void)close(m->fd);
	m->fd = -1;
}

static void hep_mirror_destructor(void *arg)
{
	struct hep_mirror *m = arg;

	hep_mirror_close(m);
	if (hep_mirror_current == m)
		hep_mirror_current = NULL;
}

int hep_mirror_alloc(struct hep_mirror **mp, hep_mirror_told_h *h, void *arg)
{
	struct hep_mirror *m = mem_zalloc(sizeof(*m), hep_mirror_destructor);

	if (!m)
		return ENOMEM;
	m->fd = -1;
	m->h = h;
	m->arg = arg;
	*mp = m;
	return 0;
}

void hep_mirror_use(struct hep_mirror *m, uint32_t agent)
{
	m->agent = agent;
	hep_mirror_current = m;
}

int hep_mirror_aim(struct hep_mirror *m, const struct sa *collector)
{
	int fd, err;

	if (!collector) {
		hep_mirror_close(m);
		return 0;
	}
	fd = socket(sa_af(collector), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	/* So that a collector that is not there is known by the next packet. */
	if (connect(fd, &collector->u.sa, collector->len)) {
		err = errno;
		(void)close(fd);
		return err;
	}
	hep_mirror_close(m);
	m->fd = fd;
	return 0;
}

bool hep_mirror_is_on(void)
{
	return hep_mirror_current != NULL;
}

/* Our address towards a peer, where the socket has none of its own; with its port. */
static void hep_mirror_source(struct hep_mirror *m, struct sa *local,
			      const struct sa *peer)
{
	struct source *s = &m->sources[sa_hash(peer, SA_ADDR) % SOURCES];
	int64_t now_ns = clock_monotonic_ns();
	uint16_t port = sa_port(local);

	if (now_ns >= s->until_ns || !sa_cmp(&s->peer, peer, SA_ADDR)) {
		if (ip_source(&s->local, peer))
			return;
		s->peer = *peer;
		s->until_ns = now_ns + SOURCE_NS;
	}
	*local = s->local;
	sa_set_port(local, port);
}

/* RFC 3261 7.3.3: "Call-ID", or "i". */
static bool hep_mirror_is_call_id(const char *line, size_t len, size_t *name)
{
	*name = len > 7 && !strncasecmp(line, "Call-ID", 7) ? 7
		: len > 1 && (*line | 0x20) == 'i'	    ? 1
							    : 0;
	for (size_t i = *name; *name && i < len && line[i] != ':'; i++)
		if (line[i] != ' ' && line[i] != '\t')
			*name = 0;
	return *name;
}

static bool hep_mirror_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void hep_mirror_trim(struct pl *v)
{
	for (; v->l && hep_mirror_is_space(*v->p); v->p++)
		v->l--;
	while (v->l && hep_mirror_is_space(v->p[v->l - 1]))
		v->l--;
}

static struct pl hep_mirror_call_id(const char *p, size_t len)
{
	const char *end = p + len, *lf;

	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1) {
		size_t l = (size_t)(lf - p), name;
		struct pl value;

		if (!hep_mirror_is_call_id(p, l, &name))
			continue;
		value.p = memchr(p + name, ':', l - name);
		if (!value.p)
			continue;
		value.p++;
		value.l = (size_t)(lf - value.p);
		hep_mirror_trim(&value);
		return value;
	}
	return (struct pl){.p = NULL};
}

/*
 * An ICMP error of an earlier packet is handed to the next one, which was not sent then:
 * it is sent once more, and the earlier one is what was lost.
 */
static bool hep_mirror_send(struct hep_mirror *m, size_t len)
{
	bool lost = false;

	for (int tries = 2; tries && m->fd >= 0; tries--) {
		if (send(m->fd, m->packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			if (lost)
				m->h(false, m->arg);
			return true;
		}
		lost = true;
	}
	return false;
}

void hep_mirror_message(const struct hep_mirror_way *way, const char *buf, size_t len)
{
	struct hep_mirror *m = hep_mirror_current;
	struct sa local = *way->local;
	struct hep_message hep = {
		.from = way->outbound ? &local : way->peer,
		.to = way->outbound ? way->peer : &local,
		.stream = way->stream,
		.at_unix_ns = clock_wall_ns(),
	};
	size_t size;

	if (!m)
		return;
	if (sa_is_any(&local))
		hep_mirror_source(m, &local, way->peer);
	if (way->at_ns)
		hep.at_unix_ns -= clock_monotonic_ns() - way->at_ns;
	hep.agent = m->agent;
	hep.call_id = hep_mirror_call_id(buf, len);
	hep.payload.p = m->payload;
	hep.payload.l = ladder_redact_all(m->payload, sizeof(m->payload), buf, len);
	size = hep_write(m->packet, sizeof(m->packet), &hep);
	m->h(size && hep_mirror_send(m, size), m->arg);
}
