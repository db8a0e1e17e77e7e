/* The log's lines, byte for byte, as they arrive at the other end of a pipe. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/tap.h"

static int pipe_fd[2];
static char line[8192];

/* Returns the line written since the last call, without its time. */
static const char *taken(void)
{
	ssize_t n = read(pipe_fd[0], line, sizeof(line) - 1);
	const char *level;

	line[n > 0 ? n : 0] = '\0';
	level = strstr(line, "level");
	return level ? level : line;
}

static const struct {
	const char *name;
	const char *value;
	const char *logfmt;
	const char *json;
} values[] = {
	{"a bare word", "isp-a", "v=isp-a", "\"v\":\"isp-a\""},
	{"an address", "[2001:db8::1]:5060", "v=[2001:db8::1]:5060",
	 "\"v\":\"[2001:db8::1]:5060\""},
	{"nothing", "", "v=", "\"v\":\"\""},
	{"the word null", "null", "v=\"null\"", "\"v\":\"null\""},
	{"a space", "Service Unavailable", "v=\"Service Unavailable\"",
	 "\"v\":\"Service Unavailable\""},
	{"an equals sign", "a=b", "v=\"a=b\"", "\"v\":\"a=b\""},
	{"a quote", "say \"no\"", "v=\"say \\\"no\\\"\"", "\"v\":\"say \\\"no\\\"\""},
	{"a backslash", "a\\b", "v=a\\b", "\"v\":\"a\\\\b\""},
	{"a backslash between quotes", "a \\b", "v=\"a \\\\b\"", "\"v\":\"a \\\\b\""},
	{"line ends", "a\r\nlevel=error b\t", "v=\"a\\r\\nlevel=error b\\t\"",
	 "\"v\":\"a\\r\\nlevel=error b\\t\""},
	{"an escape sequence", "\033[2J", "v=\"\\u001b[2J\"", "\"v\":\"\\u001b[2J\""},
	{"DEL", "a\177", "v=\"a\\u007f\"", "\"v\":\"a\\u007f\""},
	{"a C1 control", "\302\233m", "v=\"\\u009bm\"", "\"v\":\"\\u009bm\""},
	{"letters beyond ASCII", "Malm\303\266", "v=Malm\303\266",
	 "\"v\":\"Malm\303\266\""},
	{"four bytes", "\360\237\223\236", "v=\360\237\223\236",
	 "\"v\":\"\360\237\223\236\""},
	{"a direction override", "a\342\200\256b", "v=\"a\\u202eb\"",
	 "\"v\":\"a\\u202eb\""},
	{"a stray byte", "a\200b", "v=\"a\\ufffdb\"", "\"v\":\"a\\ufffdb\""},
	{"a sequence cut short", "\342\202", "v=\"\\ufffd\\ufffd\"",
	 "\"v\":\"\\ufffd\\ufffd\""},
	{"an overlong slash", "\300\257", "v=\"\\ufffd\\ufffd\"",
	 "\"v\":\"\\ufffd\\ufffd\""},
	{"an overlong NUL of three bytes", "\340\200\200", "v=\"\\ufffd\\ufffd\\ufffd\"",
	 "\"v\":\"\\ufffd\\ufffd\\ufffd\""},
	{"a surrogate", "\355\240\200", "v=\"\\ufffd\\ufffd\\ufffd\"",
	 "\"v\":\"\\ufffd\\ufffd\\ufffd\""},
	{"past the last code point", "\364\220\200\200",
	 "v=\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "\"v\":\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
};

static void test_values(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char want[256];

		log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
		log_event(LOG_LEVEL_INFO, "m", LOG_S("v", values[i].value));
		snprintf(want, sizeof(want), "level=info msg=m %s\n", values[i].logfmt);
		is_str(taken(), want, values[i].name);

		log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
		log_event(LOG_LEVEL_INFO, "m", LOG_S("v", values[i].value));
		snprintf(want, sizeof(want), "level\":\"info\",\"msg\":\"m\",%s}\n",
			 values[i].json);
		is_str(taken(), want, values[i].name);
	}
}

static const struct {
	struct log_field field;
	const char *want;
} numbers[] = {
	{{"n", LOG_INTEGER, NULL, 0}, "n=0"},
	{{"n", LOG_INTEGER, NULL, -17}, "n=-17"},
	{{"n", LOG_INTEGER, NULL, INT64_MAX}, "n=9223372036854775807"},
	{{"n", LOG_INTEGER, NULL, INT64_MIN}, "n=-9223372036854775808"},
	{{"n", LOG_SECONDS, NULL, 0}, "n=0.000"},
	{{"n", LOG_SECONDS, NULL, 999999}, "n=0.000"},
	{{"n", LOG_SECONDS, NULL, 1000000}, "n=0.001"},
	{{"n", LOG_SECONDS, NULL, 61034999999}, "n=61.034"},
	{{"n", LOG_SECONDS, NULL, -1500000000}, "n=-1.500"},
};

static void test_numbers(void)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char want[64];

		log_event(LOG_LEVEL_INFO, "m", numbers[i].field);
		snprintf(want, sizeof(want), "level=info msg=m %s\n", numbers[i].want);
		is_str(taken(), want, numbers[i].want);
	}
}

static void test_levels(void)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	for (enum log_level least = LOG_LEVEL_DEBUG; least <= LOG_LEVEL_ERROR; least++) {
		log_setup(least, LOG_FORMAT_LOGFMT);
		for (enum log_level l = LOG_LEVEL_DEBUG; l <= LOG_LEVEL_ERROR; l++) {
			char want[64] = "";

			log_write(l, "two words", NULL);
			if (l >= least)
				snprintf(want, sizeof(want),
					 "level=%s msg=\"two words\"\n", names[l]);
			is_str(taken(), want, names[l]);
			ok(log_enabled(l) == (l >= least), "enabled says so");
		}
	}
}

static void test_fields(void)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_event(LOG_LEVEL_WARN, "m", LOG_S("a", "x"), LOG_S("b", NULL), LOG_I("c", 3),
		  LOG_SEC("d", 4500000000));
	is_str(taken(),
	       "level\":\"warn\",\"msg\":\"m\",\"a\":\"x\",\"c\":3,\"d\":4.500}\n",
	       "fields in order, NULL left out");
}

static void test_time(void)
{
	const char *shape = "ts=dddd-dd-ddTdd:dd:dd.dddZ level=info msg=m\n";
	bool same = true;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	log_write(LOG_LEVEL_INFO, "m", NULL);
	taken();
	for (size_t i = 0; shape[i] && same; i++)
		same = shape[i] == 'd' ? line[i] >= '0' && line[i] <= '9'
				       : line[i] == shape[i];
	ok(same && strlen(line) == strlen(shape), "time is RFC 3339: %s", line);
}

/* Whatever comes in, a line stays within 4096 bytes and ends well. */
static void test_bounds(void)
{
	static const char *const ends[] = {" truncated=1\n", ",\"truncated\":1}\n"};
	static const char *const cuts[] = {"aaa...\"\n", "aaa...\"}\n"};
	char *lots = malloc(20001);

	memset(lots, 'a', 20000);
	lots[20000] = '\0';
	for (int f = 0; f < 2; f++) {
		size_t len;

		log_setup(LOG_LEVEL_INFO, (enum log_format)f);
		log_event(LOG_LEVEL_INFO, "m", LOG_S("k", lots));
		len = strlen(taken());
		ok(len > 1024 && len < 1100, "a long value is cut: %zu bytes", len);
		is_str(line + strlen(line) - strlen(cuts[f]), cuts[f], "and says so");

		memset(lots, '\001', 1500);
		log_event(LOG_LEVEL_INFO, "m", LOG_S("k", lots), LOG_S("l", lots),
			  LOG_S("m", lots), LOG_S("n", lots), LOG_I("last", 1));
		taken();
		ok(strlen(line) <= 4096, "a long line is cut: %zu bytes", strlen(line));
		is_str(line + strlen(line) - strlen(ends[f]), ends[f], "and says so");
		ok(!strstr(line, "last"), "what follows a lost field is lost too");
		memset(lots, 'a', 1500);
	}
	free(lots);
}

/* A terminal whose reader stopped: nobody waits, lines stay whole, what is lost is said.
 */
static void test_unread_terminal(bool lent)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, lines = 0;
	uint64_t lost = log_lost();
	char *text = malloc(1 << 20), *next = text;
	struct rlimit limit;
	size_t len = 0;

	grantpt(master);
	unlockpt(master);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	dup2(slave, STDERR_FILENO);
	close(slave);
	/* As if it were another user's: it cannot be opened again. */
	getrlimit(RLIMIT_NOFILE, &limit);
	if (lent)
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, limit.rlim_max});
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 2000; i++)
		log_event(LOG_LEVEL_INFO, "unread", LOG_I("n", i));
	ok(log_lost() > lost, "%llu lines of 2000 were lost",
	   (unsigned long long)(log_lost() - lost));
	fcntl(master, F_SETFL, O_NONBLOCK);
	for (int again = 0; again < 3; again++) {
		for (ssize_t n; (n = read(master, text + len, 65536)) > 0;)
			len += (size_t)n;
		log_event(LOG_LEVEL_INFO, "read", LOG_I("n", again));
	}
	text[len] = '\0';
	ok(strstr(text, "nobody read them\" lines=") != NULL, "they are told of");
	ok(strstr(text, "msg=read n=1") != NULL, "and what comes next is there");
	for (char *whole = strsep(&next, "\n"); whole && *whole;
	     whole = strsep(&next, "\n")) {
		if (strncmp(whole, "ts=", 3) || !strstr(whole, "level="))
			ok(0, "a whole line: %s", whole);
		lines++;
	}
	ok(lines > 10, "%d whole lines", lines);
	free(text);
	close(master);
}

int main(void)
{
	if (pipe2(pipe_fd, O_NONBLOCK) || dup2(pipe_fd[1], STDERR_FILENO) < 0)
		return 1;
	test_values();
	test_numbers();
	test_levels();
	test_fields();
	test_time();
	test_bounds();
	test_unread_terminal(false);
	test_unread_terminal(true);
	return tap_done();
}
