/* What one configuration changes of another. */
#include <stdlib.h>
#include <string.h>

#include "config/diff.h"
#include "tests/unit/tap.h"

#define T(name, more) "{\"name\": \"" name "\", \"uri\": \"sip:a.example\"" more "}"
#define PAUSED	      ", \"paused\": true"
#define SOON	      ", \"paused\": \"until 2999-01-01T00:00Z\""
#define LATER	      ", \"paused\": \"until 2999-02-02T00:00Z\""
#define OVER	      ", \"paused\": \"until 2020-01-01T00:00Z\""
#define OTHER	      ", \"fall\": 7"
#define MIRROR(every) ", \"mirror\": {\"every\": \"" every "\"}"
#define TRAIN(count, every)                                                              \
	", \"train\": {\"count\": " count ", \"gap\": \"20ms\", \"every\": \"" every "\"}"

static const struct {
	const char *from, *to;
	const char *turns;
} cases[] = {
	{"", "", ""},
	{T("a", ""), T("a", ""), ""},
	{"", T("a", "") "," T("b", PAUSED), "added a, added b"},
	{T("a", "") "," T("b", PAUSED), "", "removed a, removed b"},
	{T("a", "") "," T("b", ""), T("b", "") "," T("a", ""), ""},
	{T("a", ""), T("a", OTHER), "changed a"},
	{T("a", ""), T("b", ""), "added b, removed a"},
	{T("a", ""), T("a", PAUSED), "paused a"},
	{T("a", ""), T("a", SOON), "paused a"},
	{T("a", ""), T("a", OTHER PAUSED), "paused a"},
	{T("a", SOON), T("a", ""), "resumed a"},
	{T("a", PAUSED), T("a", OTHER), "resumed a"},
	{T("a", PAUSED), T("a", OTHER PAUSED), "changed a"},
	{T("a", SOON), T("a", LATER), ""},
	{T("a", OVER), T("a", ""), ""},
	{T("a", ""), T("a", OVER), ""},
	{T("a", MIRROR("1h")), T("a", MIRROR("1h")), ""},
	{T("a", MIRROR("1h")), T("a", MIRROR("2h")), "changed a"},
	{T("a", MIRROR("1h")), T("a", ""), "changed a"},
	{T("a", TRAIN("10", "1h")), T("a", TRAIN("10", "1h")), ""},
	{T("a", TRAIN("10", "1h")), T("a", TRAIN("9", "1h")), "changed a"},
	{T("a", TRAIN("10", "1h")), T("a", TRAIN("10", "2h")), "changed a"},
	{T("x", "") "," T("b", "") "," T("y", ""), T("c", "") "," T("b", OTHER),
	 "added c, changed b, removed x, removed y"},
};

static struct config *parsed(const char *trunks)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "{\"trunks\": [%s]}", trunks);
	if (config_parse(&c, text, strlen(text), "x.json", &errs))
		exit(1);
	return c;
}

/* Who each trunk was, by name, wherever it stood. */
static void test_kin(void)
{
	struct config *from = parsed(T("a", "") "," T("b", "") "," T("c", ""));
	struct config *to = parsed(T("c", OTHER) "," T("d", "") "," T("a", ""));
	struct config_diff d;

	is_int(config_diff(&d, from, to), 0, "compared");
	ok(d.kin[0].old == 2 && !d.kin[0].equal, "one that moved and changed");
	ok(d.kin[1].old == CONFIG_NO_KIN && !d.kin[1].equal, "one that is new");
	ok(d.kin[2].old == 0 && d.kin[2].equal, "one that moved");
	config_diff_clear(&d);
	is_int(config_diff(&d, &(struct config){0}, to), 0, "compared with nothing");
	is_int((long long)d.counts[CONFIG_TURN_ADDED], 3, "all are new");
	config_diff_clear(&d);
	config_free(from);
	config_free(to);
}

static void test_turns(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config *from = parsed(cases[i].from), *to = parsed(cases[i].to);
		size_t counts[CONFIG_TURNS] = {0}, wrong = 0, len = 0;
		char text[256] = "";
		struct config_diff d;

		is_int(config_diff(&d, from, to), 0, "compared");
		for (size_t k = 0; k < d.count; k++) {
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "%s%s %s", k ? ", " : "",
				config_turn_name(d.list[k].turn), d.list[k].trunk->name);
			counts[d.list[k].turn]++;
		}
		is_str(text, cases[i].turns, cases[i].turns);
		for (size_t k = 0; k < CONFIG_TURNS; k++)
			wrong += counts[k] != d.counts[k];
		is_int((long long)wrong, 0, "counted");
		config_diff_clear(&d);
		config_free(from);
		config_free(to);
	}
}

int main(void)
{
	test_turns();
	test_kin();
	return tap_done();
}
