/* /api/v1/trunks: which trunks, how many at once, and only what is new. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/pages/api.h"
#include "exporter/store/labels.h"
#include "sipprobe/health.h"

struct list_query {
	struct status_query status;
	const char *words;   /* NULL: any */
	struct buffer after; /* a trunk's name as label text; empty: from the first on */
	unsigned limit;
	bool complete; /* the answer does not build on a former one */
	const char *wrong;
};

static int api_list_state_bit(unsigned *states, const char *name, size_t len)
{
	for (int i = 0; i < HEALTH_STATES; i++) {
		const char *known = health_state_name((enum health_state)i);

		if (strlen(known) == len && !memcmp(known, name, len)) {
			*states |= 1U << i;
			return 0;
		}
	}
	if (len == strlen("paused") && !memcmp(name, "paused", len)) {
		*states |= STATUS_PAUSED;
		return 0;
	}
	return EINVAL;
}

int api_parse_states(unsigned *states, const char *text)
{
	unsigned found = 0;
	int err = 0;

	while (*text && !err) {
		size_t len = strcspn(text, ",");

		err = len ? api_list_state_bit(&found, text, len) : 0;
		text += len + (text[len] == ',');
	}
	if (!err)
		*states = found;
	return err;
}

static char api_list_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool api_list_holds(struct slice text, const char *word, size_t len)
{
	for (size_t i = 0; i + len <= text.l; i++) {
		size_t n = 0;

		while (n < len &&
		       api_list_lower(text.p[i + n]) == api_list_lower(word[n]))
			n++;
		if (n == len)
			return true;
	}
	return false;
}

/* Whether any value in label text holds the word; its names are not looked at. */
static bool api_list_any_label_holds(struct slice labels, const char *word, size_t len)
{
	struct slice name, value;
	size_t pos = 0;

	while (labels_next(labels, &pos, &name, &value))
		if (api_list_holds(value, word, len))
			return true;
	return false;
}

static bool api_list_row_holds(const struct status_row *row, const char *word, size_t len)
{
	struct slice texts[] = {
		labels_find(row->info, "uri"),
		labels_find(row->target, "address"),
		row->said,
	};
	char code[4] = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (api_list_holds(texts[i], word, len))
			return true;
	if (row->last.code)
		snprintf(code, sizeof(code), "%u", row->last.code % 1000U);
	return api_list_any_label_holds(row->labels, word, len) ||
	       (strlen(code) == len && !memcmp(code, word, len));
}

bool api_row_matches(const struct status_row *row, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " \t");

		if (len && !api_list_row_holds(row, words, len))
			return false;
		words += len + (words[len] != '\0');
	}
	return true;
}

static int api_list_parse_count(unsigned *to, const char *text, unsigned min,
				unsigned max)
{
	size_t len = strlen(text);
	unsigned long n;

	if (!len || len > 9 || strspn(text, "0123456789") != len)
		return EINVAL;
	n = strtoul(text, NULL, 10);
	if (n < min || n > max)
		return EINVAL;
	*to = (unsigned)n;
	return 0;
}

/*
 * A cursor of an earlier answer. One of another run, or of before a reload, means all
 * from the start.
 */
static int api_list_parse_since(struct list_query *lq, const char *text, struct store *s)
{
	uint64_t begun, generation, sequence;
	char end;

	if (sscanf(text, "%" SCNx64 "-%" SCNx64 "-%" SCNx64 "%c", &begun, &generation,
		   &sequence, &end) != 3)
		return EINVAL;
	if (begun != (uint64_t)status_begun_ns(s) || generation != status_generation(s))
		return 0;
	lq->status.since = sequence;
	lq->complete = false;
	return 0;
}

/* Names are compared as label text, where some characters are escaped. */
static int api_list_parse_after(struct list_query *lq, const char *text)
{
	labels_add(&lq->after, "a", text);
	return lq->after.err;
}

static int api_list_parse(struct list_query *lq, const struct http_query *q)
{
	const char *state = http_query_arg(q, "state");
	const char *limit = http_query_arg(q, "limit");
	const char *recent = http_query_arg(q, "recent");
	const char *since = http_query_arg(q, "since");
	const char *after = http_query_arg(q, "after");

	lq->words = http_query_arg(q, "q");
	if (state && api_parse_states(&lq->status.states, state))
		lq->wrong = "state: a list of unknown, up, degraded, down and paused";
	else if (limit && api_list_parse_count(&lq->limit, limit, 1, API_LIMIT_MAX))
		lq->wrong = "limit: a number from 1 to 10000";
	else if (recent &&
		 api_list_parse_count(&lq->status.recent, recent, 0, HISTORY_PROBES_MAX))
		lq->wrong = "recent: a number from 0 to 1000";
	else if (since && api_list_parse_since(lq, since, q->site->store))
		lq->wrong = "since: the cursor of an earlier answer";
	if (lq->wrong)
		return EINVAL;
	return after && *after ? api_list_parse_after(lq, after) : 0;
}

static struct slice api_list_after_name(const struct list_query *lq)
{
	struct slice text = {lq->after.data, lq->after.len};

	return labels_find(text, "a");
}

static void api_list_put_head(struct json *j, const struct status_list *l,
			      const struct list_query *lq)
{
	char cursor[64];

	snprintf(cursor, sizeof(cursor), "%" PRIx64 "-%" PRIx64 "-%" PRIx64,
		 (uint64_t)l->begun_unix_ns, l->generation, l->sequence);
	json_open(j, NULL, '{');
	json_number(j, "version", API_VERSION, 0);
	json_time(j, "now_unix_s", clock_wall_ns());
	json_str(j, "cursor", cursor);
	json_bool(j, "complete", lq->complete);
	json_open(j, "states", '{');
	for (int i = 0; i < HEALTH_STATES; i++)
		json_number(j, health_state_name((enum health_state)i),
			    (int64_t)l->states[i], 0);
	json_close(j, '}');
	json_number(j, "paused", (int64_t)l->paused, 0);
}

static void api_list_put_rows(struct json *j, const struct status_list *l,
			      const struct list_query *lq)
{
	struct slice after = api_list_after_name(lq), last = {0};
	unsigned count = 0;
	bool more = false;

	json_open(j, "trunks", '[');
	for (size_t i = 0; i < l->count && !more; i++) {
		const struct status_row *row = &l->rows[i];

		if ((lq->after.len && status_name_compare(row->name, after) <= 0) ||
		    (lq->words && !api_row_matches(row, lq->words)))
			continue;
		more = count == lq->limit;
		if (more)
			break;
		api_row(j, row);
		last = row->name;
		count++;
	}
	json_close(j, ']');
	if (more)
		json_label(j, "next", last);
	else
		json_null(j, "next");
}

static void api_list_put_error(struct json *j, const char *text)
{
	json_open(j, NULL, '{');
	json_number(j, "version", API_VERSION, 0);
	json_str(j, "error", text);
	json_close(j, '}');
}

int api_trunks(struct buffer *out, const struct http_query *q)
{
	struct list_query lq = {
		.status.recent = API_RECENT, .limit = API_LIMIT, .complete = true};
	struct status_list *l = NULL;
	struct json j = {.out = out};
	int err = api_list_parse(&lq, q);

	if (lq.wrong)
		api_list_put_error(&j, lq.wrong);
	if (!err)
		err = status_list_take(&l, q->site->store, &lq.status);
	if (!err) {
		api_list_put_head(&j, l, &lq);
		err = api_put_changes(&j, q->site->store);
	}
	if (!err) {
		api_list_put_rows(&j, l, &lq);
		json_close(&j, '}');
	}
	if (!err || lq.wrong)
		buffer_add(out, "\n", 1);
	status_list_free(l);
	buffer_clear(&lq.after);
	return err;
}
