/* What answers by size say: tables of checks, of rows of them, and of sentences. */
#include "sipprobe/survey/size_verdict.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

/*
 * A check as a word, a letter for each question in their order: a answered, s silent, t
 * told by ICMP, r refused by a code of its own, u not sent, - not asked.
 */
static struct size_answers answers(const char *word)
{
	struct size_answers a = {.bytes = 1700, .whole_bytes = 1472};

	for (int i = 0; i < SIZE_QUESTIONS && word[i]; i++) {
		char how = word[i];

		a.how[i] = how == 'a' || how == 'r' ? SIZE_ANSWERED
			   : how == 's'		    ? SIZE_SILENT
			   : how == 't'		    ? SIZE_TOLD
			   : how == 'u'		    ? SIZE_UNSENT
						    : SIZE_UNASKED;
		a.code[i] = how == 'r' ? 513 : how == 'a' ? 404 : 0;
	}
	return a;
}

static const struct {
	const char *name;
	const char *word; /* small, request, both, whole, cut, small again */
	enum survey_verdict want;
} checks[] = {
	{"all passes", "aaaa--", SURVEY_FINE},
	{"a router says what it takes", "aaat--", SURVEY_FINE},
	{"nothing is answered", "s-----", SURVEY_UNKNOWN},
	{"nothing could be sent", "u-----", SURVEY_UNKNOWN},
	{"fragments of requests", "assa-a", SURVEY_FRAGMENTS_OUT},
	{"the same, and a router spoke", "asst-a", SURVEY_FRAGMENTS_OUT},
	{"fragments of answers", "aasa-a", SURVEY_FRAGMENTS_BACK},
	{"a black hole, IPv4", "aaasaa", SURVEY_BLACK_HOLE},
	{"a black hole, IPv6: fragments are too large as well", "asssaa",
	 SURVEY_BLACK_HOLE},
	{"nothing large", "asssss", SURVEY_UNKNOWN},
	{"nothing large, and it is no outage",
	 "asssa"
	 "a",
	 SURVEY_BLACK_HOLE},
	{"whatever is done to it",
	 "asss"
	 "sa",
	 SURVEY_LARGE_OUT},
	{"an outage began in the middle",
	 "aasss"
	 "s",
	 SURVEY_UNKNOWN},
	{"513 to what is large", "arra--", SURVEY_LIMITED},
	{"513 to what has a large answer", "aara--", SURVEY_LIMITED},
	{"large ones could not be sent", "auuu--", SURVEY_FINE},
};

static void test_checks(void)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct size_answers a = answers(checks[i].word);

		is_str(survey_verdict_name(size_verdict_of(&a)),
		       survey_verdict_name(checks[i].want), checks[i].name);
	}
}

/* Which questions follow. */
static void test_wanted(void)
{
	static const struct {
		const char *name, *word;
		enum size_question q;
		bool want;
	} cases[] = {
		{"the first", "", SIZE_SMALL, true},
		{"no large one without a small answer", "s", SIZE_REQUEST, false},
		{"a large one", "a", SIZE_REQUEST, true},
		{"the large answer, whatever came of the request", "as", SIZE_BOTH, true},
		{"not cut where it passed whole", "aaaa", SIZE_CUT, false},
		{"nor where a router spoke", "aaat", SIZE_CUT, false},
		{"cut where it did not", "aaas", SIZE_CUT, true},
		{"small again after silence", "asaa-", SIZE_AGAIN, true},
		{"not without", "aaat-", SIZE_AGAIN, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct size_answers a = answers(cases[i].word);

		is_int(size_verdict_wants(&a, cases[i].q), cases[i].want, cases[i].name);
	}
}

/* Checks one after another, and what is said after the last: verdict and gauges. */
static const struct {
	const char *name;
	const char *words[5];
	enum survey_verdict want;
	const char *gauges; /* small, large request, large both */
} rows[] = {
	{"nothing", {"s-----"}, SURVEY_UNKNOWN, "???"},
	{"well at once", {"aaaa--"}, SURVEY_FINE, "111"},
	{"once is chance", {"aaaa--", "assa-a"}, SURVEY_FINE, "111"},
	{"twice is not", {"aaaa--", "assa-a", "assa-a"}, SURVEY_FRAGMENTS_OUT, "100"},
	{"not in a row", {"assa-a", "aaaa--", "assa-a"}, SURVEY_FINE, "111"},
	{"nor two that differ", {"aaaa--", "assa-a", "aasa-a"}, SURVEY_FINE, "110"},
	{"an outage between says nothing",
	 {"assa-a", "s-----", "assa-a"},
	 SURVEY_FRAGMENTS_OUT,
	 "100"},
	{"well again at once", {"aasa-a", "aasa-a", "aaaa--"}, SURVEY_FINE, "111"},
	{"it stays",
	 {"aasa-a", "aasa-a", "assa-a"},
	 SURVEY_FRAGMENTS_BACK,
	 "1"
	 "10"},
	{"small ones twice unanswered", {"s-----", "s-----"}, SURVEY_UNKNOWN, "0??"},
	{"refused is answered", {"arra--", "arra--"}, SURVEY_LIMITED, "111"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct survey_size_report r = {0};
		struct size_memory m = {0};
		char gauges[SURVEY_SIZES + 1] = "";

		for (int k = 0; k < 5 && rows[i].words[k]; k++) {
			struct size_answers a = answers(rows[i].words[k]);

			size_memory_add(&m, &a, &r);
		}
		for (int k = 0; k < SURVEY_SIZES; k++)
			gauges[k] = r.success[k] < 0 ? '?' : (char)('0' + r.success[k]);
		is_str(survey_verdict_name((enum survey_verdict)r.verdict),
		       survey_verdict_name(rows[i].want), rows[i].name);
		is_str(gauges, rows[i].gauges, rows[i].name);
	}
}

static void test_words(void)
{
	static const struct {
		struct survey_size_report r;
		const char *want;
	} cases[] = {
		{{.verdict = SURVEY_UNKNOWN}, "not known yet"},
		{{.verdict = SURVEY_FINE, .bytes = 1700}, "1,700 B pass both ways"},
		{{.verdict = SURVEY_FINE,
		  .bytes = 1700,
		  .path_mtu = 1400,
		  .router = "10.70.2.2"},
		 "1,700 B pass both ways; 10.70.2.2 says the path takes 1,400 B"},
		{{.verdict = SURVEY_LIMITED, .bytes = 1700, .code = 513},
		 "the peer limits the size: it answers 513 to 1,700 B"},
		{{.verdict = SURVEY_FRAGMENTS_OUT},
		 "small passes, large does not: fragments of our requests are dropped on "
		 "the way"},
		{{.verdict = SURVEY_FRAGMENTS_BACK},
		 "small passes, large does not: fragments of its answers are dropped on "
		 "the way"},
		{{.verdict = SURVEY_LARGE_OUT, .bytes = 1700, .whole_bytes = 1472},
		 "small passes, large does not: requests of 1,472 B and more get no "
		 "answer"},
		{{.verdict = SURVEY_BLACK_HOLE, .whole_bytes = 1427},
		 "a datagram of 1,427 B with DF vanishes, without DF it passes: a "
		 "path-MTU black hole"},
		{{.verdict = SURVEY_BLACK_HOLE, .whole_bytes = 1452, .ipv6 = true},
		 "a datagram of 1,452 B vanishes whole, larger ones pass in fragments of "
		 "1,280 B: a path-MTU black hole"},
		{{.verdict = SURVEY_FINE, .bytes = 999}, "999 B pass both ways"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[SURVEY_WORDS];

		survey_size_words(words, sizeof(words), &cases[i].r);
		is_str(words, cases[i].want, cases[i].want);
	}
}

int main(void)
{
	test_checks();
	test_wanted();
	test_rows();
	test_words();
	return tap_done();
}
