#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "exporter/cli.h"
#include "exporter/shard.h"

enum kind {
	KIND_ACTION, /* takes no value, sets `action` */
	KIND_SWITCH, /* takes no value, sets a bool */
	KIND_TEXT,
	KIND_PATH_HTTP, /* text that begins with '/' */
	KIND_LISTEN,	/* may be repeated */
	KIND_CHOICE,	/* one of `choices`, sets its index */
	KIND_HEALTH,	/* an action with a value that may be left out, after '=' only */
};

struct flag {
	const char *group; /* heading of --help, where a new one begins */
	const char *name;
	enum kind kind;
	int action;    /* of an action */
	size_t offset; /* in struct cli, of what it sets */
	const char *metavar;
	const char *fallback; /* as shown; NULL: none */
	const char *const *choices;
	const char *help;
};

/* In the order of enum log_level and enum log_format. */
static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};
static const char *const switches[] = {"on", "off", NULL};

#define AT(field) offsetof(struct cli, field)

static const struct flag flags[] = {
	{"Configuration", "config.file", KIND_TEXT, 0, AT(config_file), "PATH", NULL,
	 NULL, "Probe the trunks that this JSON file describes. SIGHUP reads it again."},
	{NULL, "config.check", KIND_ACTION, CLI_CONFIG_CHECK, 0, NULL, NULL, NULL,
	 "Check the file, print every error with its line and column, and exit. Opens no "
	 "socket. Exit code 0: correct, 1: not."},
	{NULL, "config.schema", KIND_ACTION, CLI_CONFIG_SCHEMA, 0, NULL, NULL, NULL,
	 "Print the JSON Schema of the configuration file, for editors, and exit."},
	{NULL, "demo", KIND_SWITCH, 0, AT(demo), NULL, NULL, NULL,
	 "Run without a file: answer SIP on loopback and probe three trunks there, two "
	 "up "
	 "and one dead."},

	{"Web", "web.listen-address", KIND_LISTEN, 0, AT(listen), "ADDRESS", ":10060",
	 NULL,
	 "Serve HTTP here: HOST:PORT, [IPV6]:PORT, :PORT for all interfaces, or "
	 "unix:/PATH[,mode=0660]. May be given more than once."},
	{NULL, "web.telemetry-path", KIND_PATH_HTTP, 0, AT(telemetry_path), "PATH",
	 "/metrics", NULL, "Serve metrics under this path."},
	{NULL, "web.config.file", KIND_TEXT, 0, AT(web_config_file), "PATH", NULL, NULL,
	 "Serve as this YAML file says: TLS, client certificates, passwords, headers. "
	 "The "
	 "format is that of Prometheus' exporter-toolkit. It is read again when it "
	 "changes."},
	{NULL, "web.systemd-socket", KIND_SWITCH, 0, AT(systemd_socket), NULL, NULL, NULL,
	 "Serve on the sockets that systemd passes, in place of any address."},
	{NULL, "web.external-url", KIND_TEXT, 0, AT(external_url), "URL", NULL, NULL,
	 "Where people reach the exporter, behind a reverse proxy. Its path is where / "
	 "leads to, and precedes every path served unless --web.route-prefix says "
	 "otherwise."},
	{NULL, "web.route-prefix", KIND_PATH_HTTP, 0, AT(route_prefix), "PATH", NULL,
	 NULL, "Serve everything below this path."},
	{NULL, "web.enable-lifecycle", KIND_SWITCH, 0, AT(lifecycle), NULL, NULL, NULL,
	 "Let a POST or PUT of /-/reload read the configuration again, for whoever may "
	 "connect."},

	{"Sharding", "shard", KIND_TEXT, 0, AT(shard_text), "N", NULL, NULL,
	 "Probe the trunks of this share only, counted from 0; auto takes the ordinal at "
	 "the end of the host name, as a StatefulSet's pods have one."},
	{NULL, "total-shards", KIND_TEXT, 0, AT(total_text), "M", NULL, NULL,
	 "How many shares there are. A trunk's share is a hash of its name modulo M."},

	{"Log", "log.level", KIND_CHOICE, 0, AT(log_level), "LEVEL", "info", levels,
	 "Log lines of this level and worse on standard error."},
	{NULL, "log.format", KIND_CHOICE, 0, AT(log_format), "FORMAT", "logfmt", formats,
	 "Write log lines in this format."},

	{"Other", "healthcheck", KIND_HEALTH, CLI_HEALTHCHECK, AT(health_url), "URL",
	 NULL, NULL,
	 "Ask a running exporter for its health and exit, 0: healthy, 1: not. Without "
	 "URL, "
	 "asks /-/healthy on the first listen address. For a container's HEALTHCHECK."},
	{NULL, "sandbox", KIND_CHOICE, 0, AT(sandbox), "SWITCH", "on", switches,
	 "Give up what the exporter never needs, as far as the kernel can: system calls "
	 "by "
	 "seccomp, files by Landlock."},
	{NULL, "list-metrics", KIND_ACTION, CLI_LIST_METRICS, 0, NULL, NULL, NULL,
	 "Print name, type, unit, labels and help of every metric family, one a line, "
	 "separated by tabs, and exit."},
	{NULL, "version", KIND_ACTION, CLI_VERSION, 0, NULL, NULL, NULL,
	 "Print the version and exit."},
	{NULL, "help", KIND_ACTION, CLI_HELP, 0, NULL, NULL, NULL,
	 "Print this text and exit."},
};

enum { FLAG_COUNT = sizeof(flags) / sizeof(*flags) };

struct parser {
	struct cli cli;
	bool seen[FLAG_COUNT];
	char *err_text;
	size_t err_size;
};

__attribute__((format(printf, 2, 3))) static int cli_complain(struct parser *p,
							      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->err_text, p->err_size, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* Levenshtein's distance; words longer than the table are far from everything. */
static size_t cli_distance(const char *a, const char *b)
{
	enum { WORD_MAX = 32 };
	size_t row[WORD_MAX + 1], b_len = strlen(b);

	if (strlen(a) > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t swap = diagonal + (a[i - 1] != b[j - 1]);
			size_t edit = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = swap < edit ? swap : edit;
		}
	}
	return row[b_len];
}

/* Whether @word is all of @name before its dot, or all after it. */
static bool is_part(const char *name, const char *word)
{
	const char *dot = strchr(name, '.');
	size_t len = strlen(word);

	return dot && (!strcmp(dot + 1, word) ||
		       (len == (size_t)(dot - name) && !strncmp(name, word, len)));
}

/* The flag that was most likely meant, or NULL when none is near. */
static const struct flag *cli_nearest(const char *name)
{
	const struct flag *best = NULL;
	size_t least = strlen(name) / 3 + 2;

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		size_t d = is_part(flags[i].name, name)
				   ? 1
				   : cli_distance(name, flags[i].name);

		if (d < least) {
			least = d;
			best = &flags[i];
		}
	}
	return best;
}

static int unknown_flag(struct parser *p, const char *arg)
{
	int shown = (int)strcspn(arg, "=");
	const struct flag *f;
	char name[40];

	snprintf(name, sizeof(name), "%.*s", shown, arg);
	f = cli_nearest(name + strspn(name, "-"));
	if (f)
		return cli_complain(p, "unknown flag %.*s, did you mean --%s?", shown,
				    arg, f->name);
	return cli_complain(p, "unknown flag %.*s", shown, arg);
}

static int set_choice(struct parser *p, const struct flag *f, const char *value)
{
	int *field = (int *)((char *)&p->cli + f->offset);
	char list[64] = "";

	for (int i = 0; f->choices[i]; i++) {
		size_t len = strlen(list);

		if (!strcmp(f->choices[i], value)) {
			*field = i;
			return 0;
		}
		snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
			 f->choices[i]);
	}
	return cli_complain(p, "--%s: \"%s\" is none of %s", f->name, value, list);
}

static int set_listen(struct parser *p, const struct flag *f, const char *value)
{
	if (p->cli.listen_count == CLI_LISTEN_MAX)
		return cli_complain(p, "--%s: more than %d addresses", f->name,
				    CLI_LISTEN_MAX);
	p->cli.listen[p->cli.listen_count++] = value;
	return 0;
}

static int set_text(struct parser *p, const struct flag *f, const char *value)
{
	if (f->kind == KIND_PATH_HTTP && (value[0] != '/' || (f->fallback && !value[1])))
		return cli_complain(p, "--%s: \"%s\" is not a path such as %s", f->name,
				    value, f->fallback ? f->fallback : "/prefix");
	*(const char **)((char *)&p->cli + f->offset) = value;
	return 0;
}

static int set_action(struct parser *p, const struct flag *f, const char *value)
{
	bool final = p->cli.action == CLI_HELP || p->cli.action == CLI_VERSION;

	if (f->kind == KIND_HEALTH)
		p->cli.health_url = value;
	if (f->action == CLI_HELP || f->action == CLI_VERSION || p->cli.action == CLI_RUN)
		p->cli.action = f->action;
	else if (!final)
		return cli_complain(p, "--%s cannot be combined with another action",
				    f->name);
	return 0;
}

static int set_switch(struct parser *p, const struct flag *f, const char *value)
{
	(void)value;
	*(bool *)((char *)&p->cli + f->offset) = true;
	return 0;
}

static const struct {
	bool value; /* whether the flag takes one */
	int (*set)(struct parser *p, const struct flag *f, const char *value);
} kinds[] = {
	[KIND_ACTION] = {false, set_action}, [KIND_SWITCH] = {false, set_switch},
	[KIND_TEXT] = {true, set_text},	     [KIND_PATH_HTTP] = {true, set_text},
	[KIND_LISTEN] = {true, set_listen},  [KIND_CHOICE] = {true, set_choice},
	[KIND_HEALTH] = {false, set_action},
};

static const struct flag *flag_find(const char *arg)
{
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (strlen(flags[i].name) == len && !strncmp(flags[i].name, arg, len))
			return &flags[i];
	}
	return NULL;
}

/* Reads the flag at argv[*i]; moves *i on to its value when that stands apart. */
static int parse_flag(struct parser *p, int argc, char *const argv[], int *i)
{
	const char *arg = argv[*i];
	const struct flag *f = strncmp(arg, "--", 2) ? NULL : flag_find(arg + 2);
	const char *value = strchr(arg, '=');

	if (!strcmp(arg, "-h"))
		f = flag_find("help");
	if (arg[0] != '-')
		return cli_complain(p, "unexpected argument \"%s\"", arg);
	if (!f)
		return unknown_flag(p, arg);
	if (p->seen[f - flags] && f->kind != KIND_LISTEN)
		return cli_complain(p, "--%s is given twice", f->name);
	p->seen[f - flags] = true;
	if (value && !kinds[f->kind].value && f->kind != KIND_HEALTH)
		return cli_complain(p, "--%s takes no value", f->name);
	if (!value && kinds[f->kind].value && *i + 1 < argc)
		value = argv[++*i];
	else if (value)
		value++;
	if (kinds[f->kind].value && (!value || !*value))
		return cli_complain(p, "--%s needs a value: --%s=%s", f->name, f->name,
				    f->metavar);
	return kinds[f->kind].set(p, f, value);
}

static int read_shard(struct parser *p)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	return shard_parse(&p->cli.shard, p->cli.shard_text, p->cli.total_text, host,
			   p->err_text, p->err_size);
}

/* What single flags cannot know. */
static int check_together(struct parser *p)
{
	const struct cli *c = &p->cli;

	if (c->config_file && c->demo)
		return cli_complain(p,
				    "--demo brings its own configuration, --config.file "
				    "cannot be given with it");
	if (c->demo && (c->shard_text || c->total_text))
		return cli_complain(p, "--demo cannot be shared out by --shard");
	if (c->action == CLI_CONFIG_CHECK && !c->config_file)
		return cli_complain(p, "--config.check needs --config.file=PATH");
	if (c->action == CLI_RUN && !c->config_file && !c->demo) {
		cli_complain(p, "no configuration: give --config.file=PATH, or --demo");
		return ENOENT;
	}
	return read_shard(p);
}

static void set_fallbacks(struct parser *p)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (!p->seen[i] && flags[i].fallback)
			(void)kinds[flags[i].kind].set(p, &flags[i], flags[i].fallback);
	}
}

int cli_parse(struct cli *out, int argc, char *const argv[], char *err_text,
	      size_t err_size)
{
	struct parser p = {.err_text = err_text, .err_size = err_size};
	int err = 0;

	for (int i = 1; i < argc && !err; i++)
		err = parse_flag(&p, argc, argv, &i);
	if (p.cli.action == CLI_HELP || p.cli.action == CLI_VERSION)
		err = 0;
	else if (!err)
		err = check_together(&p);
	if (err)
		return err;
	set_fallbacks(&p);
	*out = p.cli;
	return 0;
}

enum { HELP_COLUMNS = 80, HELP_INDENT = 6 };

/* Writes words, breaking lines before the last column. Returns the column reached. */
static int print_words(FILE *out, const char *text, int column)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column + 1 + len >= HELP_COLUMNS) {
			fprintf(out, "\n%*s", HELP_INDENT - 1, "");
			column = HELP_INDENT - 1;
		}
		fprintf(out, " %.*s", len, text);
		column += 1 + len;
		text += len + (text[len] == ' ');
	}
	return column;
}

static void print_flag(FILE *out, const struct flag *f)
{
	int column = HELP_INDENT - 1;
	char more[80];

	fprintf(out, "  --%s", f->name);
	if (f->metavar)
		fprintf(out, f->kind == KIND_HEALTH ? "[=%s]" : "=%s", f->metavar);
	fprintf(out, "\n%*s", column, "");
	column = print_words(out, f->help, column);
	for (int i = 0; f->choices && f->choices[i]; i++) {
		snprintf(more, sizeof(more), "%s%s%s", i ? "" : "One of ", f->choices[i],
			 f->choices[i + 1] ? "," : ".");
		column = print_words(out, more, column);
	}
	if (f->fallback) {
		snprintf(more, sizeof(more), "Default: %s", f->fallback);
		print_words(out, more, column);
	}
	fputc('\n', out);
}

void cli_help_print(FILE *out)
{
	fputs("Usage: siptrunk_exporter --config.file=PATH [FLAG]...\n"
	      "       siptrunk_exporter --demo [FLAG]...\n"
	      "       siptrunk_exporter probe TARGET [FLAG]...\n"
	      "       siptrunk_exporter import SOURCE FILE...\n"
	      "\n"
	      "Probes SIP trunks on a schedule and serves what it learns as Prometheus\n"
	      "metrics. probe asks one trunk, now; import writes a configuration from "
	      "that\n"
	      "of another SIP server. Each tells more with --help.\n",
	      out);
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (flags[i].group)
			fprintf(out, "\n%s\n", flags[i].group);
		print_flag(out, &flags[i]);
	}
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
