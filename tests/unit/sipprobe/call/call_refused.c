/* BYEs and PRACKs that are refused: those that are made anew, and those that are not. */
#include "tests/unit/sipprobe/call/call_stage.h"

static bool request_has(const char *text)
{
	return strstr(world.request, text) != NULL;
}

/* Each of a realm of its own: one that challenges anew refuses. */
#define CHALLENGE "-Authenticate: Digest realm=\"r%u\", nonce=\"n%u\"\r\n"

static const struct config_auth credentials = {
	.username = "u", .password = "p", .algorithms = ~0U};

/* A BYE that is challenged goes out again with credentials, as often as an INVITE. */
static const struct {
	const char *name;
	bool credentials;
	unsigned refusals, code;
	const char *fields;
	unsigned byes;
	const char *has;
	unsigned not_ended;
} byes[] = {
	{"a BYE is challenged", true, 1, 401, "WWW" CHALLENGE, 2,
	 "\r\nAuthorization: ", 0},
	{"by a proxy", true, 1, 407, "Proxy" CHALLENGE, 2,
	 "\r\nProxy-Authorization: ", 0},
	{"thrice", true, 3, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: ", 0},
	{"four times", true, 4, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: ", 1},
	{"without credentials", false, 1, 401, "WWW" CHALLENGE, 1, "BYE ", 1},
	{"another refusal", true, 1, 403, "WWW" CHALLENGE, 1, "BYE ", 1},
	{"a redirection", true, 1, 300, "", 1, "BYE ", 1},
	{"a success of another kind", true, 1, 299, "", 1, "BYE ", 0},
	{"a challenge without one", true, 1, 401, "", 1, "BYE ", 1},
};

static void test_bye_again(void)
{
	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(byes) / sizeof(byes[0]); i++) {
		const struct peer_script script = {.answer_ms = 400,
						   .refuse_byes = byes[i].refusals,
						   .refuse_code = byes[i].code,
						   .refuse_fields = byes[i].fields};

		settings.auth = byes[i].credentials ? &credentials : NULL;
		begin(&script);
		dial();
		pass_ms(15500);
		is_int(ladder_count("> BYE"), byes[i].byes, byes[i].name);
		ok(request_has(byes[i].has), "the last one");
		pass_ms(90000);
		ok(!open_now && not_ended == byes[i].not_ended && !world.fault,
		   "%u not ended, %s", not_ended, world.fault ? world.fault : "no fault");
		finish();
	}
	settings.auth = NULL;
}

/* A PRACK that is challenged goes out again with credentials, as a BYE does. */
static void test_prack_again(void)
{
	static const struct {
		const char *name;
		bool credentials;
		unsigned refusals, code;
		const char *fields;
		unsigned pracks;
		const char *has;
	} rows[] = {
		{"a PRACK is challenged", true, 1, 407, "Proxy" CHALLENGE, 2,
		 "\r\nProxy-Authorization: "},
		{"thrice", true, 3, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: "},
		{"four times", true, 4, 401, "WWW" CHALLENGE, 4, "\r\nAuthorization: "},
		{"without credentials", false, 1, 401, "WWW" CHALLENGE, 1, "PRACK "},
		{"another refusal", true, 1, 403, "WWW" CHALLENGE, 1, "PRACK "},
	};

	call_conf.mode = CONFIG_CALL_ECHO;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		settings.auth = rows[i].credentials ? &credentials : NULL;
		begin(&(struct peer_script){.ring_ms = 100,
					    .answer_ms = 2000,
					    .reliable = true,
					    .refuse_pracks = rows[i].refusals,
					    .refuse_code = rows[i].code,
					    .refuse_fields = rows[i].fields});
		dial();
		pass_ms(300);
		is_int(ladder_count("> PRACK"), rows[i].pracks, rows[i].name);
		ok(request_has(rows[i].has) && request_has("RAck: 7 1 INVITE\r\n"),
		   "the last one");
		pass_ms(60000);
		ok(told == 1 && !open_now && !not_ended && !world.fault, "%s",
		   world.fault ? world.fault : "no fault");
		finish();
	}
	settings.auth = NULL;
}

/* One that is refused for the moment is made anew, a few times, in the time it has. */
static void test_bye_put_off(void)
{
	static const struct {
		const char *name;
		unsigned refusals, code;
		const char *fields;
		int wait_ms; /* to the second BYE; 0: there is none */
		unsigned byes, not_ended;
	} rows[] = {
		{"overloaded", 1, 503, "", 4000, 2, 0},
		{"overloaded, and it says for how long", 1, 503, "Retry-After: 1\r\n",
		 1000, 2, 0},
		{"for longer than there is time", 1, 503, "Retry-After: 3600\r\n", 4000,
		 2, 0},
		{"broken", 2, 500, "Retry-After: 2\r\n", 2000, 3, 0},
		{"a gateway without an answer", 3, 504, "", 4000, 4, 0},
		{"for ever", 100, 503, "", 4000, 4, 1},
		{"it cannot", 100, 501, "", 0, 1, 1},
	};

	call_conf.mode = CONFIG_CALL_ANSWER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&(struct peer_script){.answer_ms = 400,
					    .refuse_byes = rows[i].refusals,
					    .refuse_code = rows[i].code,
					    .refuse_fields = rows[i].fields});
		dial();
		pass_ms(15450 + (rows[i].wait_ms ? rows[i].wait_ms : 9000) - 50);
		is_int(ladder_count("> BYE"), 1, rows[i].name);
		pass_ms(100);
		is_int(ladder_count("> BYE"), rows[i].wait_ms ? 2 : 1, "the next");
		pass_ms(32000 - (rows[i].wait_ms ? rows[i].wait_ms : 9000) - 200);
		is_int(world.refused + !rows[i].not_ended, rows[i].byes, "BYEs in all");
		is_int(open_now, rows[i].not_ended, "ended, or not");
		pass_ms(300);
		ok(!open_now && not_ended == rows[i].not_ended && !world.fault,
		   "nor later than 64 T1: %s", world.fault ? world.fault : "no fault");
		finish();
	}
}

int main(void)
{
	load();
	test_bye_again();
	test_prack_again();
	test_bye_put_off();
	config_free(conf);
	return tap_done();
}
