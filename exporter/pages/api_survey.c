/* What a peer was asked besides probes, as JSON. */
#include <stdio.h>

#include "exporter/pages/api.h"

static void api_put_size(struct json *j, const struct status_target *t)
{
	const struct survey_size_report *r = &t->size;
	char words[SURVEY_WORDS];

	if (!t->sized) {
		json_null(j, "size");
		return;
	}
	survey_size_words(words, sizeof(words), r);
	json_open(j, "size", '{');
	json_str(j, "verdict", survey_verdict_name((enum survey_verdict)r->verdict));
	json_str(j, "words", words);
	for (int i = 0; i < SURVEY_SIZES; i++)
		if (r->success[i] < 0)
			json_null(j, survey_size_name((enum survey_size)i));
		else
			json_bool(j, survey_size_name((enum survey_size)i),
				  r->success[i]);
	json_number(j, "bytes", r->bytes, 0);
	if (r->path_mtu) {
		json_number(j, "path_mtu_bytes", r->path_mtu, 0);
		json_str(j, "path_mtu_router", r->router);
	}
	json_close(j, '}');
}

static void api_put_train(struct json *j, const struct stats_train *t)
{
	const struct survey_train_report *r = &t->last;

	if (!t->trains) {
		json_null(j, "train");
		return;
	}
	json_open(j, "train", '{');
	json_number(j, "requests", r->requests, 0);
	json_number(j, "answers", r->answers, 0);
	json_number(j, "reordered", r->reordered, 0);
	json_bool(j, "rate_limited", r->limited);
	for (int i = 0; r->answers && i < SURVEY_RTTS; i++) {
		char key[24];

		(void)snprintf(key, sizeof(key), "rtt_%s_s",
			       survey_rtt_name((enum survey_rtt)i));
		json_number(j, key, r->rtt_ns[i] / 1000, 6);
	}
	if (r->jitter_ns >= 0)
		json_number(j, "jitter_s", r->jitter_ns / 1000, 6);
	json_close(j, '}');
}

void api_survey(struct json *j, const struct status_target *t)
{
	api_put_size(j, t);
	api_put_train(j, &t->train);
}
