/* Rights that the program keeps, by what its configuration will have it read. */
#include <string.h>

#include "base/log.h"
#include "exporter/app_private.h"
#include "exporter/http/http_unix.h"
#include "exporter/sandbox.h"
#include "exporter/webconfig/web_config.h"

static void app_sandbox_allow_web(struct sandbox_paths *p, const struct cli *cli)
{
	struct config_errors errs = {0};
	struct web_config *web = NULL;

	for (size_t i = 0; i < cli->listen_count; i++)
		if (http_unix_is(cli->listen[i]))
			sandbox_allow_socket(p, strchr(cli->listen[i], ':') + 1);
	sandbox_allow(p, cli->web_config_file);
	/* Its errors are told when it is put in force. */
	if (cli->web_config_file && !web_config_load(&web, cli->web_config_file, &errs)) {
		sandbox_allow(p, web->tls.cert_file);
		sandbox_allow(p, web->tls.key_file);
		sandbox_allow(p, web->tls.client_ca_file);
	}
	web_config_free(web);
	config_errors_clear(&errs);
}

/* Whoever forbids it fences us in already; what is left of ours goes on. */
static void app_sandbox_tell(const struct sandbox_state *state)
{
	static const char *const parts[SANDBOX_PARTS] = {
		[SANDBOX_PRIVILEGES] = "no new privileges",
		[SANDBOX_FILES] = "files (Landlock)",
		[SANDBOX_CALLS] = "system calls (seccomp)",
	};

	for (size_t i = 0; i < SANDBOX_PARTS; i++)
		if (state->refused[i])
			log_event(LOG_LEVEL_WARN,
				  "a part of the sandbox is refused, runs without it",
				  LOG_S("part", parts[i]),
				  LOG_S("error", strerror(state->refused[i])));
	log_event(LOG_LEVEL_DEBUG, "sandbox", LOG_I("landlock", state->landlock),
		  LOG_S("seccomp", state->seccomp ? "on" : "none"));
}

int app_start_sandbox(struct app *app)
{
	struct sandbox_paths paths = {0};
	struct sandbox_state state;
	int err;

	if (!app->cli->sandbox)
		return 0;
	sandbox_allow(&paths, app->cli->config_file);
	for (size_t i = 0; i < app->conf->file_count; i++)
		sandbox_allow(&paths, app->conf->files[i]);
	/* What it links to may be anywhere, and be replaced there. */
	sandbox_allow(&paths, "/etc/resolv.conf");
	app_sandbox_allow_web(&paths, app->cli);
	err = sandbox_enter(&state, &paths);
	sandbox_paths_clear(&paths);
	if (err)
		log_event(LOG_LEVEL_ERROR, "cannot enter the sandbox, see --sandbox",
			  LOG_S("error", strerror(err)));
	else
		app_sandbox_tell(&state);
	return err;
}
