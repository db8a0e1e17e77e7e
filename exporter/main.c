#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/app.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/cli.h"
#include "exporter/healthcheck.h"
#include "exporter/import/import.h"
#include "base/log.h"
#include "exporter/ondemand/probe_cli.h"

enum { EXIT_USAGE = 2 };

static int main_run(const struct cli *cli)
{
	return app_run(cli, EXPORTER_VERSION);
}

static int main_print_help(const struct cli *cli)
{
	(void)cli;
	cli_help_print(stdout);
	return 0;
}

static int main_print_version(const struct cli *cli)
{
	(void)cli;
	puts("siptrunk_exporter, version " EXPORTER_VERSION);
	return 0;
}

static int main_print_schema(const struct cli *cli)
{
	(void)cli;
	config_schema_print(stdout);
	return 0;
}

static int main_print_metrics(const struct cli *cli)
{
	(void)cli;
	catalogue_list(stdout);
	return 0;
}

static int main_check_health(const struct cli *cli)
{
	const struct healthcheck_conf conf = {
		.url = cli->health_url,
		.listen = cli->listen[0],
		.external_url = cli->external_url,
		.route_prefix = cli->route_prefix,
		.web_config_file = cli->web_config_file,
	};
	char text[512];

	if (!healthcheck(&conf, text, sizeof(text)))
		return 0;
	fprintf(stderr, "siptrunk_exporter: %s\n", text);
	return 1;
}

static int (*const actions[CLI_ACTIONS])(const struct cli *cli) = {
	[CLI_RUN] = main_run,
	[CLI_HELP] = main_print_help,
	[CLI_VERSION] = main_print_version,
	[CLI_CONFIG_CHECK] = app_check,
	[CLI_CONFIG_SCHEMA] = main_print_schema,
	[CLI_LIST_METRICS] = main_print_metrics,
	[CLI_HEALTHCHECK] = main_check_health,
};

/* A full disk or a closed pipe must not pass for a whole answer. */
static int main_flush(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	perror("siptrunk_exporter: standard output");
	return code ? code : 1;
}

int main(int argc, char *argv[])
{
	char text[256];
	struct cli cli;
	int err;

	if (argc > 1 && !strcmp(argv[1], "probe"))
		return main_flush(probe_cli(argc - 2, argv + 2, EXPORTER_VERSION));
	if (argc > 1 && !strcmp(argv[1], "import"))
		return main_flush(import_cli(argc - 2, argv + 2));
	err = cli_parse(&cli, argc, argv, text, sizeof(text));

	if (err) {
		fprintf(stderr, "siptrunk_exporter: %s\n\n", text);
		if (err == ENOENT)
			cli_first_steps_print(stderr);
		else
			fputs("All flags: siptrunk_exporter --help\n", stderr);
		return EXIT_USAGE;
	}
	log_setup((enum log_level)cli.log_level, (enum log_format)cli.log_format);
	return main_flush(actions[cli.action](&cli));
}
