/* The command line of `siptrunk_exporter probe`. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"
#include "exporter/ondemand/probe_args.h"
#include "tests/unit/tap.h"

enum { WORDS_MAX = 10 };

static struct probe_args got;
static char text[256];

static int parse(const char *const *words)
{
	char *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	memset(&got, 0x55, sizeof(got));
	text[0] = '\0';
	return probe_args_parse(&got, argc, argv, text, sizeof(text));
}

static const struct {
	const char *words[WORDS_MAX];
	const char *format; /* known also where the line is wrong */
	const char *text;
} wrong[] = {
	{{NULL}, "text", "what to probe is not given, as in sip:sbc.example.com"},
	{{"a", "b"}, "text", "one target at a time: \"b\" is one more"},
	{{"a", "-f", "json", "--tineout=1"},
	 "json",
	 "unknown flag --tineout, did you mean --timeout?"},
	{{"a", "-fnagios", "-w", "1", "--warning=2"},
	 "nagios",
	 "--warning is given twice"},
	{{"a", "--format=xml"},
	 "text",
	 "--format: \"xml\" is none of text, json, nagios, solarwinds"},
	{{"a", "--method=NOTIFY"},
	 "text",
	 "--method: \"NOTIFY\" is none of OPTIONS, REGISTER, INVITE"},
	{{"a", "-t", "5x"},
	 "text",
	 "--timeout: \"5x\" cannot be read: the unit of a duration is ms, s, m or h"},
	{{"a", "-t", "9ms"}, "text", "--timeout: \"9ms\" is not from 10ms to 10m"},
	{{"a", "-t", "601"}, "text", "--timeout: \"601\" is not from 10ms to 10m"},
	{{"a", "-c", "5:1"}, "text", "--critical: \"5:1\" is no range of seconds"},
	{{"a", "-w", "1"},
	 "text",
	 "--warning and --critical need --format=nagios or solarwinds"},
	{{"a", "--at=2027-02-31"},
	 "text",
	 "--at: \"2027-02-31\" is no date as in 2027-03-15"},
	{{"a", "--at=2027-02-29T00:00:00Z"},
	 "text",
	 "--at: \"2027-02-29T00:00:00Z\" is no date as in 2027-03-15"},
	{{"a", "--at=2027-03-15T12:00:00"},
	 "text",
	 "--at: \"2027-03-15T12:00:00\" is no date as in 2027-03-15"},
	{{"a", "--at=1970-01-01"},
	 "text",
	 "--at: \"1970-01-01\" is no date as in 2027-03-15"},
	{{"a", "--at=2027-03-15"}, "text", "--at needs --trust-with=PATH"},
	{{"a", "-p", "x"}, "text", "--profile needs --config.file=PATH"},
	{{"a", "--timeout"}, "text", "--timeout needs a value: --timeout=TIME"},
	{{"a", "--verbose=1"}, "text", "--verbose takes no value"},
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		is_int(parse(wrong[i].words), EINVAL, wrong[i].text);
		is_str(text, wrong[i].text, "the sentence");
		is_str(got.format->name, wrong[i].format, "the format to say it in");
	}
}

/* A name of the command line stands for the row of the same name. */
static void test_formats(void)
{
	for (size_t i = 0; i < probe_format_count; i++) {
		const char *name = probe_formats[i].name;

		is_int(parse((const char *[]){"a", "-f", name, NULL}), 0, name);
		ok(got.format == &probe_formats[i], "is its own row");
	}
}

static void test_values(void)
{
	is_int(parse((const char *[]){"isp-a", "--config.file=t.json", "-p", "tls", "-t",
				      "1.5", "-m", "REGISTER", "-v", NULL}),
	       0, "all but thresholds");
	is_str(got.target, "isp-a", "target");
	is_str(got.config_file, "t.json", "file");
	is_str(got.profile, "tls", "profile");
	is_int(got.timeout_us, 1500000, "a bare number is seconds");
	is_int(got.methods, 1U << CONFIG_METHOD_REGISTER, "method");
	ok(got.verbose && !got.help, "switches");
	is_int(parse((const char *[]){"a", "-fnagios", "-w0.5", "--critical", "@1:2",
				      NULL}),
	       0, "thresholds");
	is_str(got.warning.text, "0.5", "warning");
	ok(got.critical.inside && got.critical.high == 2, "critical");
	is_int(parse((const char *[]){"-h", "a", "b", NULL}), 0, "help wins");
	ok(got.help, "over what follows");
}

static const struct {
	const char *text;
	int64_t unix_s;
} dates[] = {
	{"2028-02-29", 1835395200},
	{"2028-02-29T00:00:00Z", 1835395200},
	{"2028-02-29T12:30:05Z", 1835440205},
};

/* A day is from its first second. */
static void test_dates(void)
{
	for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
		is_int(parse((const char *[]){"a", "--trust-with=x", "--at",
					      dates[i].text, NULL}),
		       0, dates[i].text);
		is_int(got.trust_at_s, dates[i].unix_s, "is that moment");
	}
}

int main(void)
{
	test_wrong();
	test_formats();
	test_values();
	test_dates();
	return tap_done();
}
