/* The switch that ends all calls: by a signal, or over HTTP. */
#include "base/log.h"
#include "exporter/app_private.h"
#include "exporter/http/reload_requests.h"
#include "sipprobe/engine.h"

void app_calls_stop(struct app *app, FILE *why)
{
	unsigned open = engine_calls_stop(app->engine);

	log_event(LOG_LEVEL_WARN, "calls are stopped", LOG_I("ended", open));
	if (why)
		fprintf(why, "calls are stopped, %u were open and are ended\n", open);
}

void app_calls_stop_asked_h(struct reload_requests *l, void *arg)
{
	struct reload_order *o = reload_requests_take(l);

	app_calls_stop(arg, reload_order_out(o));
	reload_order_answer(o, 0);
}

void app_calls_start_asked_h(struct reload_requests *l, void *arg)
{
	struct reload_order *o = reload_requests_take(l);
	const struct app *app = arg;

	engine_calls_go_on(app->engine);
	log_write(LOG_LEVEL_INFO, "calls are made again", NULL);
	if (o)
		fputs("calls are made again\n", reload_order_out(o));
	reload_order_answer(o, 0);
}
