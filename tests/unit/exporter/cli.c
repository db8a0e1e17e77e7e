/* The command line: what each form of it comes to, and what it says when it is wrong. */
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>

#include "exporter/cli.h"
#include "tests/unit/tap.h"

enum { ARGS_MAX = 20 };

static struct cli cli;
static char text[256];

static int parse(const char *const *args)
{
	char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "siptrunk_exporter"};
	int argc = 1;

	for (; args[argc - 1] && argc <= ARGS_MAX; argc++)
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
	memset(&cli, 0x55, sizeof(cli));
	text[0] = '\0';
	return cli_parse(&cli, argc, argv, text, sizeof(text));
}

static const struct {
	const char *args[ARGS_MAX];
	int err;
	const char *text;
} wrong[] = {
	{{NULL}, ENOENT, "no configuration: give --config.file=PATH, or --demo"},
	{{"--log.level=warn"},
	 ENOENT,
	 "no configuration: give --config.file=PATH, or --demo"},
	{{"--demo", "trunks.json"}, EINVAL, "unexpected argument \"trunks.json\""},
	{{""}, EINVAL, "unexpected argument \"\""},
	{{"--demp"}, EINVAL, "unknown flag --demp, did you mean --demo?"},
	{{"--config"}, EINVAL, "unknown flag --config, did you mean --config.file?"},
	{{"--level=info"}, EINVAL, "unknown flag --level, did you mean --log.level?"},
	{{"-config.file=a"},
	 EINVAL,
	 "unknown flag -config.file, did you mean --config.file?"},
	{{"--config-file=a=b"},
	 EINVAL,
	 "unknown flag --config-file, did you mean --config.file?"},
	{{"--xyzzy"}, EINVAL, "unknown flag --xyzzy"},
	{{"--"}, EINVAL, "unknown flag --"},
	{{"-"}, EINVAL, "unknown flag -"},
	{{"--=x"}, EINVAL, "unknown flag --"},
	{{"--config.file"}, EINVAL, "--config.file needs a value: --config.file=PATH"},
	{{"--config.file="}, EINVAL, "--config.file needs a value: --config.file=PATH"},
	{{"--config.file", ""},
	 EINVAL,
	 "--config.file needs a value: --config.file=PATH"},
	{{"--demo=yes"}, EINVAL, "--demo takes no value"},
	{{"--demo", "--demo"}, EINVAL, "--demo is given twice"},
	{{"--demo", "--log.level=info", "--log.level=info"},
	 EINVAL,
	 "--log.level is given twice"},
	{{"--demo", "--log.level=loud"},
	 EINVAL,
	 "--log.level: \"loud\" is none of debug, info, warn, error"},
	{{"--demo", "--log.format", "xml"},
	 EINVAL,
	 "--log.format: \"xml\" is none of logfmt, json"},
	{{"--demo", "--web.telemetry-path=metrics"},
	 EINVAL,
	 "--web.telemetry-path: \"metrics\" is not a path such as /metrics"},
	{{"--demo", "--web.telemetry-path=/"},
	 EINVAL,
	 "--web.telemetry-path: \"/\" is not a path such as /metrics"},
	{{"--demo", "--config.file=a"},
	 EINVAL,
	 "--demo brings its own configuration, --config.file cannot be given with it"},
	{{"--demo", "--shard=0", "--total-shards=2"},
	 EINVAL,
	 "--demo cannot be shared out by --shard"},
	{{"--config.file=a", "--shard=0"},
	 EINVAL,
	 "--shard and --total-shards belong together"},
	{{"--config.file=a", "--shard=2", "--total-shards=2"},
	 EINVAL,
	 "--shard: with --total-shards=2 they count from 0 to 1, there is no shard 2"},
	{{"--config.check"}, EINVAL, "--config.check needs --config.file=PATH"},
	{{"--config.check", "--list-metrics"},
	 EINVAL,
	 "--list-metrics cannot be combined with another action"},
};

static void test_wrong(void)
{
	const char *many[ARGS_MAX + 1] = {"--demo"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		is_int(parse(wrong[i].args), wrong[i].err, wrong[i].text);
		is_str(text, wrong[i].text, "the sentence");
		is_int(cli.action, 0x55555555, "the result is untouched");
	}
	for (int i = 1; i <= CLI_LISTEN_MAX + 1; i++)
		many[i] = "--web.listen-address=:1";
	is_int(parse(many), EINVAL, "too many addresses");
	is_str(text, "--web.listen-address: more than 16 addresses", "the sentence");
}

static const struct {
	const char *args[ARGS_MAX];
	enum cli_action action;
} right[] = {
	{{"--demo"}, CLI_RUN},
	{{"--config.file=a"}, CLI_RUN},
	{{"--help"}, CLI_HELP},
	{{"-h"}, CLI_HELP},
	{{"--version"}, CLI_VERSION},
	{{"--config.schema"}, CLI_CONFIG_SCHEMA},
	{{"--list-metrics"}, CLI_LIST_METRICS},
	{{"--config.check", "--config.file", "a"}, CLI_CONFIG_CHECK},
	{{"--config.check", "--help"}, CLI_HELP},
	{{"--help", "--config.check"}, CLI_HELP},
	{{"--help", "--nonsense"}, CLI_HELP},
	{{"--healthcheck"}, CLI_HEALTHCHECK},
};

static void test_right(void)
{
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		is_int(parse(right[i].args), 0, right[i].args[0]);
		is_int(cli.action, right[i].action, "its action");
	}
}

static void test_fallbacks(void)
{
	is_int(parse((const char *[]){"--demo", NULL}), 0, "only --demo");
	ok(cli.demo, "demo is on");
	is_str(cli.config_file, NULL, "no file");
	is_int((long long)cli.listen_count, 1, "one address");
	is_str(cli.listen[0], ":10060", "the default one");
	is_str(cli.telemetry_path, "/metrics", "default path");
	is_int(cli.log_level, LOG_LEVEL_INFO, "default level");
	is_int(cli.log_format, LOG_FORMAT_LOGFMT, "default format");
	is_str(cli.health_url, NULL, "no URL");
}

static void test_values(void)
{
	is_int(parse((const char *[]){
		       "--config.file", "a=b.json", "--web.listen-address=127.0.0.1:1",
		       "--web.listen-address", "[::1]:2", "--log.format=json",
		       "--log.level", "error", "--web.telemetry-path=/m", NULL}),
	       0, "values of both forms");
	ok(!cli.demo, "demo is off");
	is_str(cli.config_file, "a=b.json", "a value may hold =");
	is_int((long long)cli.listen_count, 2, "two addresses, not the default");
	is_str(cli.listen[0], "127.0.0.1:1", "the first");
	is_str(cli.listen[1], "[::1]:2", "the second");
	is_int(cli.log_format, LOG_FORMAT_JSON, "format");
	is_int(cli.log_level, LOG_LEVEL_ERROR, "level");
	is_str(cli.telemetry_path, "/m", "path");
	is_int(parse((const char *[]){"--config.file=a", "--shard=1", "--total-shards=3",
				      NULL}),
	       0, "a share");
	is_int(cli.shard.index, 1, "the share's number");
	is_int(cli.shard.total, 3, "the shares");
	is_int(parse((const char *[]){"--healthcheck=http://a/", NULL}), 0, "a URL");
	is_str(cli.health_url, "http://a/", "the URL");
}

/* Every line of --help fits, and every flag has its own. */
static void test_help(void)
{
	char *help = NULL, *save, *l;
	int flags = 0, texts = 0;
	size_t size, longest = 0;
	FILE *out = open_memstream(&help, &size);

	cli_help_print(out);
	fclose(out);
	for (l = strtok_r(help, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		longest = strlen(l) > longest ? strlen(l) : longest;
		flags += !strncmp(l, "  --", 4);
		texts += !strncmp(l, "      ", 6);
	}
	ok(longest <= 80, "the longest line has %zu columns", longest);
	ok(flags > 0 && texts >= flags, "%d flags, each with a text", flags);
	free(help);
}

int main(void)
{
	test_wrong();
	test_right();
	test_fallbacks();
	test_values();
	test_help();
	return tap_done();
}
