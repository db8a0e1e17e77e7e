/* --config.check: reads what the program would, and opens no socket; its warnings. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "exporter/app.h"
#include "exporter/findings.h"
#include "exporter/webconfig/web.h"

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
	struct findings found;
	int err = config_load(&conf, cli->config_file, &errs);

	if (!err)
		printf("%s: ok (%zu trunks)\n", cli->config_file, conf->trunk_count);
	else if (!errs.count)
		fprintf(stderr, "%s: %s\n", cli->config_file, strerror(err));
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	if (!err) {
		findings_look(&found, conf);
		findings_tell(&found, conf, stderr);
		findings_clear(&found);
	}
	config_free(conf);
	if (cli->web_config_file)
		err = app_check_web(cli->web_config_file) || err;
	return err ? 1 : 0;
}
