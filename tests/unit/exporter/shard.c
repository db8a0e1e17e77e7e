/* Shares of the trunks: which falls where, and what the flags must say. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "exporter/shard.h"
#include "tests/unit/tap.h"

enum { NAMES = 9000 };

/* Whoever computed a share outside of this program relies on these. */
static const struct {
	const char *name;
	unsigned of2, of3, of7, of1000;
} known[] = {
	{"isp-a", 0, 1, 6, 208},       {"isp-b", 1, 2, 1, 373},
	{"teams", 1, 2, 6, 905},       {"trunk-00001", 1, 2, 0, 55},
	{"trunk-00002", 1, 2, 3, 119}, {"sip.pstnhub.microsoft.com", 0, 1, 0, 878},
	{"Tromsø", 1, 1, 2, 147},
};

static void test_known(void)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		is_int(config_shard_of(known[i].name, 2), known[i].of2, known[i].name);
		is_int(config_shard_of(known[i].name, 3), known[i].of3, "of 3");
		is_int(config_shard_of(known[i].name, 7), known[i].of7, "of 7");
		is_int(config_shard_of(known[i].name, 1000), known[i].of1000, "of 1000");
		is_int(config_shard_of(known[i].name, 1), 0, "of 1");
	}
}

/* Names as people number them; the low bits of a bare FNV-1a would clump. */
static const char *const forms[] = {"trunk-%05d", "%d", "sip:10.0.%d.1", "%d-%1$d"};

static void test_even(void)
{
	for (size_t f = 0; f < sizeof(forms) / sizeof(*forms); f++) {
		for (unsigned total = 2; total <= 9; total++) {
			int bins[9] = {0}, low = NAMES, high = 0;

			for (int i = 0; i < NAMES; i++) {
				char name[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
				(void)snprintf(name, sizeof(name), forms[f], i);
#pragma GCC diagnostic pop
				bins[config_shard_of(name, total)]++;
			}
			for (unsigned i = 0; i < total; i++) {
				low = bins[i] < low ? bins[i] : low;
				high = bins[i] > high ? bins[i] : high;
			}
			ok(high - low < NAMES / (int)total / 5,
			   "%s in %u shares: %d to %d each", forms[f], total, low, high);
		}
	}
}

static const char fleet[] = "{\"trunks\":["
			    "{\"name\":\"a\",\"uri\":\"sip:a.example\"},{\"name\":\"b\","
			    "\"uri\":\"sip:b.example\"},"
			    "{\"name\":\"c\",\"uri\":\"sip:c.example\"},{\"name\":\"d\","
			    "\"uri\":\"sip:d.example\"},"
			    "{\"name\":\"e\",\"uri\":\"sip:e.example\"},{\"name\":\"f\","
			    "\"uri\":\"sip:f.example\"}]}";

/* How many trunks a share keeps; each in its place of the order. */
static size_t keep(unsigned index, unsigned total, char *names)
{
	const struct config_shard shard = {index, total};
	struct config_errors errs = {0};
	struct config *c = NULL;
	size_t count;

	if (config_parse(&c, fleet, sizeof(fleet) - 1, NULL, &errs))
		return 0;
	config_shard_keep(c, &shard);
	count = c->trunk_count;
	for (size_t i = 0; i < count; i++)
		strcat(names, c->trunks[i].name);
	config_free(c);
	config_errors_clear(&errs);
	return count;
}

static void test_keep(void)
{
	char all[32] = "", one[32] = "", parts[3][32] = {""};
	size_t sum = 0;

	is_int((long long)keep(0, 0, all), 6, "without shares all are kept");
	is_int((long long)keep(0, 1, one), 6, "so they are in a single one");
	is_str(all, "abcdef", "in their order");
	for (unsigned i = 0; i < 3; i++) {
		sum += keep(i, 3, parts[i]);
		for (char *p = parts[i]; *p; p++)
			ok(config_shard_of((char[]){*p, 0}, 3) == i &&
				   (p == parts[i] || p[-1] < *p),
			   "%c is in share %u", *p, i);
	}
	is_int((long long)sum, 6, "three shares are the whole");
}

/* The whole fleet is in every exporter's file; what is none of its business is not kept.
 */
static void test_room(void)
{
	const struct config_shard shard = {3, 10};
	struct config_errors errs = {0};
	struct config *c = NULL;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs("{\"trunks\":[", out);
	for (int i = 0; i < NAMES; i++)
		fprintf(out, "%s{\"name\":\"%d\",\"uri\":\"sip:a.example\"}",
			i ? "," : "", i);
	fputs("]}", out);
	fclose(out);
	is_int(config_parse(&c, text, len, NULL, &errs), 0, "a large fleet");
	free(text);
	if (!c)
		return;
	ok(malloc_usable_size((void *)(uintptr_t)c->trunks) <
		   (NAMES + 50) * sizeof(*c->trunks),
	   "its array is as large as it is");
	config_shard_keep(c, &shard);
	ok(c->trunk_count > NAMES / 12 && c->trunk_count < NAMES / 8, "a tenth of it");
	ok(malloc_usable_size((void *)(uintptr_t)c->trunks) <
		   (c->trunk_count + 50) * sizeof(*c->trunks),
	   "has the room of a tenth");
	config_free(c);
}

static const struct {
	const char *shard, *total, *host;
	int index; /* -1: refused */
	const char *text;
} rows[] = {
	{NULL, NULL, "pod-7", 0, NULL},
	{"0", "1", "x", 0, NULL},
	{"9999", "10000", "x", 9999, NULL},
	{"auto", "3", "siptrunk-2", 2, NULL},
	{"auto", "30", "siptrunk-12.siptrunk.monitoring.svc", 12, NULL},
	{"auto", "3", "a-b-1", 1, NULL},
	{"1", NULL, "x", -1, "--shard and --total-shards belong together"},
	{NULL, "2", "x", -1, "--shard and --total-shards belong together"},
	{"0", "0", "x", -1, "--total-shards: \"0\" is no number from 1 to 10000"},
	{"0", "10001", "x", -1, "--total-shards: \"10001\" is no number from 1 to 10000"},
	{"0", "4294967297", "x", -1,
	 "--total-shards: \"4294967297\" is no number from 1 to 10000"},
	{"0", "3x", "x", -1, "--total-shards: \"3x\" is no number from 1 to 10000"},
	{"0", "-1", "x", -1, "--total-shards: \"-1\" is no number from 1 to 10000"},
	{"0", "+3", "x", -1, "--total-shards: \"+3\" is no number from 1 to 10000"},
	{"-1", "3", "x", -1, "--shard: \"-1\" is neither a number nor auto"},
	{"Auto", "3", "x-1", -1, "--shard: \"Auto\" is neither a number nor auto"},
	{"3", "3", "x", -1,
	 "--shard: with --total-shards=3 they count from 0 to 2, there is no shard 3"},
	{"18446744073709551617", "3", "x", -1,
	 "--shard: with --total-shards=3 they count from 0 to 2, there is no shard "
	 "18446744073709551617"},
	{"auto", "3", "siptrunk-3", -1,
	 "--shard: with --total-shards=3 they count from 0 to 2, there is no shard as in "
	 "siptrunk-3"},
	{"auto", "3", "siptrunk", -1,
	 "--shard=auto: the host name \"siptrunk\" does not end in an ordinal, as "
	 "siptrunk-0 does"},
	{"auto", "3", "web2", -1,
	 "--shard=auto: the host name \"web2\" does not end in an ordinal, as siptrunk-0 "
	 "does"},
	{"auto", "3", "12", -1,
	 "--shard=auto: the host name \"12\" does not end in an ordinal, as siptrunk-0 "
	 "does"},
	{"auto", "3", "x-.example-1", -1,
	 "--shard=auto: the host name \"x-.example-1\" does not end in an ordinal, as "
	 "siptrunk-0 does"},
	{"auto", "3", "", -1,
	 "--shard=auto: the host name \"\" does not end in an ordinal, as siptrunk-0 "
	 "does"},
};

static void test_flags(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config_shard s = {77, 77};
		char text[256] = "";
		int err = shard_parse(&s, rows[i].shard, rows[i].total, rows[i].host,
				      text, sizeof(text));

		is_int(err, rows[i].index < 0 ? EINVAL : 0,
		       rows[i].text ? rows[i].text : rows[i].host);
		if (rows[i].text)
			is_str(text, rows[i].text, "the sentence");
		is_int(s.index, err ? 77 : rows[i].index, "the share");
		is_int(s.total,
		       err	       ? 77
		       : rows[i].total ? atoi(rows[i].total)
				       : 0,
		       "the shares");
	}
}

int main(void)
{
	test_known();
	test_even();
	test_keep();
	test_room();
	test_flags();
	return tap_done();
}
