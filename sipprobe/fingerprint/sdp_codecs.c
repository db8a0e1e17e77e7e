#include "sipprobe/fingerprint/sdp_codecs.h"

#include <string.h>

#include "sipprobe/message/raw_hash.h"
#include "sipprobe/message/siphdr.h"

enum { PAYLOADS = 128 };

/* Those of RFC 3551 table 4 and 5 that are in use, which need no rtpmap. */
static const struct {
	unsigned payload;
	const char *codec;
} fixed[] = {
	{0, "PCMU/8000"},   {3, "GSM/8000"},	{4, "G723/8000"},  {8, "PCMA/8000"},
	{9, "G722/8000"},   {13, "CN/8000"},	{15, "G728/8000"}, {18, "G729/8000"},
	{31, "H261/90000"}, {34, "H263/90000"},
};

static bool line_take(struct pl *line, struct pl *rest)
{
	const char *end;

	if (!rest->l)
		return false;
	end = memchr(rest->p, '\n', rest->l);
	line->p = rest->p;
	line->l = end ? (size_t)(end - rest->p) : rest->l;
	pl_advance(rest, (ssize_t)(line->l + (end != NULL)));
	if (line->l && line->p[line->l - 1] == '\r')
		line->l--;
	return true;
}

/* Takes @text from the front, if it stands there. */
static bool text_take(struct pl *line, const char *text)
{
	size_t len = strlen(text);

	if (line->l < len || memcmp(line->p, text, len) != 0)
		return false;
	pl_advance(line, (ssize_t)len);
	return true;
}

static bool word_take(struct pl *word, struct pl *line)
{
	siphdr_space_skip(line);
	return siphdr_run_take(word, line, SIPHDR_WORD);
}

/* "a=rtpmap:96 opus/48000/2" */
static void rtpmap_read(struct token_set *s, bool *named, struct pl line)
{
	struct pl codec;
	uint32_t payload;

	if (!siphdr_number_take(&payload, &line, PAYLOADS - 1) ||
	    !word_take(&codec, &line))
		return;
	named[payload] = true;
	token_set_add(s, &codec);
}

static void payload_add(struct token_set *s, const bool *named, struct pl word)
{
	struct pl text = word, codec;
	uint32_t payload;

	if (!siphdr_number_take(&payload, &text, PAYLOADS - 1) || text.l) {
		token_set_add(s, &word); /* not RTP: "t38" */
		return;
	}
	if (named[payload])
		return;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].payload != payload)
			continue;
		pl_set_str(&codec, fixed[i].codec);
		token_set_add(s, &codec);
		return;
	}
	token_set_add(s, &word);
}

/* "m=audio 5004 RTP/AVP 0 8 96": what stands behind the protocol. */
static void media_read(struct token_set *s, const bool *named, struct pl line)
{
	struct pl word;

	for (int i = 0; i < 3; i++)
		if (!word_take(&word, &line))
			return;
	while (word_take(&word, &line))
		payload_add(s, named, word);
}

void sdp_codecs(struct token_set *s, const struct pl *body)
{
	bool named[PAYLOADS] = {false};
	struct pl rest = *body, line;

	if (!text_take(&rest, "v="))
		return;
	while (line_take(&line, &rest))
		if (text_take(&line, "a=rtpmap:"))
			rtpmap_read(s, named, line);
	for (rest = *body; line_take(&line, &rest);)
		if (text_take(&line, "m="))
			media_read(s, named, line);
}

uint64_t sdp_codecs_raw_hash(uint64_t h, const struct pl *body)
{
	struct pl rest = *body, line;

	while (line_take(&line, &rest))
		if (text_take(&line, "m=") || text_take(&line, "a=rtpmap:"))
			h = raw_hash_bytes(h, &line);
	return h;
}
