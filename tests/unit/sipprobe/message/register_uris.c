/* Who is registered, and where, by what of it is configured. */
#include "sipprobe/message/register_uris.h"
#include "tests/unit/tap.h"

static const struct {
	const char *uri, *request_uri;
	const char *want; /* NULL: EINVAL */
} registrars[] = {
	{"sip:sbc.example", NULL, "sip:sbc.example"},
	{"sip:u@sbc.example:5080;transport=tcp", NULL, "sip:sbc.example:5080"},
	{"sips:sbc.example", NULL, "sips:sbc.example"},
	{"sip:[2001:db8::1]:5070", NULL, "sip:[2001:db8::1]:5070"},
	{"sip:[2001:db8::1]", NULL, "sip:[2001:db8::1]"},
	{"sip:sbc.example:65535", NULL, "sip:sbc.example:65535"},
	{"sip:sbc.example", "sip:r.example;x", "sip:r.example;x"},
	{"sip:sbc.example:5080", "sip:{host}:9", "sip:sbc.example:9"},
	{"no URI", NULL, NULL},
};

static void test_registrars(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(registrars); i++) {
		const struct config_settings s = {.request_uri =
							  registrars[i].request_uri};
		const struct config_trunk trunk = {.uri = registrars[i].uri,
						   .settings = &s};
		const struct request_info info = {.trunk = &trunk};
		char out[REQUEST_URI_SIZE] = "";
		int err = register_registrar(out, &info);

		is_int(err, registrars[i].want ? 0 : EINVAL, registrars[i].uri);
		is_str(out, registrars[i].want ? registrars[i].want : "",
		       "its registrar");
	}
}

static const struct {
	const char *uri, *username, *from, *aor;
	const char *want, *user;
} aors[] = {
	{"sip:sbc.example:5080;x", NULL, NULL, NULL, "sip:ping@sbc.example", "ping"},
	{"sip:u@sbc.example", NULL, NULL, NULL, "sip:ping@sbc.example", "ping"},
	{"sips:[2001:db8::1]:5070", NULL, NULL, NULL, "sips:ping@[2001:db8::1]", "ping"},
	{"sip:h", "bob", NULL, NULL, "sip:bob@h", "bob"},
	{"sip:h", "aZ09-_.!~*'()&=+$/", NULL, NULL, "sip:aZ09-_.!~*'()&=+$/@h",
	 "aZ09-_.!~*'()&=+$/"},
	{"sip:h", "a@b:c;d?e f%", NULL, NULL, "sip:a%40b%3Ac%3Bd%3Fe%20f%25@h",
	 "a%40b%3Ac%3Bd%3Fe%20f%25"},
	{"sip:h", "j\xc3\xb6\x80\x7f", NULL, NULL, "sip:j%C3%B6%80%7F@h",
	 "j%C3%B6%80%7F"},
	{"sip:h", "", NULL, NULL, "sip:@h", ""},
	{"sip:h", "bob", "sip:carol@c.example", NULL, "sip:carol@c.example", "carol"},
	{"sip:h", "bob", "sip:carol@c.example", "sip:dan@d.example;y",
	 "sip:dan@d.example;y", "dan"},
	{"sip:h:5070", NULL, NULL, "sip:dan@{host}", "sip:dan@h", "dan"},
	{"sip:h", "bob", NULL, "sip:d.example", "sip:d.example", "ping"},
};

static void test_aors(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(aors); i++) {
		const struct config_register reg = {.aor = aors[i].aor};
		const struct config_auth auth = {.username = aors[i].username};
		const struct config_settings s = {
			.from = aors[i].from,
			.registration = aors[i].aor ? &reg : NULL,
			.auth = aors[i].username ? &auth : NULL};
		const struct config_trunk trunk = {.uri = aors[i].uri, .settings = &s};
		const struct request_info info = {.trunk = &trunk};
		char out[REQUEST_URI_SIZE] = "junk", user[REQUEST_URI_SIZE] = "junk";

		is_int(register_aor(out, user, &info), 0, "an address of record");
		is_str(out, aors[i].want, "which one");
		is_str(user, aors[i].user, "its user");
	}
}

/* As much as there is room for, in whole characters. */
static void test_room(void)
{
	static const struct {
		char c;
		size_t count;
		int err;
	} rows[] = {
		{'a', REQUEST_URI_SIZE - sizeof("sip:@h"), 0},
		{'a', REQUEST_URI_SIZE - sizeof("sip:@h") + 1, ENOBUFS},
		{'a', REQUEST_URI_SIZE, ENOBUFS},
		{'a', 4 * REQUEST_URI_SIZE, ENOBUFS},
		{' ', (REQUEST_URI_SIZE - sizeof("sip:@h")) / 3, 0},
		{' ', (REQUEST_URI_SIZE - sizeof("sip:@h")) / 3 + 1, ENOBUFS},
		{' ', 2 * REQUEST_URI_SIZE, ENOBUFS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char username[4 * REQUEST_URI_SIZE + 1];
		const struct config_auth auth = {.username = username};
		const struct config_settings s = {.auth = &auth};
		const struct config_trunk trunk = {.uri = "sip:h", .settings = &s};
		const struct request_info info = {.trunk = &trunk};
		char out[REQUEST_URI_SIZE] = "", user[REQUEST_URI_SIZE] = "";

		memset(username, rows[i].c, rows[i].count);
		username[rows[i].count] = '\0';
		is_int(register_aor(out, user, &info), rows[i].err, "a long user");
	}
}

static void test_no_uri(void)
{
	const struct config_settings s = {.max_forwards = 70};
	const struct config_trunk trunk = {.uri = "no URI", .settings = &s};
	const struct request_info info = {.trunk = &trunk};
	char out[REQUEST_URI_SIZE] = "", user[REQUEST_URI_SIZE] = "";

	is_int(register_aor(out, user, &info), EINVAL, "no host to be registered at");
	is_str(out, "", "nothing is written");
}

int main(void)
{
	test_registrars();
	test_aors();
	test_room();
	test_no_uri();
	return tap_done();
}
