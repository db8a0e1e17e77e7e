/* /api/v1: what it says of trunks in every state, which it chooses, and how it pages. */
#include <cjson/cJSON.h>
#include <errno.h>

#include "exporter/pages/api.h"
#include "exporter/store/changes.h"
#include "tests/unit/exporter/pages/site.h"

/* Asks for the list with @args, NAME=VALUE&…, and hands it over parsed. */
static cJSON *list_ask(struct site *s, int want_err, const char *args)
{
	char copy[256], *save = NULL;
	struct buffer b = {0};
	cJSON *tree;

	snprintf(copy, sizeof(copy), "%s", args);
	s->q.arg_count = 0;
	for (char *one = strtok_r(copy, "&", &save); one;
	     one = strtok_r(NULL, "&", &save)) {
		char *equals = strchr(one, '=');

		*equals = '\0';
		site_arg(s, one, equals + 1);
	}
	is_int(api_trunks(&b, &s->q), want_err, args);
	tree = cJSON_ParseWithLength(b.data, b.len);
	ok(tree && b.data[b.len - 1] == '\n', "is a line of JSON");
	buffer_clear(&b);
	return tree;
}

static const cJSON *member(const cJSON *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o, name);
}

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(member(o, name));
}

/* The names of a list's trunks, "a,b". */
static const char *names_of(const cJSON *list)
{
	static char names[256];
	const cJSON *one;
	size_t len = 0;

	names[0] = '\0';
	cJSON_ArrayForEach(one, member(list, "trunks")) len +=
		(size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? "," : "",
				 text_of(one, "name"));
	return names;
}

static const struct {
	const char *args;
	const char *names;
	const char *next; /* NULL: it is the end */
} lists[] = {
	{"", "alpha,b/\"<i>,delta,epsilon,gamma", NULL},
	{"limit=2", "alpha,b/\"<i>", "b/\"<i>"},
	{"limit=2&after=b/\"<i>", "delta,epsilon", "epsilon"},
	{"limit=1&after=epsilon", "gamma", NULL},
	{"limit=5", "alpha,b/\"<i>,delta,epsilon,gamma", NULL},
	{"after=", "alpha,b/\"<i>,delta,epsilon,gamma", NULL},
	{"after=zeta", "", NULL},
	{"state=down", "b/\"<i>", NULL},
	{"state=down,degraded", "b/\"<i>,gamma", NULL},
	{"state=unknown", "delta,epsilon", NULL},
	{"state=up,", "alpha", NULL},
	{"state=", "alpha,b/\"<i>,delta,epsilon,gamma", NULL},
	{"q=oslo", "alpha", NULL},
	{"q=ALPHA.example", "alpha", NULL},
	{"q=192.0.2.", "alpha,b/\"<i>,epsilon,gamma", NULL},
	{"q=503", "gamma", NULL},
	{"q=03", "", NULL},
	{"q=later", "gamma", NULL},
	{"q= later\tgamma ", "gamma", NULL},
	{"q=later alpha", "", NULL},
	{"q=no such", "delta", NULL},
	{"q=", "alpha,b/\"<i>,delta,epsilon,gamma", NULL},
};

static void test_lists(struct site *s)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		cJSON *list = list_ask(s, 0, lists[i].args);

		is_str(names_of(list), lists[i].names, "the trunks");
		is_str(text_of(list, "next"), lists[i].next, "where the next begins");
		is_int(member(list, "version")->valueint, API_VERSION, "the version");
		is_int(member(member(list, "states"), "unknown")->valueint, 2,
		       "all are counted, whatever is asked for");
		cJSON_Delete(list);
	}
}

static const struct {
	const char *args;
	const char *error;
} wrongs[] = {
	{"state=sideways", "state: a list of unknown, up, degraded, down and paused"},
	{"state=down,u", "state: a list of unknown, up, degraded, down and paused"},
	{"limit=0", "limit: a number from 1 to 10000"},
	{"limit=10001", "limit: a number from 1 to 10000"},
	{"limit=", "limit: a number from 1 to 10000"},
	{"limit=1x", "limit: a number from 1 to 10000"},
	{"limit=4294967297", "limit: a number from 1 to 10000"},
	{"recent=1001", "recent: a number from 0 to 1000"},
	{"recent=-1", "recent: a number from 0 to 1000"},
	{"since=yesterday", "since: the cursor of an earlier answer"},
	{"since=1-2", "since: the cursor of an earlier answer"},
	{"since=1-2-3x", "since: the cursor of an earlier answer"},
};

static void test_wrong(struct site *s)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		cJSON *said = list_ask(s, EINVAL, wrongs[i].args);

		is_str(text_of(said, "error"), wrongs[i].error, "says what is wrong");
		ok(!member(said, "trunks"), "and shows nothing");
		cJSON_Delete(said);
	}
}

/* Only what changed since an answer; all, after a reload or another run. */
static void test_since(struct site *s)
{
	cJSON *all = list_ask(s, 0, ""), *some;
	char args[128];

	snprintf(args, sizeof(args), "since=%s", text_of(all, "cursor"));
	some = list_ask(s, 0, args);
	is_str(names_of(some), "", "nothing changed");
	ok(cJSON_IsFalse(member(some, "complete")), "it builds on the former answer");
	cJSON_Delete(some);
	site_state(s, 4, HEALTH_UP, 9);
	some = list_ask(s, 0, args);
	is_str(names_of(some), "epsilon", "one changed");
	cJSON_Delete(some);
	site_state(s, 4, HEALTH_UNKNOWN, 9);
	store_trunk_move(s->site.store, s->rows[4], &s->conf->trunks[4]);
	some = list_ask(s, 0, args);
	is_int(cJSON_GetArraySize(member(some, "trunks")), SITE_TRUNKS,
	       "all after a reload");
	ok(cJSON_IsTrue(member(some, "complete")), "which is said");
	cJSON_Delete(some);
	some = list_ask(s, 0, "since=1-0-0");
	is_int(cJSON_GetArraySize(member(some, "trunks")), SITE_TRUNKS,
	       "all of another run");
	cJSON_Delete(some);
	cJSON_Delete(all);
}

static void check_row(const cJSON *row, const char *state, const char *outcome,
		      const char *text, const char *verdicts)
{
	const cJSON *last = member(row, "last");

	is_str(text_of(row, "state"), state, text_of(row, "name"));
	is_str(text_of(last, "outcome"), outcome, "its last outcome");
	is_str(text_of(last, "text"), text, "and words");
	is_str(text_of(row, "recent_verdicts"), verdicts, "its last verdicts");
}

static void test_rows(struct site *s)
{
	cJSON *list = list_ask(s, 0, "recent=3");
	const cJSON *rows = member(list, "trunks");
	const cJSON *alpha = cJSON_GetArrayItem(rows, 0);

	check_row(alpha, "up", "response", "OK", "+++");
	is_str(text_of(member(alpha, "labels"), "site"), "Oslo <b>", "labels");
	is_int(member(alpha, "addresses")->valueint, 2, "addresses");
	is_int(member(alpha, "addresses_up")->valueint, 1, "of which one is up");
	ok(cJSON_GetArrayItem(member(alpha, "recent_latency_s"), 2)->valuedouble ==
		   0.012345,
	   "latencies");
	check_row(cJSON_GetArrayItem(rows, 1), "down", "tls", "it is <expired>", "-");
	is_int(member(cJSON_GetArrayItem(rows, 1), "certificate_not_after_unix_s")
		       ->valueint,
	       1600000000, "a certificate's end");
	check_row(cJSON_GetArrayItem(rows, 2), "unknown", "dns", "no such <name>", "");
	ok(cJSON_IsTrue(member(cJSON_GetArrayItem(rows, 2), "paused")), "paused");
	ok(cJSON_IsNull(member(cJSON_GetArrayItem(rows, 3), "last")), "not probed yet");
	check_row(cJSON_GetArrayItem(rows, 4), "degraded", "response",
		  "Try \"later\" & <wait>", "~-~");
	is_str(text_of(cJSON_GetArrayItem(rows, 4), "profile"), "p", "a profile");
	cJSON_Delete(list);
	list = list_ask(s, 0, "recent=0");
	is_str(text_of(cJSON_GetArrayItem(member(list, "trunks"), 0), "recent_verdicts"),
	       "", "no probes when none are asked for");
	cJSON_Delete(list);
}

static cJSON *one_ask(struct site *s, const char *name, int want_err)
{
	struct buffer b = {0};
	cJSON *tree;

	is_int(api_trunk(&b, s->site.store, name), want_err, name);
	tree = cJSON_ParseWithLength(b.data, b.len);
	ok(tree && b.data[b.len - 1] == '\n', "is a line of JSON");
	buffer_clear(&b);
	return tree;
}

static void test_one(struct site *s)
{
	cJSON *one = one_ask(s, "gamma", 0);
	const cJSON *target = cJSON_GetArrayItem(member(one, "targets"), 0);
	const cJSON *recent = member(target, "recent");
	const cJSON *failures = member(target, "failures"), *entries;

	is_str(text_of(one, "state"), "degraded", "its state");
	is_str(text_of(member(one, "settings"), "fall"), "7", "settings in force");
	is_str(text_of(target, "address"), "192.0.2.3:5060", "its target");
	is_int(member(target, "probes")->valueint, 3, "probes of it");
	is_int(member(target, "late_responses")->valueint, 1, "late responses");
	is_int(member(member(target, "udp"), "requests")->valueint, 600, "requests");
	is_int(member(member(target, "udp"), "answers")->valueint, 597, "answers");
	is_int(member(member(target, "udp"), "lost")->valueint, 3, "what was lost");
	is_int(member(target, "priority")->valueint, 10, "priority");
	is_int(cJSON_GetArraySize(recent), 3, "recent probes");
	is_int(member(cJSON_GetArrayItem(recent, 0), "at_unix_s")->valueint, 1700000006,
	       "oldest first");
	is_int(member(cJSON_GetArrayItem(recent, 2), "at_unix_s")->valueint, 1700000008,
	       "newest last");
	is_int(cJSON_GetArraySize(failures), 3, "ladders of failures");
	is_int(member(cJSON_GetArrayItem(failures, 0), "begun_unix_s")->valueint,
	       1700000008, "newest first");
	ok(cJSON_IsNumber(
		   member(cJSON_GetArrayItem(failures, 0), "late_response_unix_s")),
	   "the late response is told");
	entries = member(cJSON_GetArrayItem(failures, 1), "entries");
	is_int(cJSON_GetArraySize(entries), LADDER_KINDS, "an entry of each kind");
	is_str(text_of(cJSON_GetArrayItem(entries, LADDER_SENT), "direction"), "out",
	       "a request goes out");
	is_str(text_of(cJSON_GetArrayItem(entries, LADDER_RECEIVED), "direction"), "in",
	       "a response comes in");
	is_str(text_of(cJSON_GetArrayItem(entries, LADDER_DEADLINE), "direction"), "none",
	       "time runs out nowhere");
	ok(cJSON_IsNull(member(target, "success")), "no success");
	cJSON_Delete(one);
}

static void test_others(struct site *s)
{
	cJSON *one = one_ask(s, "b/\"<i>", 0);
	const cJSON *target = cJSON_GetArrayItem(member(one, "targets"), 0);

	ok(member(target, "certificate_chain") &&
		   !cJSON_IsNull(member(target, "certificate_chain")),
	   "a chain");
	cJSON_Delete(one);
	one = one_ask(s, "delta", 0);
	is_str(text_of(one, "dns_last_failure"), "no such <name>",
	       "why it has no address");
	is_int(member(one, "dns_failures")->valueint, 1, "and how often");
	cJSON_Delete(one);
	one = one_ask(s, "alpha", 0);
	target = cJSON_GetArrayItem(member(one, "targets"), 0);
	ok(cJSON_IsObject(member(target, "success")), "the ladder of a success");
	is_int(member(one, "inbound_options_unix_s")->valueint, 1700000000,
	       "the peer's own ping");
	cJSON_Delete(one);
	one = one_ask(s, "nobody", ENOENT);
	is_str(text_of(one, "error"), "no trunk of this name", "says so");
	cJSON_Delete(one);
}

static void test_busy(struct site *s)
{
	struct buffer b = {0};

	s->q.arg_count = 0;
	store_change_begin(s->site.store);
	is_int(api_trunks(&b, &s->q), EBUSY, "no list while a configuration is applied");
	is_int(api_trunk(&b, s->site.store, "alpha"), EBUSY, "and no trunk");
	is_int((long long)b.len, 0, "nothing is written");
	store_change_end(s->site.store);
	buffer_clear(&b);
}

/* Names are anybody's: they stay names, whatever they hold. */
static void test_last_reload(struct site *s)
{
	static const struct config_trunk odd = {.name = "b/\"<i>"};
	struct config_turned turned = {CONFIG_TURN_REMOVED, &odd};
	struct config_diff d = {.list = &turned, .count = 1};
	cJSON *list = list_ask(s, 0, "limit=1");
	const cJSON *last, *removed;
	struct changes c;

	ok(cJSON_IsNull(member(list, "last_reload")), "nothing was reloaded yet");
	cJSON_Delete(list);
	d.counts[CONFIG_TURN_REMOVED] = 1;
	is_int(changes_make(&c, &d, 1700000000500000000), 0, "one is removed");
	changes_keep(s->site.store, &c);
	list = list_ask(s, 0, "limit=1");
	last = member(list, "last_reload");
	ok(cJSON_GetNumberValue(member(last, "at_unix_s")) == 1700000000.5, "then");
	removed = member(last, "removed");
	is_int((long long)cJSON_GetNumberValue(member(removed, "count")), 1, "one");
	is_str(cJSON_GetStringValue(cJSON_GetArrayItem(member(removed, "names"), 0)),
	       "b/\"<i>", "by its name");
	is_int(cJSON_GetArraySize(member(member(last, "added"), "names")), 0,
	       "and none was added");
	cJSON_Delete(list);
}

int main(void)
{
	struct site s;

	site_open(&s);
	test_lists(&s);
	test_wrong(&s);
	test_rows(&s);
	test_one(&s);
	test_others(&s);
	test_busy(&s);
	test_since(&s);
	test_last_reload(&s);
	site_close(&s);
	return tap_done();
}
