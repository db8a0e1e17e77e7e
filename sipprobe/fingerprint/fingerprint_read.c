#include "sipprobe/fingerprint/fingerprint_read.h"

#include "base/hash.h"
#include "sipprobe/fingerprint/sdp_codecs.h"
#include "sipprobe/fingerprint/token_set.h"
#include "sipprobe/message/raw_hash.h"

/* Header fields that hold a set of tokens. */
static const struct set_field {
	const char *name;
	char compact;
	bool upper; /* as such tokens are written: methods */
	enum peer_trait trait;
} set_fields[] = {
	{"Allow", 0, true, PEER_ALLOW},
	{"Supported", 'k', false, PEER_SUPPORTED},
	{"Accept", 0, false, PEER_ACCEPT},
};

bool fingerprint_tells(unsigned code)
{
	return code / 100 == 2 || code == 404;
}

/* 0 would say that nothing was seen. */
static uint32_t raw_hash_of(uint64_t h)
{
	h = hash_mix(h);
	return (uint32_t)h ? (uint32_t)h : 1;
}

uint32_t fingerprint_draft_hash(const struct fingerprint_draft *s)
{
	uint64_t h = s->code;

	for (int i = 0; i < PEER_TRAITS; i++)
		h = raw_hash_word(h, s->traits[i].id);
	return raw_hash_of(h);
}

uint32_t fingerprint_raw_hash(const struct guard_message *m)
{
	uint64_t h = raw_hash_word(m->raw_hash, m->code);

	if (m->body.l)
		h = sdp_codecs_raw_hash(h, &m->body);
	return raw_hash_of(h);
}

static void fingerprint_read_clear(struct fingerprint_draft *s, unsigned code)
{
	s->code = code;
	for (int i = 0; i < PEER_TRAITS; i++)
		trait_clear(&s->traits[i]);
}

static void fingerprint_read_set(struct fingerprint_draft *s,
				 const struct guard_message *m, const struct set_field *f)
{
	struct token_set set;
	struct pl name, value;
	size_t pos = 0;

	token_set_clear(&set);
	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, f->name, f->compact))
			token_set_add_list(&set, &value);
	token_set_write(&s->traits[f->trait], &set, f->upper);
}

/* "Server" as answers should have it, and "User-Agent", as some do. */
static void fingerprint_read_software(struct fingerprint_draft *s,
				      const struct guard_message *m)
{
	struct trait *t = &s->traits[PEER_SOFTWARE];
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		if (!value.l || (!guard_field_is(&name, "Server", 0) &&
				 !guard_field_is(&name, "User-Agent", 0)))
			continue;
		if (t->len)
			trait_add_str(t, ", ");
		trait_add_text(t, &value);
	}
}

void fingerprint_read_answer(struct fingerprint_draft *s, const struct guard_message *m)
{
	struct token_set codecs;

	fingerprint_read_clear(s, m->code);
	for (size_t i = 0; i < sizeof(set_fields) / sizeof(set_fields[0]); i++)
		fingerprint_read_set(s, m, &set_fields[i]);
	fingerprint_read_software(s, m);
	token_set_clear(&codecs);
	sdp_codecs(&codecs, &m->body);
	token_set_write(&s->traits[PEER_SDP], &codecs, false);
}

void fingerprint_read_handshake(struct fingerprint_draft *s, const char *tls,
				const char *key, const char *root)
{
	const char *const texts[PEER_TRAITS] = {
		[PEER_TLS] = tls, [PEER_KEY] = key, [PEER_ROOT] = root};

	fingerprint_read_clear(s, 0);
	for (int i = 0; i < PEER_TRAITS; i++)
		if (texts[i])
			trait_add_str(&s->traits[i], texts[i]);
}
