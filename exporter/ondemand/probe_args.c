#include "exporter/ondemand/probe_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "exporter/ondemand/probe_target.h"

/* What a flag's value does. Returns NULL or what is wrong with it. */
typedef const char *(arg_set_h)(struct probe_args *a, const char *value);

struct arg {
	const char *name;
	char letter; /* 0: none */
	const char *metavar;
	arg_set_h *set;
	const char *help; /* lines of --help */
};

static const char *set_format(struct probe_args *a, const char *value)
{
	for (size_t i = 0; i < probe_format_count; i++) {
		if (!strcmp(probe_formats[i].name, value)) {
			a->format = &probe_formats[i];
			return NULL;
		}
	}
	return "it is none of text, json, nagios, solarwinds";
}

static const char *set_profile(struct probe_args *a, const char *value)
{
	a->profile = value;
	return NULL;
}

static const char *set_config(struct probe_args *a, const char *value)
{
	a->config_file = value;
	return NULL;
}

/* A bare number is seconds, as plugins take them. */
static const char *set_timeout(struct probe_args *a, const char *value)
{
	const int64_t least_us = 10000, most_us = 600 * INT64_C(1000000);
	const char *why;
	char text[32];
	int64_t us;

	snprintf(text, sizeof(text), "%s%s", value,
		 value[strspn(value, "0123456789.")] ? "" : "s");
	why = value_duration(&us, text);
	if (!why && (us < least_us || us > most_us))
		why = "it must be from 10ms to 10m";
	if (!why)
		a->timeout_us = us;
	return why;
}

static const char *set_method(struct probe_args *a, const char *value)
{
	return probe_target_method(&a->methods, value)
		       ? NULL
		       : "it must be " PROBE_TARGET_METHODS;
}

static const char *set_warning(struct probe_args *a, const char *value)
{
	return nagios_range_parse(&a->warning, value) ? NULL
						      : "it is no range of seconds";
}

static const char *set_critical(struct probe_args *a, const char *value)
{
	return nagios_range_parse(&a->critical, value) ? NULL
						       : "it is no range of seconds";
}

static const char *set_verbose(struct probe_args *a, const char *value)
{
	(void)value;
	a->verbose = true;
	return NULL;
}

static const char *set_help(struct probe_args *a, const char *value)
{
	(void)value;
	a->help = true;
	return NULL;
}

static const struct arg args[] = {
	{"format", 'f', "FORMAT", set_format,
	 "      text for people, json for programs, nagios for Nagios, Icinga and SCOM,\n"
	 "      solarwinds for a script monitor of Orion. Default: text\n"},
	{"timeout", 't', "TIME", set_timeout,
	 "      Give up after this long, names included, as in 5s or 500ms. Default: "
	 "the\n"
	 "      timeout of the settings, 5s without a configuration\n"},
	{"method", 'm', "METHOD", set_method,
	 "      Probe with OPTIONS, or ask with REGISTER what is registered. Default: "
	 "what\n"
	 "      the settings say, OPTIONS without a configuration\n"},
	{"config.file", 0, "PATH", set_config,
	 "      Take trunks, profiles and defaults from this file. TARGET may then be\n"
	 "      the name of a trunk.\n"},
	{"profile", 'p', "NAME", set_profile,
	 "      Probe with the settings of this profile of the file.\n"},
	{"warning", 'w', "RANGE", set_warning,
	 "      Warn when the answer takes other than this many seconds, as in 0.5 or\n"
	 "      0.001:0.5. For the formats nagios and solarwinds.\n"},
	{"critical", 'c', "RANGE", set_critical, "      The same for critical.\n"},
	{"verbose", 'v', NULL, set_verbose,
	 "      With text: show messages whole, with their secrets taken out.\n"},
	{"help", 'h', NULL, set_help, "      Print this text and exit.\n"},
};

enum { ARG_COUNT = sizeof(args) / sizeof(args[0]) };

static const struct arg *find_long(const char *name)
{
	size_t len = strcspn(name, "=");

	for (size_t i = 0; i < ARG_COUNT; i++)
		if (strlen(args[i].name) == len && !strncmp(args[i].name, name, len))
			return &args[i];
	return NULL;
}

static const struct arg *find_letter(char letter)
{
	for (size_t i = 0; i < ARG_COUNT; i++)
		if (args[i].letter && args[i].letter == letter)
			return &args[i];
	return NULL;
}

/* "--name=value", "--name value", "-wvalue", "-w value" */
static const struct arg *probe_args_split(const char *word, const char **value)
{
	const struct arg *a;
	const char *equals;

	*value = NULL;
	if (!strncmp(word, "--", 2)) {
		a = find_long(word + 2);
		equals = strchr(word, '=');
		*value = equals ? equals + 1 : NULL;
	} else {
		a = find_letter(word[1]);
		*value = a && word[2] ? word + 2 : NULL;
	}
	return a;
}

static int read_flag(struct probe_args *out, int argc, char *const argv[], int *i,
		     char *why, size_t why_size)
{
	const char *value, *fault, *word = argv[*i];
	const struct arg *a = probe_args_split(word, &value);

	if (!a) {
		snprintf(why, why_size, "unknown flag %.60s", word);
		return EINVAL;
	}
	if (a->metavar && !value && *i + 1 < argc)
		value = argv[++*i];
	if (!a->metavar != !value) {
		snprintf(why, why_size, "--%s %s", a->name,
			 a->metavar ? "needs a value" : "takes no value");
		return EINVAL;
	}
	fault = a->set(out, value);
	if (fault)
		snprintf(why, why_size, "--%s=%.60s: %s", a->name, value, fault);
	return fault ? EINVAL : 0;
}

static int check_together(const struct probe_args *a, char *why, size_t why_size)
{
	const char *fault = NULL;

	if (a->help)
		return 0;
	if (!a->target)
		fault = "what to probe is not given, as in sip:sbc.example.com";
	else if (a->profile && !a->config_file)
		fault = "--profile needs --config.file=PATH";
	else if ((a->warning.text || a->critical.text) && !a->format->thresholds)
		fault = "--warning and --critical need --format=nagios or solarwinds";
	if (fault)
		snprintf(why, why_size, "%s", fault);
	return fault ? EINVAL : 0;
}

int probe_args_parse(struct probe_args *out, int argc, char *const argv[], char *why,
		     size_t why_size)
{
	int err = 0;

	*out = (struct probe_args){.format = &probe_formats[0]};
	for (int i = 0; i < argc && !err; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			err = read_flag(out, argc, argv, &i, why, why_size);
		} else if (out->target) {
			snprintf(why, why_size,
				 "one target at a time: \"%.60s\" is one more", argv[i]);
			err = EINVAL;
		} else {
			out->target = argv[i];
		}
	}
	return err ? err : check_together(out, why, why_size);
}

void probe_args_help(FILE *out)
{
	fputs("Usage: siptrunk_exporter probe TARGET [FLAG]...\n"
	      "\n"
	      "Probes a SIP URI once, now, at each address that its name has, and tells\n"
	      "what it saw: every message with its time, the peer's certificate, a\n"
	      "verdict, and what to do next. TARGET is as sip:sbc.example.com,\n"
	      "\"sips:[2001:db8::1]\" or \"sip:192.0.2.1:5080;transport=tcp\".\n"
	      "\n",
	      out);
	for (size_t i = 0; i < ARG_COUNT; i++) {
		fprintf(out, "  --%s", args[i].name);
		if (args[i].metavar)
			fprintf(out, "=%s", args[i].metavar);
		if (args[i].letter)
			fprintf(out, ", -%c", args[i].letter);
		fprintf(out, "\n%s", args[i].help);
	}
	fputs("\n"
	      "Exit code: 0 up, 1 degraded, 2 down, 3 wrong usage or a fault of our "
	      "own.\n"
	      "With --format=solarwinds: 0 up, 1 down, 2 degraded or past --warning, 3 "
	      "past\n"
	      "--critical, 4 wrong usage or a fault of our own.\n",
	      out);
}
