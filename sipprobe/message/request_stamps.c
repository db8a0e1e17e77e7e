/*
 * What tells one request of a target from the next, and by that which of them a response
 * answers. It is kept while the rest of the request is not.
 */
#include "sipprobe/message/request_stamps.h"

#include <string.h>
#include <strings.h>

#include "sipprobe/message/request.h"

/* Where they stand: in the request's bytes, or unpacked. */
struct stamps {
	const char *key;
	const char *tag;
	const char *call_id;
	char room[REQUEST_KEY_LEN + REQUEST_TAG_LEN + REQUEST_CALL_ID_LEN];
};

/* Returns whether there are any. */
static bool stamps_read(struct stamps *s, const struct request *r)
{
	if (r->shrunk) {
		s->key = s->room;
		s->tag = s->key + REQUEST_KEY_LEN;
		s->call_id = s->tag + REQUEST_TAG_LEN;
		token_unpack(s->room, r->kept.key, REQUEST_KEY_LEN);
		token_unpack(s->room + REQUEST_KEY_LEN, r->kept.tag, REQUEST_TAG_LEN);
		token_unpack(s->room + REQUEST_KEY_LEN + REQUEST_TAG_LEN, r->kept.call_id,
			     REQUEST_CALL_ID_LEN);
	} else if (r->buf) {
		s->key = request_key(r);
		s->tag = r->buf + r->tag;
		s->call_id = r->buf + r->call_id;
	}
	return r->shrunk || r->buf;
}

void request_hand_stamps(struct request *to, const struct request *from)
{
	struct stamps s;

	if (!stamps_read(&s, from))
		return;
	memcpy(to->buf + (request_key(to) - to->buf), s.key, REQUEST_KEY_LEN);
	memcpy(to->buf + to->tag, s.tag, REQUEST_TAG_LEN);
	memcpy(to->buf + to->call_id, s.call_id, REQUEST_CALL_ID_LEN);
}

void request_shrink(struct request *r)
{
	struct request kept = {.cseq = r->cseq, .shrunk = true};

	if (!r->buf || token_pack(kept.kept.key, request_key(r), REQUEST_KEY_LEN) ||
	    token_pack(kept.kept.tag, r->buf + r->tag, REQUEST_TAG_LEN) ||
	    token_pack(kept.kept.call_id, r->buf + r->call_id, REQUEST_CALL_ID_LEN))
		return;
	request_free(r);
	*r = kept;
}

int request_stamp_branch(struct request *r)
{
	return token_hex(r->buf + r->branch + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN,
			 REQUEST_KEY_LEN);
}

int request_stamp(struct request *r)
{
	int err = request_stamp_branch(r);

	if (!err)
		err = token_hex(r->buf + r->tag, REQUEST_TAG_LEN);
	if (!err)
		err = token_hex(r->buf + r->call_id, REQUEST_CALL_ID_LEN);
	return err;
}

void request_pack_key(uint32_t key[REQUEST_KEY_LEN / TOKEN_DIGITS],
		      const struct request *r)
{
	struct stamps s;

	if (!stamps_read(&s, r) || token_pack(key, s.key, REQUEST_KEY_LEN))
		memset(key, 0, REQUEST_KEY_LEN / TOKEN_DIGITS * sizeof(*key));
}

bool request_branch_has_packed(const struct pl *branch, const uint32_t *key)
{
	char digits[REQUEST_KEY_LEN];

	token_unpack(digits, key, sizeof(digits));
	return request_branch_has(branch, digits);
}

static bool request_same(const struct pl *got, const char *want, size_t len)
{
	return got->l == len && !memcmp(got->p, want, len);
}

/* RFC 3261 7.3.1: tokens are the same in any case, unlike a Call-ID (20.8). */
static bool request_same_token(const struct pl *got, const char *want, size_t len)
{
	return got->l == len && !strncasecmp(got->p, want, len);
}

/* Of one that is shrunk the target's index is not kept: by that it was found. */
static bool request_same_branch(const struct pl *got, const struct request *r,
				const struct stamps *s)
{
	return r->shrunk
		       ? request_branch_has(got, s->key)
		       : request_same_token(got, r->buf + r->branch, REQUEST_BRANCH_LEN);
}

bool request_owns_branch(const struct request *r, const struct pl *branch)
{
	struct stamps s;

	/* Asked of every answer, of which most have it as it was sent. */
	if (r->buf && branch->l == REQUEST_BRANCH_LEN &&
	    !memcmp(branch->p, r->buf + r->branch, REQUEST_BRANCH_LEN))
		return true;
	return stamps_read(&s, r) && request_same_branch(branch, r, &s);
}

bool request_answered_by(const struct request *r, const char *method,
			 const struct guard_message *m)
{
	struct stamps s;

	return stamps_read(&s, r) && m->cseq == r->cseq &&
	       !pl_strcmp(&m->cseq_method, method) &&
	       request_same_branch(&m->branch, r, &s) &&
	       request_same_token(&m->from_tag, s.tag, REQUEST_TAG_LEN) &&
	       request_same(&m->call_id, s.call_id, REQUEST_CALL_ID_LEN);
}

const char *request_mismatch(const struct request *r, const char *method,
			     const struct guard_message *m)
{
	struct stamps s;

	if (!stamps_read(&s, r) || !request_same_branch(&m->branch, r, &s))
		return NULL;
	if (!request_same(&m->call_id, s.call_id, REQUEST_CALL_ID_LEN))
		return "an answer came with another Call-ID";
	if (m->cseq != r->cseq || pl_strcmp(&m->cseq_method, method))
		return "an answer came with another CSeq";
	if (!request_same_token(&m->from_tag, s.tag, REQUEST_TAG_LEN))
		return "an answer came with another tag in From";
	return NULL;
}
