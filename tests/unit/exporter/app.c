/* The program's life in one process: start, probes, reloads, failures, the end. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/app.h"
#include "tests/unit/captured.h"
#include "tests/unit/exporter/http/http_client.h"
#include "tests/unit/tap.h"

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path)  "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
#define PATIENCE_NS (20 * CLOCK_NS_PER_S)

static char folder[] = "/tmp/siptrunk-app-XXXXXX";
static char config_path[64], web_path[64];

/* All that the program logged so far; standard error is a file that grows. */
static const char *logged(void)
{
	static char text[1 << 18];
	off_t end = lseek(STDERR_FILENO, 0, SEEK_CUR);
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	text[n > 0 && n <= end ? n : 0] = '\0';
	return text;
}

static void log_forget(void)
{
	if (ftruncate(STDERR_FILENO, 0) || lseek(STDERR_FILENO, 0, SEEK_SET))
		exit(1);
}

/* Whether @word comes within the test's patience. */
static bool log_wait(const char *word)
{
	const struct timespec step = {.tv_nsec = 5000000};
	int64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	while (!strstr(logged(), word)) {
		if (clock_monotonic_ns() > end_ns)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

static void file_write(const char *path, const char *text)
{
	char new[80];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) || rename(new, path))
		exit(1);
}

/* What an address that is listened on is called in the log, "http=127.0.0.1:PORT". */
static int port_logged(const char *key)
{
	const char *at = strstr(logged(), key);

	return at ? atoi(strchr(at + strlen(key), ':') + 1) : -1;
}

/* The body of an answer whose status is @status; the caller frees it. */
static char *asked(int port, const char *request, int status)
{
	struct reply r = client_ask(port, request);

	tap_ok(r.status == status, __FILE__, __LINE__, "%.*s: %d",
	       (int)strcspn(request, "\r"), request, status);
	return r.body ? r.body : strdup("");
}

static void ask(int port, const char *request, int status, const char *word)
{
	char *body = asked(port, request, status);

	if (!ok(strstr(body, word) != NULL, "says %.*s", (int)strcspn(word, "\n"), word))
		printf("# %.400s\n", body);
	free(body);
}

/* Asks until the answer holds a word. */
static bool metrics_wait(int port, const char *word)
{
	const struct timespec step = {.tv_nsec = 20000000};
	int64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;
	bool found = false;

	while (!found && clock_monotonic_ns() < end_ns) {
		struct reply r = client_ask(port, GET("/metrics"));

		found = r.body && strstr(r.body, word);
		free(r.body);
		if (!found)
			nanosleep(&step, NULL);
	}
	return found;
}

/* A thread that does as people do while the program runs; it ends with SIGTERM. */
static int run_with(const struct cli *cli, void *(*people)(void *arg))
{
	pthread_t thread;
	int code;

	/* The loop takes its signals from a descriptor, so no thread may have them. */
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &taken, NULL);
	log_forget();
	pthread_create(&thread, NULL, people, NULL);
	code = app_run(cli, "1.2.3");
	pthread_join(thread, NULL);
	return code;
}

static void signal_send(int sig)
{
	kill(getpid(), sig);
}

/* --- the demo --- */

static void *demo_people(void *arg)
{
	int port;

	if (!log_wait("msg=\"the demo runs, look at\" page=http://localhost:")) {
		ok(false, "the demo starts");
		signal_send(SIGTERM);
		return arg;
	}
	port = port_logged("http=");
	ok(metrics_wait(port, "siptrunk_state{trunk=\"demo-udp\",carrier=\"demo-a\","
			      "site=\"loopback\",state=\"up\"} 1\n"),
	   "its trunk over UDP is up");
	ok(metrics_wait(port, "siptrunk_state{trunk=\"demo-tcp\",carrier=\"demo-a\","
			      "site=\"loopback\",state=\"up\"} 1\n"),
	   "and that over TCP");
	ok(metrics_wait(port, "siptrunk_state{trunk=\"demo-dead\",carrier=\"demo-b\","
			      "site=\"loopback\",state=\"down\"} 1\n"),
	   "and the dead one is down");
	ask(port, GET("/-/ready"), 200, "ready");
	ask(port, GET("/probe?target=demo-udp"), 200, "probe_success 1\n");
	ask(port, GET("/probe?target=sip:192.0.2.1"), 403, "probe.allow is empty");
	ask(port, GET("/probe?target=nobody"), 400, "no trunk of this name");
	ask(port, POST("/-/reload"), 200, "reloaded");
	ok(strstr(logged(), "nothing to reload in the demo"), "which is nothing here");
	signal_send(SIGTERM);
	return arg;
}

static void test_demo(void)
{
	const struct cli cli = {.demo = true,
				.listen = {"127.0.0.1:0"},
				.listen_count = 1,
				.telemetry_path = "/metrics",
				.lifecycle = true,
				.sandbox = false};

	is_int(run_with(&cli, demo_people), 0, "the demo ends well");
	ok(strstr(logged(), "msg=stopping signal=TERM"), "by a signal");
	ok(strstr(logged(), "level=info msg=stopped"), "and says so");
	ok(strstr(logged(), "trunk=demo-udp from=unknown to=up"), "its trunk came up");
}

/* --- a configuration that changes --- */

static const char *config_text(const char *trunks, const char *more)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "{\"trunks\": [%s], \"defaults\": {\"interval\": \"1s\", \"timeout\": "
		 "\"500ms\"}, \"sip\": {\"listen\": [\"udp:127.0.0.1:0\"]}%s}",
		 trunks, more);
	return text;
}

#define TRUNK_A "{\"name\": \"a\", \"uri\": \"sip:127.0.0.1:9;transport=tcp\"}"
#define TRUNK_B "{\"name\": \"b\", \"uri\": \"sip:127.0.0.1:9;transport=tcp\"}"

static void *reload_people(void *arg)
{
	int port;

	if (!log_wait("msg=started version=1.2.3")) {
		ok(false, "it starts");
		signal_send(SIGTERM);
		return arg;
	}
	port = port_logged("http=");
	ok(port_logged("sip=udp:127.0.0.1") > 0, "it listens for SIP");
	ok(metrics_wait(port, "siptrunk_info{trunk=\"a\""), "its trunk is there");

	file_write(config_path, config_text(TRUNK_A "," TRUNK_B, ""));
	ask(port, POST("/-/reload"), 200, "reloaded\n1 added: b\n");
	ok(metrics_wait(port, "siptrunk_info{trunk=\"b\""), "one more after a reload");

	file_write(config_path, config_text("{\"name\": \"a\"}", ""));
	ask(port, POST("/-/reload"), 500, "trunks[0]");
	ok(log_wait("msg=\"reload failed, the old configuration stays\""),
	   "a wrong one is refused");
	ok(strstr(logged(), "msg=\"configuration error\" file="), "with its errors");
	ask(port, GET("/metrics"), 200,
	    "siptrunk_exporter_config_last_reload_successful 0\n");
	ask(port, GET("/metrics"), 200, "siptrunk_info{trunk=\"b\"");

	file_write(config_path,
		   config_text(TRUNK_B, ", \"histogram\": {\"buckets\": [1, 2]},"
					" \"status\": {\"history\": 9}"));
	signal_send(SIGHUP);
	ok(log_wait("msg=\"new histogram settings need a restart\""),
	   "what a reload cannot change is said");
	ok(log_wait("msg=\"new status settings need a restart\""), "each");
	ok(log_wait("trunks=1 added=0 removed=1 changed=0 paused=0 resumed=0 "
		    "removed_names=a\n"),
	   "the reload is logged");
	log_forget();
	unlink(config_path);
	ask(port, POST("/-/reload"), 500, "No such file or directory");
	ask(port, GET("/metrics"), 200, "siptrunk_info{trunk=\"b\"");
	signal_send(SIGTERM);
	return arg;
}

static void test_reloads(void)
{
	const struct cli cli = {.config_file = config_path,
				.listen = {"127.0.0.1:0"},
				.listen_count = 1,
				.telemetry_path = "/metrics",
				.lifecycle = true,
				.sandbox = false,
				.shard = {.index = 0, .total = 1}};

	file_write(config_path, config_text(TRUNK_A, ""));
	is_int(run_with(&cli, reload_people), 0, "it ends well");
}

/* --- a file that is watched --- */

static void *watch_people(void *arg)
{
	if (!log_wait("msg=started")) {
		ok(false, "it starts");
	} else {
		file_write(config_path, config_text(TRUNK_A "," TRUNK_B, ""));
		ok(log_wait("msg=\"configuration reloaded\""),
		   "a changed file is read by itself");
		ok(strstr(logged(), "shard=0/1"), "the share is told");
	}
	signal_send(SIGINT);
	return arg;
}

static void test_watch(void)
{
	const struct cli cli = {.config_file = config_path,
				.listen = {"127.0.0.1:0"},
				.listen_count = 1,
				.telemetry_path = "/m",
				.sandbox = false,
				.shard = {.index = 0, .total = 1}};

	file_write(config_path, config_text(TRUNK_A, ", \"watch\": true"));
	is_int(run_with(&cli, watch_people), 0, "it ends well");
	ok(strstr(logged(), "msg=stopping signal=INT"), "by the other signal");
}

/* --- what cannot start --- */

static const struct {
	const char *config;
	const char *web; /* NULL: none */
	const char *listen;
	const char *line;
} failures[] = {
	{"{\"trunks\": 7}", NULL, "127.0.0.1:0", "msg=\"configuration error\" file="},
	{NULL, NULL, "127.0.0.1:0", "No such file or directory"},
	{"{\"trunks\": []}", "nonsense: 1\n", "127.0.0.1:0", "nonsense"},
	{"{\"trunks\": []}", NULL, "192.0.2.1:0",
	 "msg=\"cannot serve HTTP\" error=\"192.0.2.1:0: Cannot assign requested "
	 "address"},
	{"{\"trunks\": [], \"sip\": {\"listen\": [\"udp:192.0.2.1:5060\"]}}", NULL,
	 "127.0.0.1:0", "msg=\"the configuration cannot be applied\" error="},
};

static void test_failures(void)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		const struct cli cli = {.config_file = config_path,
					.web_config_file =
						failures[i].web ? web_path : NULL,
					.listen = {failures[i].listen},
					.listen_count = 1,
					.telemetry_path = "/metrics",
					.sandbox = false};

		log_forget();
		unlink(config_path);
		if (failures[i].config)
			file_write(config_path, failures[i].config);
		if (failures[i].web)
			file_write(web_path, failures[i].web);
		is_int(app_run(&cli, "1.2.3"), 1, "it cannot start");
		if (!ok(strstr(logged(), failures[i].line), "and says why"))
			printf("# %s\n", logged());
		ok(!strstr(logged(), "msg=stopped"), "it never ran");
	}
}

/* --- --config.check --- */

static void check_says(const char *config, const char *web, int code, const char *out,
		       const char *err)
{
	static struct captured c;
	const struct cli cli = {.config_file = config_path,
				.web_config_file = web ? web_path : NULL};
	int got;

	unlink(config_path);
	if (config)
		file_write(config_path, config);
	if (web)
		file_write(web_path, web);
	captured_begin(&c);
	got = app_check(&cli);
	captured_end(&c);
	is_int(got, code, "a check");
	ok(out ? strstr(c.text[0], out) != NULL : !c.text[0][0], "says %s",
	   out ? out : "nothing");
	ok(err ? strstr(c.text[1], err) != NULL : !c.text[1][0], "complains of %s",
	   err ? err : "nothing");
}

static void test_check(void)
{
	const char *good = config_text(TRUNK_A, "");

	check_says(good, NULL, 0, "c.json: ok (1 trunks)\n", NULL);
	check_says(good, "basic_auth_users: {}\n", 0, "web.yml: ok\n", NULL);
	check_says("{", NULL, 1, NULL, "c.json:1:");
	check_says(NULL, NULL, 1, NULL, "No such file or directory");
	check_says(good, "x: 1\n", 1, "c.json: ok", "web.yml:1:");
}

int main(void)
{
	char path[64];
	int fd;

	if (!mkdtemp(folder))
		return 1;
	snprintf(config_path, sizeof(config_path), "%s/c.json", folder);
	snprintf(web_path, sizeof(web_path), "%s/web.yml", folder);
	snprintf(path, sizeof(path), "%s/log", folder);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return 1;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	test_demo();
	test_reloads();
	test_watch();
	test_failures();
	test_check();
	unlink(path);
	unlink(config_path);
	unlink(web_path);
	rmdir(folder);
	return tap_done();
}
