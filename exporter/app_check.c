/* --config.check: reads what the program would, and opens no socket; its warnings. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "exporter/app.h"
#include "exporter/app_private.h"
#include "exporter/webconfig/web.h"
#include "sipprobe/engine.h"

static void app_warn_each(const struct config_errors *warnings, FILE *out)
{
	if (out)
		config_warnings_print(warnings, out);
	else
		config_warnings_log(warnings, "configuration warning");
}

void app_warn(const struct config *conf, FILE *out)
{
	struct config_errors more = {0};

	app_warn_each(&conf->warnings, out);
	/* For want of memory some may be missing: no reason not to run. */
	(void)engine_check(&more, conf);
	app_warn_each(&more, out);
	config_errors_clear(&more);
	if (!out)
		app_warn_descriptors(conf);
}

static int app_check_web(const char *path)
{
	struct config_errors errs = {0};
	int err = web_check(path, &errs);

	if (!err)
		printf("%s: ok\n", path);
	else if (!errs.count)
		fprintf(stderr, "%s: %s\n", path, strerror(err));
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	return err;
}

int app_check(const struct cli *cli)
{
	struct config_errors errs = {0};
	struct config *conf = NULL;
	int err = config_load(&conf, cli->config_file, &errs);

	if (!err)
		printf("%s: ok (%zu trunks)\n", cli->config_file, conf->trunk_count);
	else if (!errs.count)
		fprintf(stderr, "%s: %s\n", cli->config_file, strerror(err));
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	if (!err)
		app_warn(conf, stderr);
	config_free(conf);
	if (cli->web_config_file)
		err = app_check_web(cli->web_config_file) || err;
	return err ? 1 : 0;
}
