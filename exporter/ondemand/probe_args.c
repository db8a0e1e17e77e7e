#include "exporter/ondemand/probe_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/flags.h"
#include "base/redact.h"
#include "config/value.h"
#include "exporter/ondemand/probe_target.h"

/* In the order of probe_formats. */
static const char *const formats[] = {"text", "json", "nagios", "solarwinds", NULL};

static int probe_args_set_format(struct flags *p, const struct flag *f, const char *value)
{
	struct probe_args *a = p->out;
	int index = 0;
	int err = flags_choice(p, f, value, &index);

	if (!err)
		a->format = &probe_formats[index];
	return err;
}

/* A bare number is seconds, as plugins take them. */
static int probe_args_set_timeout(struct flags *p, const struct flag *f,
				  const char *value)
{
	const int64_t least_us = 10000, most_us = 600 * INT64_C(1000000);
	struct probe_args *a = p->out;
	char text[32], no[160];
	const char *why;
	int64_t us;

	snprintf(text, sizeof(text), "%s%s", value,
		 value[strspn(value, "0123456789.")] ? "" : "s");
	why = value_duration(&us, text);
	if (why) {
		snprintf(no, sizeof(no), "cannot be read: %s", why);
		return flags_refuse(p, f, value, no);
	}
	if (us < least_us || us > most_us)
		return flags_refuse(p, f, value, "is not from 10ms to 10m");
	a->timeout_us = us;
	return 0;
}

/* A day, from its first second in UTC, or a moment with its offset. */
static int probe_args_set_at(struct flags *p, const struct flag *f, const char *value)
{
	struct probe_args *a = p->out;
	char first[32];

	snprintf(first, sizeof(first), "%sT00:00Z", value);
	if (date_parse(&a->trust_at_s, strchr(value, ':') ? value : first) ||
	    a->trust_at_s <= 0)
		return flags_refuse(p, f, value, "is no date as in 2027-03-15");
	return 0;
}

static int probe_args_set_method(struct flags *p, const struct flag *f, const char *value)
{
	struct probe_args *a = p->out;
	int index = 0;
	int err = flags_choice(p, f, value, &index);

	if (!err)
		a->methods = 1U << index;
	return err;
}

static int probe_args_set_range(struct flags *p, const struct flag *f, const char *value)
{
	if (!nagios_range_parse(flags_field(p, f), value))
		return flags_refuse(p, f, value, "is no range of seconds");
	return 0;
}

/* "30", of days, is the range "30:"; the text of it must stay. */
static bool probe_args_read_days(struct nagios_range *r, char *text, size_t size,
				 const char *value, size_t len)
{
	bool plain = len && strspn(value, "0123456789") >= len;
	int n = snprintf(text, size, "%.*s%s", (int)len, value, plain ? ":" : "");

	return n > 0 && (size_t)n < size && nagios_range_parse(r, text);
}

/* As check_http -C has it: days for a warning, and after a comma for critical. */
static int probe_args_set_days(struct flags *p, const struct flag *f, const char *value)
{
	struct probe_args *a = p->out;
	struct probe_days *d = &a->days;
	size_t len = strcspn(value, ",");
	const char *critical = value[len] ? value + len + 1 : NULL;

	if (!probe_args_read_days(&d->warning, d->text[0], sizeof(d->text[0]), value,
				  len) ||
	    (critical &&
	     !probe_args_read_days(&d->critical, d->text[1], sizeof(d->text[1]), critical,
				   strlen(critical))))
		return flags_refuse(p, f, value, "is no number of days as in 30 or 30,7");
	a->has_days = true;
	return 0;
}

static int probe_args_set_target(struct flags *p, const char *word)
{
	struct probe_args *a = p->out;

	if (a->target)
		return flags_complain(p, "one target at a time: \"%.60s\" is one more",
				      redact(word).s);
	a->target = word;
	return 0;
}

#define AT(field) offsetof(struct probe_args, field)

static const struct flag flags[] = {
	{
		.name = "format",
		.letter = 'f',
		.metavar = "FORMAT",
		.fallback = "text",
		.choices = formats,
		.set = probe_args_set_format,
		.help = "text for people, json for programs, nagios for Nagios, Icinga "
			"and SCOM, solarwinds for a script monitor of Orion.",
	},
	{
		.name = "timeout",
		.letter = 't',
		.metavar = "TIME",
		.set = probe_args_set_timeout,
		.help = "Give up after this long, names included, as in 5s or 500ms. "
			"Default: the timeout of the settings, 5s without a "
			"configuration",
	},
	{
		.name = "method",
		.letter = 'm',
		.metavar = "METHOD",
		.choices = probe_target_methods,
		.set = probe_args_set_method,
		.help = "Probe with OPTIONS, or ask with REGISTER what is registered. "
			"Default: what the settings say, OPTIONS without a "
			"configuration.",
	},
	{
		.name = "config.file",
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = AT(config_file),
		.help = "Take trunks, profiles and defaults from this file. TARGET may "
			"then be the name of a trunk.",
	},
	{
		.name = "profile",
		.letter = 'p',
		.metavar = "NAME",
		.set = flags_set_text,
		.offset = AT(profile),
		.help = "Probe with the settings of this profile of the file.",
	},
	{
		.name = "trust-with",
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = AT(trust_with),
		.help = "Tell besides whether the certificates that the peer shows would "
			"verify if the authorities in this PEM file were all that is "
			"trusted. Exit code 1 if they would not and it works now.",
	},
	{
		.name = "at",
		.metavar = "DATE",
		.set = probe_args_set_at,
		.help = "With --trust-with: judge as on this day, as in 2027-03-15.",
	},
	{
		.name = "warning",
		.letter = 'w',
		.metavar = "RANGE",
		.set = probe_args_set_range,
		.offset = AT(warning),
		.help = "Warn when the answer takes other than this many seconds, as in "
			"0.5 or 0.001:0.5. For the formats nagios and solarwinds.",
	},
	{
		.name = "critical",
		.letter = 'c',
		.metavar = "RANGE",
		.set = probe_args_set_range,
		.offset = AT(critical),
		.help = "The same for critical.",
	},
	{
		.name = "certificate",
		.letter = 'C',
		.metavar = "DAYS[,DAYS]",
		.set = probe_args_set_days,
		.help = "Warn when a certificate that the peer shows has fewer days "
			"left, "
			"as in 30; after a comma the same for critical, as in 30,7. "
			"Ranges may stand for them, as in 30:,7:. For the formats nagios "
			"and solarwinds.",
	},
	{
		.name = "all",
		.set = flags_set_switch,
		.offset = AT(all),
		.help = "Probe every trunk of --config.file, a line each, and exit with "
			"the worst of their codes.",
	},
	{
		.name = "pcap",
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = AT(pcap),
		.help = "Write the messages, with their secrets taken out, to this file "
			"as pcapng for Wireshark; - is standard output, and what is "
			"told of the probe then goes to standard error.",
	},
	{
		.name = "trace",
		.letter = 'T',
		.set = flags_set_switch,
		.offset = AT(trace),
		.help = "Then trace the way: the routers by the request with rising TTL "
			"(over TCP and TLS by its SYN), and the SIP hops behind by "
			"Max-Forwards. For the formats text and json.",
	},
	{
		.name = "verbose",
		.letter = 'v',
		.set = flags_set_switch,
		.offset = AT(verbose),
		.help = "With text: show messages whole, with their secrets taken out.",
	},
	{
		.name = "help",
		.letter = 'h',
		.last = true,
		.set = flags_set_switch,
		.offset = AT(help),
		.help = "Print this text and exit.",
	},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

static const char *probe_args_all_fault(const struct probe_args *a)
{
	if (a->target)
		return "--all probes every trunk: there can be no target beside it";
	if (!a->config_file)
		return "--all needs --config.file=PATH";
	if (!a->format->tell_all)
		return "--all needs --format=text, json or nagios";
	if (a->trace)
		return "--trace is for one target, not for --all";
	return a->pcap ? "--pcap is for one target, not for --all" : NULL;
}

static const char *probe_args_fault(const struct probe_args *a)
{
	const char *fault = a->all ? probe_args_all_fault(a) : NULL;

	if (fault)
		return fault;
	if (!a->target && !a->all)
		return "what to probe is not given, as in sip:sbc.example.com";
	if (a->trust_at_s && !a->trust_with)
		return "--at needs --trust-with=PATH";
	if (a->profile && !a->config_file)
		return "--profile needs --config.file=PATH";
	if ((a->warning.text || a->critical.text) && !a->format->thresholds)
		return "--warning and --critical need --format=nagios or solarwinds";
	if (a->trace && a->format->thresholds)
		return "--trace needs --format=text or json";
	if (a->has_days && !a->format->thresholds)
		return "--certificate needs --format=nagios or solarwinds";
	return NULL;
}

int probe_args_parse(struct probe_args *out, int argc, char *const argv[], char *why,
		     size_t why_size)
{
	struct flags p = {
		.rows = flags,
		.count = FLAG_COUNT,
		.out = out,
		.argument = probe_args_set_target,
		.err_text = why,
		.err_size = why_size,
	};
	const char *fault;
	int err;

	*out = (struct probe_args){0};
	err = flags_parse(&p, argc, argv);
	if (err || out->help)
		return err;
	fault = probe_args_fault(out);
	return fault ? flags_complain(&p, "%s", fault) : 0;
}

static const char usage[] =
	"Usage: siptrunk_exporter probe TARGET [FLAG]...\n"
	"       siptrunk_exporter probe --all --config.file=PATH [FLAG]...\n"
	"\n"
	"Probes a SIP URI once, now, at each address that its name has, and tells\n"
	"what it saw: every message with its time, the peer's certificate, a\n"
	"verdict, and what to do next. TARGET is as sip:sbc.example.com,\n"
	"\"sips:[2001:db8::1]\" or \"sip:192.0.2.1:5080;transport=tcp\".\n"
	"\n";

static const char exit_codes[] =
	"\n"
	"Exit code: 0 up, 1 degraded, 2 down, 3 wrong usage or a fault of our own.\n"
	"With --all the worst of them: 2 before 3 before 1 before 0.\n"
	"With --format=solarwinds: 0 up, 1 down, 2 degraded or past --warning, 3 past\n"
	"--critical, 4 wrong usage or a fault of our own.\n";

void probe_args_help(FILE *out)
{
	fputs(usage, out);
	flags_help(out, flags, FLAG_COUNT);
	fputs(exit_codes, out);
}
