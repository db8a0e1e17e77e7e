#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "exporter/app.h"
#include "exporter/cli.h"
#include "exporter/healthcheck.h"
#include "exporter/import/import.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/ondemand/why.h"
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

static int main_print_reasons(const struct cli *cli)
{
	(void)cli;
	why_list(stdout);
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
	[CLI_LIST_REASONS] = main_print_reasons,
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

static sigset_t main_before; /* signals blocked when the program was started */

/*
 * To an exporter a hangup is a wish to reload, SIGUSR1 one to stop calls, and neither
 * must end one that is about to start: they wait until the loop reads them. To all else
 * they stay what they were.
 *
 * Runs before the constructors of libraries, some of which take longer than all that
 * comes before the loop, and before those of sanitizers: nothing may be called that they
 * replace.
 */
__attribute__((no_sanitize("address", "thread", "undefined"))) static void
main_hold_hangups(void)
{
	/* As the kernel lays out a set of signals. */
	static const unsigned long set[_NSIG / 8 / sizeof(long)] = {1UL << (SIGHUP - 1) |
								    1UL << (SIGUSR1 - 1)};

	(void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, set, &main_before, sizeof(set));
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const main_first)(void) = main_hold_hangups;

static int main_usage(int err, const char *text)
{
	fprintf(stderr, "siptrunk_exporter: %s\n\n", text);
	if (err == ENOENT)
		cli_first_steps_print(stderr);
	else
		fputs("All flags: siptrunk_exporter --help\n", stderr);
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	bool probe = argc > 1 && !strcmp(argv[1], "probe");
	bool import = argc > 1 && !strcmp(argv[1], "import");
	char text[256];
	struct cli cli;
	int err = 0;

	if (!probe && !import)
		err = cli_parse(&cli, argc, argv, text, sizeof(text));
	if (probe || import || err || cli.action != CLI_RUN)
		(void)sigprocmask(SIG_SETMASK, &main_before, NULL);
	if (probe)
		return probe_cli(argc - 2, argv + 2, EXPORTER_VERSION);
	if (import)
		return main_flush(import_cli(argc - 2, argv + 2));
	if (err)
		return main_usage(err, text);
	log_setup((enum log_level)cli.log_level, (enum log_format)cli.log_format);
	return main_flush(actions[cli.action](&cli));
}
