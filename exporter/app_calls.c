/* The switch that ends all calls: by a signal, or over HTTP. */
#include "base/log.h"
#include "exporter/app_private.h"
#include "sipprobe/engine.h"

int app_calls_stop_h(FILE *why, void *arg)
{
	const struct app *app = arg;
	unsigned open = engine_calls_stop(app->engine);

	log_event(LOG_LEVEL_WARN, "calls are stopped", LOG_I("ended", open));
	if (why)
		fprintf(why, "calls are stopped, %u were open and are ended\n", open);
	return 0;
}

int app_calls_start_h(FILE *why, void *arg)
{
	const struct app *app = arg;

	engine_calls_go_on(app->engine);
	log_write(LOG_LEVEL_INFO, "calls are made again", NULL);
	if (why)
		fputs("calls are made again\n", why);
	return 0;
}
