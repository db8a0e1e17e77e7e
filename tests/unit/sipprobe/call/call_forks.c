/* Whose audio is followed, where a call forks: that of who answers it. */
#include "tests/unit/sipprobe/call/call_stage.h"

static const struct peer_script silent = {
	.mute = true, .ring_ms = -1, .answer_ms = 1000000};

struct step {
	unsigned code;
	int fork;
	const char *sdp; /* NULL: none */
};

enum { STEPS = 4 };

static const struct {
	const char *name;
	struct step steps[STEPS]; /* up to a code of 0 */
	const char *said;
	unsigned answers;
} rows[] = {
	{"the first of two answers, without SDP",
	 {{183, 0, "one"}, {183, 1, "two"}, {200, 0, NULL}},
	 "one",
	 3},
	{"the second does", {{183, 0, "one"}, {183, 1, "two"}, {200, 1, NULL}}, "two", 2},
	{"the first, with SDP",
	 {{183, 0, "one"}, {183, 1, "two"}, {200, 0, "three"}},
	 "three",
	 3},
	{"one that said nothing before",
	 {{183, 0, "one"}, {180, 1, NULL}, {200, 1, NULL}},
	 "one",
	 1},
	{"one alone", {{183, 0, "one"}, {200, 0, NULL}}, "one", 1},
	{"another's 180 changes nothing",
	 {{183, 0, "one"}, {183, 1, "two"}, {180, 0, NULL}, {200, 1, NULL}},
	 "two",
	 2},
	{"the last word of a fork counts",
	 {{183, 0, "one"}, {183, 0, "uno"}, {183, 1, "two"}, {200, 0, NULL}},
	 "uno",
	 4},
};

static void test_rows(void)
{
	call_conf.mode = CONFIG_CALL_ECHO;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&silent);
		dial();
		pass_ms(100);
		for (const struct step *s = rows[i].steps;
		     s < rows[i].steps + STEPS && s->code; s++) {
			peer_say(&world, s->code, PEER_CONTACT, s->sdp, s->fork);
			pass_ms(100);
		}
		is_str(audio_said, rows[i].said, rows[i].name);
		is_int(audio_answers, rows[i].answers, "answers that were followed");
		pass_ms(60000);
		finish();
	}
}

static bool say_sdp(unsigned code, const char *tag, const char *sdp)
{
	return say_body(code, "Words", tag, PEER_CONTACT "c: application/sdp\r\n", sdp);
}

/* More forks than are remembered are followed all the same. */
static void test_many(void)
{
	char to[32], said[32];
	unsigned wrong = 0;

	call_conf.mode = CONFIG_CALL_ECHO;
	begin(&silent);
	dial();
	pass_ms(100);
	for (int i = 0; i < 20; i++) {
		(void)re_snprintf(to, sizeof(to), "fork%d", i);
		(void)re_snprintf(said, sizeof(said), "sdp%d", i);
		wrong += !say_sdp(183, to, said) || strcmp(audio_said, said) != 0;
	}
	is_int(wrong, 0, "each of 20 is followed");
	ok(say_sdp(200, "fork19", "") && !strcmp(audio_said, "sdp19"),
	   "who is followed answers: it goes on");
	finish();
	begin(&silent);
	dial();
	pass_ms(100);
	for (int i = 0; i < 9; i++) {
		(void)re_snprintf(to, sizeof(to), "fork%d", i);
		(void)re_snprintf(said, sizeof(said), "sdp%d", i);
		(void)say_sdp(183, to, said);
	}
	ok(say_sdp(200, "FORK7", "") && !strcmp(audio_said, "sdp7"),
	   "the eighth is remembered, in any case of its tag");
	finish();
}

int main(void)
{
	load();
	test_rows();
	test_many();
	config_free(conf);
	return tap_done();
}
