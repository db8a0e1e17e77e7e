/* `siptrunk_exporter probe`: its command line, and probes of peers on loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "exporter/ondemand/probe_args.h"
#include "exporter/ondemand/probe_cli.h"
#include "tests/unit/captured.h"
#include "tests/unit/tap.h"

enum { ARGS_MAX = 8 };

/* --- the command line --- */

static int parse(struct probe_args *out, char *why, size_t size, const char *const *args)
{
	char *argv[ARGS_MAX + 1] = {0};
	int argc = 0;

	for (; argc < ARGS_MAX && args[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)args[argc];
	why[0] = '\0';
	return probe_args_parse(out, argc, argv, why, size);
}

static const struct {
	const char *args[ARGS_MAX];
	const char *format;
	int64_t timeout_us;
	unsigned methods;
	bool verbose;
} good[] = {
	{{"sip:a"}, "text", 0, 0, false},
	{{"--format=json", "sip:a"}, "json", 0, 0, false},
	{{"sip:a", "-f", "nagios"}, "nagios", 0, 0, false},
	{{"sip:a", "--timeout", "2"}, "text", 2000000, 0, false},
	{{"sip:a", "-t", "1.5"}, "text", 1500000, 0, false},
	{{"sip:a", "--timeout=10ms"}, "text", 10000, 0, false},
	{{"sip:a", "--timeout=10m"}, "text", 600000000, 0, false},
	{{"sip:a", "-m", "REGISTER", "-v"}, "text", 0, 2, true},
	{{"sip:a", "--method=OPTIONS", "--verbose"}, "text", 0, 1, true},
};

static const struct {
	const char *args[ARGS_MAX];
	const char *why; /* holds this */
} wrong[] = {
	{{NULL}, "what to probe is not given"},
	{{"sip:a", "sip:b"}, "one target at a time: \"sip:b\" is one more"},
	{{"sip:a", "--loud"}, "--loud"},
	{{"sip:a", "--format=xml"}, "\"xml\" is none of text, json, nagios, solarwinds"},
	{{"sip:a", "--timeout=9ms"}, "\"9ms\" is not from 10ms to 10m"},
	{{"sip:a", "--timeout=601"}, "\"601\" is not from 10ms to 10m"},
	{{"sip:a", "--timeout=soon"}, "timeout"},
	{{"sip:a", "--timeout"}, "timeout"},
	{{"sip:a", "--method=PING"}, "\"PING\" is none of OPTIONS, REGISTER"},
	{{"sip:a", "--format=nagios", "-w", "x"}, "is no range of seconds"},
	{{"sip:a", "--format=nagios", "-c", "2:1"}, "is no range of seconds"},
	{{"sip:a", "--profile=p"}, "config.file"},
};

static void test_args(void)
{
	struct probe_args a;
	char why[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		is_int(parse(&a, why, sizeof(why), good[i].args), 0, good[i].args[0]);
		is_str(why, "", "without complaint");
		is_str(a.target, "sip:a", "its target");
		is_str(a.format->name, good[i].format, "its format");
		is_int(a.timeout_us, good[i].timeout_us, "its timeout");
		is_int(a.methods, good[i].methods, "its methods");
		is_int(a.verbose, good[i].verbose, "what it shows");
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ok(parse(&a, why, sizeof(why), wrong[i].args) != 0, "it is refused");
		if (!ok(strstr(why, wrong[i].why), "for %s", wrong[i].why))
			printf("# %s\n", why);
	}
}

/* --- ranges --- */

static const struct {
	const char *text;
	double value;
	bool alerts;
} ranges[] = {
	{"10", 10, false},    {"10", 10.1, true},    {"10", 0, false},
	{"10", -0.1, true},   {"10:", 9.9, true},    {"10:", 10, false},
	{"10:", 1e9, false},  {"~:10", -99, false},  {"~:10", 11, true},
	{"10:20", 9, true},   {"10:20", 10, false},  {"10:20", 20, false},
	{"10:20", 21, true},  {"@10:20", 9, false},  {"@10:20", 10, true},
	{"@10:20", 20, true}, {"@10:20", 21, false}, {"5:5", 5, false},
};

static void test_ranges(void)
{
	static const char *const bad[] = {"",  ":", "x",   "1:x",   "2:1", "1e3",
					  "~", "@", "~:x", "1:2:3", "--1", "inf"};
	struct nagios_range r = {.text = NULL};

	ok(!nagios_range_alerts(&r, 1e9), "without a range nothing alerts");
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		ok(nagios_range_parse(&r, ranges[i].text), "%s", ranges[i].text);
		is_int(nagios_range_alerts(&r, ranges[i].value), ranges[i].alerts,
		       "whether it alerts");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct nagios_range none = {.high = 7};

		ok(!nagios_range_parse(&none, bad[i]), "\"%s\" is no range", bad[i]);
		ok(none.high == 7 && !none.text, "and nothing is set");
	}
}

/* --- probes --- */

struct peer {
	int fd;
	int port;
	pthread_t thread;
};

/* The lines of a request that an answer repeats, behind a status line. */
static size_t answer_make(char *out, size_t size, const char *request)
{
	static const char *const kept[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	size_t len = (size_t)snprintf(out, size, "SIP/2.0 200 Fine\r\n");

	for (const char *line = strstr(request, "\r\n") + 2; *line != '\r';
	     line = strstr(line, "\r\n") + 2) {
		int n = (int)strcspn(line, "\r");

		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
			if (!strncmp(line, kept[i], strlen(kept[i])))
				len += (size_t)snprintf(out + len, size - len,
							"%.*s%s\r\n", n, line,
							i == 2 ? ";tag=peer" : "");
	}
	return len + (size_t)snprintf(out + len, size - len, "Content-Length: 0\r\n\r\n");
}

static void *peer_run(void *arg)
{
	struct peer *p = arg;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char in[4096], out[4096];
	ssize_t n;

	/* An empty datagram ends it. */
	while ((n = recvfrom(p->fd, in, sizeof(in) - 1, 0, (struct sockaddr *)&from,
			     &len)) > 0) {
		in[n] = '\0';
		sendto(p->fd, out, answer_make(out, sizeof(out), in), 0,
		       (const struct sockaddr *)&from, len);
	}
	return NULL;
}

static void peer_open(struct peer *p)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(p->fd, (const struct sockaddr *)&in, len) ||
	    getsockname(p->fd, (struct sockaddr *)&in, &len))
		exit(1);
	p->port = ntohs(in.sin_port);
	pthread_create(&p->thread, NULL, peer_run, p);
}

static void peer_close(struct peer *p)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)p->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	sendto(p->fd, "", 0, 0, (const struct sockaddr *)&in, sizeof(in));
	pthread_join(p->thread, NULL);
	close(p->fd);
}

static char target[64], dead[64], config_path[] = "/tmp/siptrunk-probe-XXXXXX";

static const struct {
	const char *args[ARGS_MAX];
	int code;
	const char *out; /* holds this; NULL: nothing */
	const char *err;
} lines[] = {
	{{target}, 0, "200 Fine", NULL},
	{{target, "-v"}, 0, "OPTIONS sip:", NULL},
	{{target, "--format=json"}, 0, "\"state\":\"up\"", NULL},
	{{target, "--format=nagios"}, 0, "OK", NULL},
	{{target, "--format=nagios", "-w", "@0:60"}, 1, "WARNING", NULL},
	{{target, "--format=nagios", "-c", "@0:60"}, 2, "CRITICAL", NULL},
	{{target, "--format=solarwinds"}, 0, "Statistic", NULL},
	{{dead}, 2, "refused", NULL},
	{{dead, "--format=nagios"}, 2, "CRITICAL", NULL},
	{{"peer", "--config.file", config_path}, 0, "200 Fine", NULL},
	{{"nobody", "--config.file", config_path}, 3, NULL, "no trunk of this name"},
	{{"peer", "--config.file", config_path, "--profile=x"}, 3, NULL, "profile"},
	{{"peer", "--config.file", "/nonexistent/x"}, 3, NULL, "cannot be used"},
	{{"http://x"}, 3, NULL, "target"},
	{{target, "--loud"}, 3, NULL, "All flags: siptrunk_exporter probe --help"},
	{{"--help"}, 0, "Usage: siptrunk_exporter probe TARGET", NULL},
};

static void test_lines(void)
{
	static struct captured c;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *argv[ARGS_MAX + 1] = {0};
		int argc = 0, code;

		for (; lines[i].args[argc]; argc++)
			argv[argc] = (char *)(uintptr_t)lines[i].args[argc];
		captured_begin(&c);
		code = probe_cli(argc, argv, "1.2.3");
		captured_end(&c);
		is_int(code, lines[i].code, lines[i].args[argc - 1]);
		if (!ok(!lines[i].out || strstr(c.text[0], lines[i].out), "prints %s",
			lines[i].out ? lines[i].out : "nothing"))
			printf("# %s\n", c.text[0]);
		if (!ok(lines[i].err ? strstr(c.text[1], lines[i].err) ||
					       strstr(c.text[0], lines[i].err)
				     : !c.text[1][0],
			"complains of %s", lines[i].err ? lines[i].err : "nothing"))
			printf("# %s\n", c.text[1]);
	}
}

static void config_write(int port)
{
	int fd = mkstemp(config_path);

	if (fd < 0)
		exit(1);
	dprintf(fd, "{\"trunks\": [{\"name\": \"peer\", \"uri\": \"sip:127.0.0.1:%d\"}]}",
		port);
	close(fd);
}

int main(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int dead_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct peer p;

	if (bind(dead_fd, (const struct sockaddr *)&in, len) ||
	    getsockname(dead_fd, (struct sockaddr *)&in, &len))
		return 1;
	peer_open(&p);
	snprintf(target, sizeof(target), "sip:127.0.0.1:%d", p.port);
	snprintf(dead, sizeof(dead), "sip:127.0.0.1:%d;transport=tcp",
		 ntohs(in.sin_port));
	config_write(p.port);
	test_args();
	test_ranges();
	test_lines();
	peer_close(&p);
	close(dead_fd);
	unlink(config_path);
	return tap_done();
}
