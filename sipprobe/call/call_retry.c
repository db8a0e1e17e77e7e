#include "sipprobe/call/call_retry.h"

enum { T2_T1S = 8 }; /* T2 is 4 s where T1 is 500 ms */

void call_retry_begin(struct call_retry *r, int64_t now_ns, int64_t t1_ns, bool invite,
		      bool reliable)
{
	*r = (struct call_retry){
		.again_ns = reliable ? 0 : now_ns + t1_ns,
		.every_ns = t1_ns,
		.end_ns = now_ns + CALL_RETRY_SPAN * t1_ns,
		.most_ns = (invite ? CALL_RETRY_SPAN : T2_T1S) * t1_ns,
	};
}

void call_retry_quiet(struct call_retry *r)
{
	r->again_ns = 0;
}

void call_retry_put_off(struct call_retry *r, int64_t at_ns)
{
	if (r->end_ns)
		r->again_ns = at_ns;
}

void call_retry_lost(struct call_retry *r, int64_t now_ns)
{
	if (r->end_ns && !r->again_ns)
		r->again_ns = now_ns + r->every_ns;
}

void call_retry_slow(struct call_retry *r, int64_t now_ns)
{
	r->every_ns = r->most_ns;
	if (r->again_ns)
		r->again_ns = now_ns + r->every_ns;
}

void call_retry_end(struct call_retry *r)
{
	*r = (struct call_retry){0};
}

enum call_retry_due call_retry_look(struct call_retry *r, int64_t now_ns)
{
	if (r->end_ns && now_ns >= r->end_ns) {
		call_retry_end(r);
		return CALL_RETRY_OVER;
	}
	if (!r->again_ns || now_ns < r->again_ns)
		return CALL_RETRY_NOT_YET;
	r->every_ns *= 2;
	if (r->every_ns > r->most_ns)
		r->every_ns = r->most_ns;
	r->again_ns = now_ns + r->every_ns;
	return CALL_RETRY_AGAIN;
}

int64_t call_retry_next_ns(const struct call_retry *r)
{
	int64_t next_ns = r->end_ns ? r->end_ns : INT64_MAX;

	return r->again_ns && r->again_ns < next_ns ? r->again_ns : next_ns;
}
