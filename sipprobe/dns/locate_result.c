/* What the answers on the road of RFC 3263 add up to: one result, failures included. */
#include <errno.h>
#include <string.h>

#include "sipprobe/dns/locate_private.h"

enum { UNANSWERED_MAX = 2 * RESOLVE_ADDRESSES_MAX }; /* A and AAAA of each target */

void locate_use_ttl(uint32_t *least_s, uint32_t ttl_s)
{
	if (!ttl_s)
		ttl_s = 1;
	if (!*least_s || ttl_s < *least_s)
		*least_s = ttl_s;
}

static void step_words(char *text, size_t size, const struct step *s, const char *why)
{
	re_snprintf(text, size, "%b %s: %s", s->name,
		    strlen(s->name) < 64 ? strlen(s->name) : 64, rr_type_name(s->type),
		    why);
}

void locate_pass_over(struct locate *locate, const struct step *s, const char *why)
{
	if (locate->passed[0] && s->number >= locate->passed_step)
		return;
	locate->passed_step = s->number;
	step_words(locate->passed, sizeof(locate->passed), s, why);
}

void locate_fail(struct locate *locate, const struct step *s, enum resolve_status status,
		 const char *why)
{
	struct resolve_result *res = &locate->result;

	if (status < res->status ||
	    (status == res->status && s->number >= locate->failed_step))
		return;
	res->status = status;
	locate->failed_step = s->number;
	step_words(res->detail, sizeof(res->detail), s, why);
}

void locate_fail_answer(struct step *s, enum resolve_status status)
{
	static const char *const why[] = {
		[RESOLVE_NXDOMAIN] = "NXDOMAIN",     [RESOLVE_NODATA] = "no such records",
		[RESOLVE_SERVFAIL] = "SERVFAIL",     [RESOLVE_TIMEOUT] = "timeout",
		[RESOLVE_BOGUS] = "unusable answer",
	};

	if (status == RESOLVE_BOGUS)
		locate_use_ttl(&s->locate->failed_ttl_s, LOCATE_FAILURE_TTL_S);
	locate_fail(s->locate, s, status, why[status]);
}

uint32_t locate_question(const char *name, enum rr_type type)
{
	return hash_joaat_str_ci(name) ^ (uint32_t)type;
}

/* Room for all at once: failures are few, and come together. */
int locate_unanswered(struct locate *locate, uint32_t question)
{
	if (!locate->unanswered)
		locate->unanswered =
			mem_zalloc(UNANSWERED_MAX * sizeof(locate->unanswered[0]), NULL);
	if (!locate->unanswered)
		return ENOMEM;
	if (locate->unanswered_count < UNANSWERED_MAX)
		locate->unanswered[locate->unanswered_count++] = question;
	return 0;
}

/*
 * Addresses in spite of a failure are a success: many a server cannot answer AAAA. But
 * what the failure hid should not stay hidden for long.
 */
static void locate_succeed(struct locate *locate)
{
	struct resolve_result *res = &locate->result;

	if (res->status >= RESOLVE_SERVFAIL || res->passed_over & 1U << RESOLVE_BY_SRV)
		locate_use_ttl(&res->ttl_s, locate->failed_ttl_s);
	if (locate->passed[0])
		memcpy(res->detail, locate->passed, sizeof(res->detail));
	else if (res->status < RESOLVE_SERVFAIL)
		res->detail[0] = '\0';
	res->unanswered = locate->unanswered;
	res->unanswered_count = locate->unanswered_count;
	res->status = RESOLVE_OK;
	res->hint = DNS_HINT_NONE;
}

void locate_complete(struct locate *locate)
{
	struct resolve_result *res = &locate->result;

	if (locate->set.count) {
		locate_succeed(locate);
	} else {
		/* A name without addresses may have the SRV records that failed. */
		if (res->status == RESOLVE_NODATA &&
		    res->passed_over & 1U << RESOLVE_BY_SRV) {
			res->status = RESOLVE_SERVFAIL;
			memcpy(res->detail, locate->passed, sizeof(res->detail));
		}
		res->ttl_s = locate->failed_ttl_s;
	}
	res->addresses = locate->set.v;
	res->count = locate->set.count;
}
