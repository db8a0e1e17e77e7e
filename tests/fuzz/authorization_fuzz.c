/*
 * Authorization of HTTP's Basic scheme: what is read is what base64 of it says, no more
 * fits than there is room for, and nobody is let in whom no user's hash stands for.
 */
#include <string.h>

#include "exporter/webconfig/web_auth.h"
#include "exporter/webconfig/web_credentials.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_MAX = WEB_NAME_BYTES + WEB_PASSWORD_BYTES };

static size_t base64_write(char *out, const uint8_t *p, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < len ? p[i + k] : 0U);
		for (size_t k = 0; k < 4; k++)
			out[n++] = i * 8 + k * 6 < len * 8
					   ? digits[bits >> (18 - 6 * k) & 63]
					   : '=';
	}
	out[n] = '\0';
	return n;
}

static bool credentials_same(const struct web_credentials *a, const uint8_t *p,
			     size_t len)
{
	return a->name_len + 1 + a->password_len == len &&
	       !memcmp(a->name, p, a->name_len) && p[a->name_len] == ':' &&
	       !memcmp(a->password, p + a->name_len + 1, a->password_len);
}

/* Any bytes as name and password, written as a browser would: taken if they can be. */
static void written_check(const uint8_t *p, size_t len)
{
	char field[8 + TEXT_MAX * 2] = "bASIC ";
	const uint8_t *colon = len ? memchr(p, ':', len) : NULL;
	struct web_credentials who;
	bool fits, taken;

	if (len > TEXT_MAX)
		return;
	fits = colon && !memchr(p, '\0', len) && colon - p < WEB_NAME_BYTES &&
	       p + len - colon - 1 < WEB_PASSWORD_BYTES;
	base64_write(field + 6, p, len);
	taken = web_credentials_parse(&who, field);
	must(taken == fits);
	must(!taken || credentials_same(&who, p, len));
}

/* Any bytes as the field: what they are taken for must be written the same way. */
static void read_check(const char *field)
{
	struct web_credentials who;
	char text[TEXT_MAX], again[TEXT_MAX * 2];
	size_t len, digits;

	if (!web_credentials_parse(&who, field))
		return;
	must(who.name_len < WEB_NAME_BYTES && who.password_len < WEB_PASSWORD_BYTES);
	must(strlen(who.name) == who.name_len);
	must(strlen(who.password) == who.password_len && !strchr(who.name, ':'));
	len = (size_t)snprintf(text, sizeof(text), "%s:%s", who.name, who.password);
	base64_write(again, (const uint8_t *)text, len);
	digits = strcspn(again, "=");
	field += 6 + strspn(field + 6, " ");
	must(strcspn(field, "=") == digits && !memcmp(field, again, digits));
}

/* Known users are right only once bcrypt has said so: never by what is known. */
static void known_check(const char *field)
{
	static const struct config_pair user = {
		"u", "$2y$04$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	static const struct web_pairs users = {&user, 1};
	static struct web_auth *auth;
	struct web_claim claim = {.users = &users, .authorization = field};
	struct web_credentials who;
	enum web_verdict v;

	must(!web_auth_hash_check(user.value));
	must(auth || !web_auth_alloc(&auth));
	v = web_auth_known(auth, &claim);
	must(v == (web_credentials_parse(&who, field) ? WEB_LATER : WEB_DENIED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *field = malloc(size + 7);

	must(field);
	written_check(data, size);
	memcpy(field, "Basic ", 6);
	memcpy(field + 6, data, size);
	field[6 + size] = '\0';
	read_check(field);
	known_check(field);
	known_check(field + 6);
	free(field);
	return 0;
}
