#include "exporter/pages/http_probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/ondemand/probe_target.h"
#include "exporter/pages/page_probed.h"

#define SCRAPE_OFFSET_S 0.5

int64_t http_probe_timeout_us(const char *text)
{
	double s;
	char *end;

	if (!text)
		return 0;
	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return -1;
	s = strtod(text, &end);
	if (*end || !(s > 0) || !isfinite(s))
		return -1;
	if (s > 86400)
		s = 86400;
	s = s < 2 * SCRAPE_OFFSET_S ? s / 2 : s - SCRAPE_OFFSET_S;
	return (int64_t)(s * 1e6);
}

/* Text that could leave its place, in a header or on a terminal, is refused. */
static bool http_probe_is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static const char *http_probe_check_text(const char *text, size_t max)
{
	if (strlen(text) > max)
		return "is too long";
	return http_probe_is_printable(text) ? NULL : "has control characters";
}

static bool http_probe_read_debug(bool *out, const char *text)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {{"true", true}, {"1", true}, {"false", false}, {"0", false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].text, text) != 0)
			continue;
		*out = words[i].value;
		return true;
	}
	return false;
}

static void http_probe_refuse(struct http_answer *a, const char *what, const char *why)
{
	a->ask = (struct probe_ask){0};
	http_answer_text(a, 400, what);
	buffer_str(&a->body, " ");
	buffer_str(&a->body, why);
	buffer_str(&a->body, "\n");
}

/* `module` is what blackbox_exporter calls it. What is empty is as not given. */
static const char *http_probe_read_profile(const char **out, const struct http_query *q)
{
	const char *profile = q->profile && *q->profile ? q->profile : NULL;
	const char *module = q->module && *q->module ? q->module : NULL;

	if (profile && module && strcmp(profile, module) != 0)
		return "and module are two names of one parameter, and differ";
	*out = profile ? profile : module;
	return *out ? http_probe_check_text(*out, PROBE_PROFILE_MAX) : NULL;
}

void http_probe_answer(struct http_answer *a, const struct http_query *q)
{
	struct probe_ask *ask = &a->ask;
	const char *method, *why;

	*ask = (struct probe_ask){.target = q->target};
	ask->timeout_us = http_probe_timeout_us(q->scrape_timeout);
	why = ask->target && *ask->target
		      ? http_probe_check_text(ask->target, PROBE_TARGET_MAX)
		      : "is missing: /probe?target=NAME or URI";
	if (why) {
		http_probe_refuse(a, "target", why);
		return;
	}
	why = http_probe_read_profile(&ask->profile, q);
	method = http_query_arg(q, "method");
	if (why)
		http_probe_refuse(a, "profile", why);
	else if (method && *method && !probe_target_method(&ask->methods, method))
		http_probe_refuse(a, "method", "must be " PROBE_TARGET_METHODS);
	else if (q->debug && *q->debug && !http_probe_read_debug(&ask->debug, q->debug))
		http_probe_refuse(a, "debug", "must be true or false");
	else if (ask->timeout_us < 0)
		http_probe_refuse(a, "X-Prometheus-Scrape-Timeout-Seconds",
				  "is no number of seconds");
}

void http_probe_now(struct http_answer *a, const struct http_query *q, const char *name,
		    bool trace)
{
	a->ask = (struct probe_ask){
		.target = name, .show = page_probed, .show_arg = q->site, .trace = trace};
}

void http_probe_refused(struct http_answer *a, int err)
{
	if (err == EBUSY) {
		http_answer_text(a, 429,
				 "it was probed a moment ago, or too many were\n");
		a->retry_after = "3";
		return;
	}
	http_answer_text(a, 503,
			 err == EAGAIN
				 ? "too many probes at once (probe.max_concurrent)\n"
			 : err == ESHUTDOWN ? "the exporter is stopping\n"
					    : "cannot probe now\n");
	a->retry_after = "1";
}
