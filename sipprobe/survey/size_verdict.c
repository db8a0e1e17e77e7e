#include "sipprobe/survey/size_verdict.h"

#include <string.h>

enum { SIZE_ROW = 2 }; /* checks in a row until something wrong is said */

static bool size_is_silent(const struct size_answers *a, enum size_question q)
{
	return a->how[q] == SIZE_SILENT;
}

static bool size_is_answered(const struct size_answers *a, enum size_question q)
{
	return a->how[q] == SIZE_ANSWERED;
}

static bool size_lacks_any(const struct size_answers *a)
{
	return size_is_silent(a, SIZE_REQUEST) || size_is_silent(a, SIZE_BOTH) ||
	       size_is_silent(a, SIZE_WHOLE);
}

bool size_verdict_wants(const struct size_answers *a, enum size_question q)
{
	if (q == SIZE_SMALL)
		return true;
	if (!size_is_answered(a, SIZE_SMALL))
		return false;
	if (q == SIZE_CUT)
		return size_is_silent(a, SIZE_WHOLE);
	return q != SIZE_AGAIN || size_lacks_any(a);
}

/* An answer that the small question did not have: 413, 513, or whatever it likes. */
static bool size_is_refused(const struct size_answers *a, enum size_question q)
{
	return size_is_answered(a, q) && a->code[q] >= 400 &&
	       a->code[q] != a->code[SIZE_SMALL];
}

static bool size_is_limited(const struct size_answers *a)
{
	return size_is_refused(a, SIZE_REQUEST) || size_is_refused(a, SIZE_BOTH) ||
	       size_is_refused(a, SIZE_WHOLE) || size_is_refused(a, SIZE_CUT);
}

static bool size_is_valid(const struct size_answers *a)
{
	return size_is_answered(a, SIZE_SMALL) &&
	       (!size_lacks_any(a) || size_is_answered(a, SIZE_AGAIN));
}

enum survey_verdict size_verdict_of(const struct size_answers *a)
{
	if (!size_is_valid(a))
		return SURVEY_UNKNOWN;
	if (size_is_silent(a, SIZE_WHOLE) && size_is_answered(a, SIZE_CUT))
		return SURVEY_BLACK_HOLE;
	if (size_is_limited(a))
		return SURVEY_LIMITED;
	if (size_is_silent(a, SIZE_REQUEST) && size_is_silent(a, SIZE_WHOLE))
		return SURVEY_LARGE_OUT;
	/* In one piece: then it is the peer, or a filter, that does not like it. */
	if (size_is_silent(a, SIZE_REQUEST))
		return a->bytes > a->whole_bytes ? SURVEY_FRAGMENTS_OUT
						 : SURVEY_LARGE_OUT;
	if (size_is_silent(a, SIZE_BOTH))
		return SURVEY_FRAGMENTS_BACK;
	return SURVEY_FINE;
}

static void size_memory_count(struct size_memory *m, enum survey_size s,
			      enum size_answer how)
{
	if (how == SIZE_ANSWERED) {
		m->failed[s] = 0;
		m->success[s] = 2;
	} else if (how == SIZE_SILENT || how == SIZE_UNSENT) {
		if (++m->failed[s] >= SIZE_ROW) {
			m->failed[s] = SIZE_ROW;
			m->success[s] = 1;
		}
	}
}

static void size_memory_judge(struct size_memory *m, enum survey_verdict v)
{
	if (v == SURVEY_UNKNOWN)
		return;
	if (v != m->last)
		m->row = 0;
	m->row += m->row < SIZE_ROW;
	m->last = (uint8_t)v;
	if (v == SURVEY_FINE || m->row >= SIZE_ROW)
		m->said = (uint8_t)v;
}

/* The code by which large requests are refused. */
static uint16_t size_refusal(const struct size_answers *a)
{
	for (int q = SIZE_REQUEST; q < SIZE_AGAIN; q++)
		if (size_is_refused(a, (enum size_question)q))
			return a->code[q];
	return 0;
}

void size_memory_add(struct size_memory *m, const struct size_answers *a,
		     struct survey_size_report *out)
{
	bool valid = size_is_valid(a);

	size_memory_count(m, SURVEY_SMALL, (enum size_answer)a->how[SIZE_SMALL]);
	/* Without a small answer before and after, silence is no matter of size. */
	if (valid) {
		size_memory_count(m, SURVEY_LARGE_REQUEST,
				  (enum size_answer)a->how[SIZE_REQUEST]);
		size_memory_count(m, SURVEY_LARGE_BOTH,
				  (enum size_answer)a->how[SIZE_BOTH]);
	}
	size_memory_judge(m, size_verdict_of(a));
	if (size_refusal(a))
		m->code = size_refusal(a);
	*out = (struct survey_size_report){
		.verdict = m->said,
		.code = m->code,
		.ipv6 = a->ipv6,
		.bytes = a->bytes,
		.whole_bytes = a->whole_bytes,
		.path_mtu = a->path_mtu,
	};
	memcpy(out->router, a->router, sizeof(out->router));
	for (int i = 0; i < SURVEY_SIZES; i++)
		out->success[i] = (int8_t)(m->success[i] - 1);
}
