#include "exporter/cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/flags.h"
#include "exporter/shard.h"

/* In the order of enum log_level and enum log_format. */
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};
static const char *const switches[] = {"on", "off", NULL};

static int cli_set_action(struct flags *p, const struct flag *f, const char *value)
{
	struct cli *c = p->out;

	(void)value;
	if (!f->last && c->action != CLI_RUN)
		return flags_complain(p, "--%s cannot be combined with another action",
				      f->name);
	c->action = f->number;
	return 0;
}

static int cli_set_health(struct flags *p, const struct flag *f, const char *value)
{
	struct cli *c = p->out;

	c->health_url = value;
	return cli_set_action(p, f, value);
}

static int cli_set_sandbox(struct flags *p, const struct flag *f, const char *value)
{
	struct cli *c = p->out;
	int off = 0;
	int err = flags_choice(p, f, value, &off);

	c->sandbox = !off;
	return err;
}

static int cli_set_listen(struct flags *p, const struct flag *f, const char *value)
{
	struct cli *c = p->out;

	if (c->listen_count == CLI_LISTEN_MAX)
		return flags_complain(p, "--%s: more than %d addresses", f->name,
				      CLI_LISTEN_MAX);
	c->listen[c->listen_count++] = value;
	return 0;
}

/* Metrics have a path of their own, a prefix may be all of it. */
static int cli_set_path(struct flags *p, const struct flag *f, const char *value)
{
	char why[64];

	snprintf(why, sizeof(why), "is not a path such as %s",
		 f->fallback ? f->fallback : "/prefix");
	if (value[0] != '/' || (f->fallback && !value[1]))
		return flags_refuse(p, f, value, why);
	return flags_set_text(p, f, value);
}

#define AT(field) offsetof(struct cli, field)

static const struct flag flags[] = {
	{
		.group = "Configuration",
		.name = "config.file",
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = AT(config_file),
		.help = "Probe the trunks that this JSON file describes. "
			"SIGHUP reads it again.",
	},
	{
		.name = "config.check",
		.set = cli_set_action,
		.number = CLI_CONFIG_CHECK,
		.help = "Check the file, print every error with its line and column, and "
			"exit. Opens no socket. Exit code 0: correct, 1: not.",
	},
	{
		.name = "config.schema",
		.set = cli_set_action,
		.number = CLI_CONFIG_SCHEMA,
		.help = "Print the JSON Schema of the configuration file, for editors, "
			"and exit.",
	},
	{
		.name = "demo",
		.set = flags_set_switch,
		.offset = AT(demo),
		.help = "Run without a file: answer SIP on loopback and probe three "
			"trunks there, two up and one dead.",
	},
	{
		.group = "Web",
		.name = "web.listen-address",
		.metavar = "ADDRESS",
		.repeats = true,
		.fallback = ":10060",
		.set = cli_set_listen,
		.help = "Serve HTTP here: HOST:PORT, [IPV6]:PORT, :PORT for all "
			"interfaces, or unix:/PATH[,mode=0660]. "
			"May be given more than once.",
	},
	{
		.name = "web.telemetry-path",
		.metavar = "PATH",
		.fallback = "/metrics",
		.set = cli_set_path,
		.offset = AT(telemetry_path),
		.help = "Serve metrics under this path.",
	},
	{
		.name = "web.config.file",
		.metavar = "PATH",
		.set = flags_set_text,
		.offset = AT(web_config_file),
		.help = "Serve as this YAML file says: TLS, client certificates, "
			"passwords, headers. The format is that of Prometheus' "
			"exporter-toolkit. It is read again when it changes.",
	},
	{
		.name = "web.systemd-socket",
		.set = flags_set_switch,
		.offset = AT(systemd_socket),
		.help = "Serve on the sockets that systemd passes, "
			"in place of any address.",
	},
	{
		.name = "web.external-url",
		.metavar = "URL",
		.set = flags_set_text,
		.offset = AT(external_url),
		.help = "Where people reach the exporter, behind a reverse proxy. Its "
			"path is where / leads to, and precedes every path served unless "
			"--web.route-prefix says otherwise.",
	},
	{
		.name = "web.route-prefix",
		.metavar = "PATH",
		.set = cli_set_path,
		.offset = AT(route_prefix),
		.help = "Serve everything below this path.",
	},
	{
		.name = "web.enable-lifecycle",
		.set = flags_set_switch,
		.offset = AT(lifecycle),
		.help = "Let a POST or PUT of /-/reload read the configuration again, "
			"for whoever may connect.",
	},
	{
		.group = "Sharding",
		.name = "shard",
		.metavar = "N",
		.set = flags_set_text,
		.offset = AT(shard_text),
		.help = "Probe the trunks of this share only, counted from 0; auto takes "
			"the ordinal at the end of the host name, as a StatefulSet's "
			"pods have one.",
	},
	{
		.name = "total-shards",
		.metavar = "M",
		.set = flags_set_text,
		.offset = AT(total_text),
		.help = "How many shares there are. A trunk's share is a hash of its "
			"name modulo M.",
	},
	{
		.group = "Log",
		.name = "log.level",
		.metavar = "LEVEL",
		.fallback = "info",
		.choices = levels,
		.set = flags_set_choice,
		.offset = AT(log_level),
		.help = "Log lines of this level and worse on standard error.",
	},
	{
		.name = "log.format",
		.metavar = "FORMAT",
		.fallback = "logfmt",
		.choices = formats,
		.set = flags_set_choice,
		.offset = AT(log_format),
		.help = "Write log lines in this format.",
	},
	{
		.group = "Other",
		.name = "healthcheck",
		.metavar = "URL",
		.optional = true,
		.set = cli_set_health,
		.number = CLI_HEALTHCHECK,
		.help = "Ask a running exporter for its health and exit, 0: healthy, 1: "
			"not. Without URL, asks /-/healthy on the first listen address. "
			"For a container's HEALTHCHECK.",
	},
	{
		.name = "sandbox",
		.metavar = "SWITCH",
		.fallback = "on",
		.choices = switches,
		.set = cli_set_sandbox,
		.help = "Give up what the exporter never needs, as far as the kernel "
			"can: system calls by seccomp, files by Landlock.",
	},
	{
		.name = "list-metrics",
		.set = cli_set_action,
		.number = CLI_LIST_METRICS,
		.help = "Print name, type, unit, labels and help of every metric family, "
			"one a line, separated by tabs, and exit.",
	},
	{
		.name = "list-reasons",
		.set = cli_set_action,
		.number = CLI_LIST_REASONS,
		.help = "Print each reason of failures, what mails call it, and what to "
			"do about it, one a line, separated by tabs, and exit.",
	},
	{
		.name = "version",
		.last = true,
		.set = cli_set_action,
		.number = CLI_VERSION,
		.help = "Print the version and exit.",
	},
	{
		.name = "help",
		.letter = 'h',
		.last = true,
		.set = cli_set_action,
		.number = CLI_HELP,
		.help = "Print this text and exit.",
	},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

static int cli_read_shard(struct flags *p)
{
	struct cli *c = p->out;
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	return shard_parse(&c->shard, c->shard_text, c->total_text, host, p->err_text,
			   p->err_size);
}

/* Rules that no flag knows alone. */
static int cli_check_together(struct flags *p)
{
	const struct cli *c = p->out;

	if (c->config_file && c->demo)
		return flags_complain(p, "--demo brings its own configuration, "
					 "--config.file cannot be given with it");
	if (c->demo && (c->shard_text || c->total_text))
		return flags_complain(p, "--demo cannot be shared out by --shard");
	if (c->action == CLI_CONFIG_CHECK && !c->config_file)
		return flags_complain(p, "--config.check needs --config.file=PATH");
	if (c->action == CLI_RUN && !c->config_file && !c->demo) {
		flags_complain(p, "no configuration: give --config.file=PATH, or --demo");
		return ENOENT;
	}
	return cli_read_shard(p);
}

int cli_parse(struct cli *out, int argc, char *const argv[], char *err_text,
	      size_t err_size)
{
	struct cli c = {.action = CLI_RUN};
	struct flags p = {
		.rows = flags,
		.count = FLAG_COUNT,
		.out = &c,
		.err_text = err_text,
		.err_size = err_size,
	};
	int err = flags_parse(&p, argc - 1, argv + 1);

	if (!err && c.action != CLI_HELP && c.action != CLI_VERSION)
		err = cli_check_together(&p);
	if (!err)
		*out = c;
	return err;
}

static const char usage[] =
	"Usage: siptrunk_exporter --config.file=PATH [FLAG]...\n"
	"       siptrunk_exporter --demo [FLAG]...\n"
	"       siptrunk_exporter probe TARGET [FLAG]...\n"
	"       siptrunk_exporter import SOURCE FILE...\n"
	"\n"
	"Probes SIP trunks on a schedule and serves what it learns as Prometheus\n"
	"metrics. probe asks one trunk, now; import writes a configuration from that\n"
	"of another SIP server. Each tells more with --help.\n";

void cli_help_print(FILE *out)
{
	fputs(usage, out);
	flags_help(out, flags, FLAG_COUNT);
}

void cli_first_steps_print(FILE *out)
{
	fputs("To begin, write a file such as this, with your trunk's URI:\n"
	      "\n"
	      "    {\n"
	      "      \"trunks\": [\n"
	      "        { \"name\": \"isp-a\", \"uri\": \"sip:sbc.example.com\" }\n"
	      "      ]\n"
	      "    }\n"
	      "\n"
	      "and run:\n"
	      "\n"
	      "    siptrunk_exporter --config.file=trunks.json\n"
	      "\n"
	      "To see it work without a file or a trunk:\n"
	      "\n"
	      "    siptrunk_exporter --demo\n"
	      "\n"
	      "All flags: siptrunk_exporter --help\n",
	      out);
}
