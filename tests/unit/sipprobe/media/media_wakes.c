/*
 * How often the media thread wakes: when something is due, and not for what comes.
 * Counted by the kernel; a busy machine makes it fewer.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop.h"
#include "sipprobe/media/media.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/tap.h"

enum {
	TICKS_A_SECOND = 50,
	BESIDES = 10, /* commands, locks */
	RECEIVED = 20,
	ENDS = 20,
};

static struct media *media;
static unsigned reports;
static uint64_t received;

static void report_h(struct media_session *s, const struct media_report *r, void *arg)
{
	(void)s, (void)arg;
	reports++;
	received += r->in.received;
}

static const struct media_handlers handlers = {.report_h = report_h};

/* How often the other threads of this program gave the processor up, to wait. */
static unsigned wakes(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *d;
	unsigned all = 0, n;
	char path[300], line[100];

	while (tasks && (d = readdir(tasks))) {
		FILE *f;

		if (*d->d_name == '.' || atoi(d->d_name) == getpid())
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			       d->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %u", &n) == 1)
				all += n;
		if (f)
			(void)fclose(f);
	}
	if (tasks)
		(void)closedir(tasks);
	return all;
}

static struct media_session *session_open(void)
{
	struct media_session_conf c = {.inband = true, .jitter_buffer_ms = 40};
	struct media_session *s;
	struct sa sa;

	strcpy(c.nonce, "2580");
	strcpy(c.expect, "2580");
	(void)sa_set_str(&sa, "127.0.0.1", 0);
	if (media_session_reserve(&s, media, &sa, &c, &handlers, NULL))
		exit(1);
	return s;
}

static void session_talk(struct media_session *s, const struct media_session *to)
{
	const struct sa *rtp = media_session_local(s);
	enum media_codec codec = MEDIA_PCMA;
	struct sdp_local local;
	struct sdp_remote theirs = {
		.codec = MEDIA_PCMA, .codec_type = 8, .event_type = -1};

	(void)sdp_local_init(&local, rtp, (uint16_t)(sa_port(rtp) + 1), &codec, 1, false);
	theirs.rtp = theirs.rtcp = *media_session_local(to);
	sa_set_port(&theirs.rtcp, (uint16_t)(sa_port(&theirs.rtp) + 1));
	if (media_session_start(s, &local, &theirs))
		exit(1);
}

static bool is_over(void *arg)
{
	return clock_monotonic_ns() > *(int64_t *)arg;
}

static bool are_reported(void *arg)
{
	return reports == *(unsigned *)arg;
}

/* Both ends of so many calls, for a second; all of them in one slot. */
static void check_calls(unsigned calls)
{
	struct media_session *s[ENDS];
	unsigned all = 2 * calls, before, during;
	int64_t until_ns;

	reports = 0;
	received = 0;
	for (unsigned i = 0; i < all; i++)
		s[i] = session_open();
	for (unsigned i = 0; i < all; i++)
		session_talk(s[i], s[i ^ 1]);
	until_ns = clock_monotonic_ns() + 100 * CLOCK_NS_PER_MS;
	(void)loop_until(is_over, &until_ns);
	before = wakes();
	until_ns = clock_monotonic_ns() + CLOCK_NS_PER_S;
	(void)loop_until(is_over, &until_ns);
	during = wakes() - before;
	for (unsigned i = 0; i < all; i++)
		media_session_stop(s[i]);
	ok(loop_until(are_reported, &all), "%u calls end", calls);
	ok(received >= (uint64_t)all * RECEIVED, "all hear: %llu packets",
	   (unsigned long long)received);
	ok(during <= TICKS_A_SECOND + BESIDES, "woken %u times in a second", during);
}

int main(void)
{
	struct media_conf conf = {
		.port_first = 42400, .port_last = 42499, .network_count = 1};

	conf.networks[0] =
		(struct media_network){{[10] = 0xff, [11] = 0xff, [12] = 127}, 104};
	if (loop_init(NULL, NULL) || media_alloc(&media, &conf))
		return 1;
	check_calls(1);
	check_calls(ENDS / 2);
	mem_deref(media);
	loop_close();
	return tap_done();
}
