#include "sipprobe/message/digest.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "sipprobe/message/siphdr.h"

static const struct {
	const char *name;
	const char *hash; /* OpenSSL's name for it */
	bool sess;
} algorithms[DIGEST_UNKNOWN] = {
	[DIGEST_MD5] = {"MD5", "MD5", false},
	[DIGEST_MD5_SESS] = {"MD5-sess", "MD5", true},
	[DIGEST_SHA_256] = {"SHA-256", "SHA256", false},
	[DIGEST_SHA_256_SESS] = {"SHA-256-sess", "SHA256", true},
	[DIGEST_SHA_512_256] = {"SHA-512-256", "SHA512-256", false},
	[DIGEST_SHA_512_256_SESS] = {"SHA-512-256-sess", "SHA512-256", true},
};

const char *digest_algorithm_name(enum digest_algorithm a)
{
	return (unsigned)a < DIGEST_UNKNOWN ? algorithms[a].name : "";
}

unsigned digest_algorithm_strength(enum digest_algorithm a)
{
	return (unsigned)a / 2;
}

/* A parameter's value without the quotes it may have. */
static struct pl digest_unquoted(const struct pl *value)
{
	struct pl v = *value;

	if (v.l >= 2 && *v.p == '"')
		v = (struct pl){.p = value->p + 1, .l = value->l - 2};
	return v;
}

/* The readers of parameters return false for a value that spoils the challenge. */
typedef bool(param_h)(struct digest_challenge *c, const struct pl *value);

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* Skips a line's fold, with the blanks around it. Returns whether there was one. */
static bool fold_skip(struct pl *text)
{
	struct pl c = *text;

	while (c.l && is_blank(*c.p))
		pl_advance(&c, 1);
	if (c.l && *c.p == '\r')
		pl_advance(&c, 1);
	if (c.l < 2 || *c.p != '\n' || !is_blank(c.p[1]))
		return false;
	while (c.l && (is_blank(*c.p) || *c.p == '\n'))
		pl_advance(&c, 1);
	*text = c;
	return true;
}

size_t digest_text_copy(char *to, const struct pl *text)
{
	struct pl c = *text;
	size_t len = 0;

	while (c.l) {
		if (fold_skip(&c)) {
			to[len++] = ' ';
			continue;
		}
		to[len++] = *c.p;
		pl_advance(&c, 1);
	}
	to[len] = '\0';
	return len;
}

/* What else controls than a fold would break the line of our answer. */
static bool text_keep(struct pl *slot, const struct pl *value)
{
	struct pl c = *value;

	if (slot->p || value->l > DIGEST_TEXT_MAX)
		return false;
	while (c.l) {
		if (fold_skip(&c))
			continue;
		if ((uint8_t)*c.p < ' ' || *c.p == 0x7f)
			return false;
		pl_advance(&c, 1);
	}
	*slot = *value;
	return true;
}

static bool realm_read(struct digest_challenge *c, const struct pl *value)
{
	return text_keep(&c->realm, value);
}

static bool nonce_read(struct digest_challenge *c, const struct pl *value)
{
	return value->l && text_keep(&c->nonce, value);
}

static bool opaque_read(struct digest_challenge *c, const struct pl *value)
{
	return text_keep(&c->opaque, value);
}

static bool algorithm_read(struct digest_challenge *c, const struct pl *value)
{
	unsigned a = 0;

	if (c->algorithm_given)
		return false;
	while (a < DIGEST_UNKNOWN && pl_strcasecmp(value, algorithms[a].name))
		a++;
	c->algorithm = (enum digest_algorithm)a;
	c->algorithm_given = true;
	return true;
}

static bool qop_read(struct digest_challenge *c, const struct pl *value)
{
	struct pl rest = *value, option;

	if (c->qop_given)
		return false;
	c->qop_given = true;
	while (rest.l) {
		if (!siphdr_run_take(&option, &rest, SIPHDR_TOKEN))
			pl_advance(&rest, 1);
		else if (!pl_strcasecmp(&option, "auth"))
			c->qop_auth = true;
	}
	return true;
}

static bool stale_read(struct digest_challenge *c, const struct pl *value)
{
	c->stale = !pl_strcasecmp(value, "true");
	return true;
}

static bool userhash_read(struct digest_challenge *c, const struct pl *value)
{
	c->userhash = !pl_strcasecmp(value, "true");
	return true;
}

/* Parameters that are not here, domain and charset among them, change nothing for us. */
static const struct {
	const char *name;
	param_h *read;
} params[] = {
	{"realm", realm_read},	       {"nonce", nonce_read},
	{"opaque", opaque_read},       {"qop", qop_read},
	{"algorithm", algorithm_read}, {"stale", stale_read},
	{"userhash", userhash_read},
};

static bool param_read(struct digest_challenge *c, const struct pl *name,
		       const struct pl *value)
{
	struct pl v = digest_unquoted(value);

	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (!pl_strcasecmp(name, params[i].name))
			return params[i].read(c, &v);
	return true;
}

/* To the next comma that is not inside quotes, past what cannot be read. */
static void item_skip(struct pl *value)
{
	bool quoted = false;

	for (; value->l && (quoted || *value->p != ','); pl_advance(value, 1)) {
		if (*value->p == '"')
			quoted = !quoted;
		else if (quoted && *value->p == '\\' && value->l > 1)
			pl_advance(value, 1);
	}
}

static void separators_skip(struct pl *value)
{
	while (siphdr_space_skip(value) || (value->l && *value->p == ','))
		if (value->l && *value->p == ',')
			pl_advance(value, 1);
}

/* Whether the next parameter follows, for want of a comma at its name. */
static bool param_follows(const struct pl *value)
{
	struct pl rest = *value, name, text;

	return siphdr_param_take(&name, &text, &rest) && text.p;
}

/*
 * Takes one challenge of any scheme: its name, then parameters up to a name that none
 * follows by an equals sign, which is the next one's.
 *
 * Returns whether it is a Digest challenge and whole.
 */
static bool scheme_take(struct digest_challenge *c, struct pl *value)
{
	struct pl name, text, before;
	bool begun = false, good = false;

	*c = (struct digest_challenge){.algorithm = DIGEST_MD5};
	for (separators_skip(value); value->l; separators_skip(value)) {
		before = *value;
		if (!siphdr_param_take(&name, &text, value)) {
			good = false;
		} else if (!text.p && begun) {
			*value = before;
			break;
		} else if (!text.p) {
			begun = true;
			good = !pl_strcasecmp(&name, "Digest");
			continue;
		} else {
			good = good && param_read(c, &name, &text);
		}
		/* Some leave the commas out. */
		if (value->l && *value->p != ',' && param_follows(value))
			continue;
		if (value->l && *value->p != ',')
			good = false;
		item_skip(value);
	}
	return good && c->realm.p && c->nonce.p;
}

bool digest_challenge_take(struct digest_challenge *c, struct pl *value)
{
	while (value->l)
		if (scheme_take(c, value))
			return true;
	return false;
}

bool digest_challenge_usable(const struct digest_challenge *c)
{
	return c->algorithm < DIGEST_UNKNOWN && (!c->qop_given || c->qop_auth);
}

/* Parts to be hashed with a colon between them. */
struct parts {
	const char *list[6];
	size_t count;
};

static int hash_update(EVP_MD_CTX *ctx, const struct parts *p)
{
	int good = 1;

	for (size_t i = 0; i < p->count && good; i++) {
		if (i)
			good = EVP_DigestUpdate(ctx, ":", 1);
		if (good)
			good = EVP_DigestUpdate(ctx, p->list[i], strlen(p->list[i]));
	}
	return good ? 0 : ENOMEM;
}

static void hex_print(char *out, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

/* Piece by piece, so that no second copy of a password lies about. */
static int hash_parts(char out[DIGEST_HEX_MAX], enum digest_algorithm a,
		      const struct parts *p)
{
	const EVP_MD *md = EVP_get_digestbyname(algorithms[a].hash);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int err = ctx ? 0 : ENOMEM;

	if (!err && (!md || !EVP_DigestInit_ex(ctx, md, NULL)))
		err = ENOTSUP;
	if (!err)
		err = hash_update(ctx, p);
	if (!err && !EVP_DigestFinal_ex(ctx, sum, &len))
		err = ENOMEM;
	/* The longest that we know fill DIGEST_HEX_MAX. */
	if (!err)
		hex_print(out, sum, len);
	OPENSSL_cleanse(sum, sizeof(sum));
	EVP_MD_CTX_free(ctx);
	return err;
}

static int hash_a1(char out[DIGEST_HEX_MAX], const struct digest_input *in)
{
	const struct parts user = {{in->username, in->realm, in->password}, 3};
	const struct parts session = {{out, in->nonce, in->cnonce}, 3};
	char sum[DIGEST_HEX_MAX];
	int err = hash_parts(out, in->algorithm, &user);

	if (err || !algorithms[in->algorithm].sess)
		return err;
	err = hash_parts(sum, in->algorithm, &session);
	if (!err)
		memcpy(out, sum, sizeof(sum));
	OPENSSL_cleanse(sum, sizeof(sum));
	return err;
}

int digest_response(char out[DIGEST_HEX_MAX], const struct digest_input *in)
{
	const struct parts request = {{in->method, in->uri}, 2};
	char a1[DIGEST_HEX_MAX] = "", a2[DIGEST_HEX_MAX] = "", nc[16];
	const struct parts plain = {{a1, in->nonce, a2}, 3};
	const struct parts qop = {{a1, in->nonce, nc, in->cnonce, "auth", a2}, 6};
	int err;

	(void)re_snprintf(nc, sizeof(nc), "%08x", in->nc);
	err = hash_a1(a1, in);
	if (!err)
		err = hash_parts(a2, in->algorithm, &request);
	if (!err)
		err = hash_parts(out, in->algorithm, in->qop_auth ? &qop : &plain);
	OPENSSL_cleanse(a1, sizeof(a1));
	return err;
}

int digest_userhash(char out[DIGEST_HEX_MAX], enum digest_algorithm algorithm,
		    const char *username, const char *realm)
{
	const struct parts p = {{username, realm}, 2};

	return hash_parts(out, algorithm, &p);
}
