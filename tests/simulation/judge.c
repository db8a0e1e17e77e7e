#include "tests/simulation/judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "exporter/revision.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/sim.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

enum { RULES_MAX = 96 };

const struct rule judge_rules[] = {
	{"heard", "An answer that came in time is a success, whatever else happened.",
	 ON_DONE, judge_heard},
	{"too-late", "An answer that came after the deadline is none.", ON_DONE,
	 judge_too_late},
	{"cause", "A probe fails for what happened to it on the wire, and at its time.",
	 ON_DONE, judge_cause},
	{"refused",
	 "An ICMP error in time ends the probe whose request it quotes, no other.",
	 ON_DONE, judge_refused},
	{"time",
	 "The time told is that from the request's leaving to the answer's coming.",
	 ON_DONE, judge_time},
	{"copies", "Retransmissions told are copies sent.", ON_DONE, judge_copies},
	{"begin-once", "No probe begins while the one before it is under way.", ON_BEGIN,
	 judge_begin_once},
	{"end-once", "What ends has begun.", ON_DONE, judge_end_once},
	{"end-comes", "What begins ends, by its deadline.", ON_HOUR, judge_end_comes},
	{"alive", "Nothing is told of a target that was told as gone.", ON_EVENT,
	 judge_alive},
	{"pace", "Between two probes lie half a pace at least, one and a half at most.",
	 ON_BEGIN, judge_pace},
	{"lag", "A probe begins within 5 ms of its time, unless the process stood still.",
	 ON_BEGIN, judge_lag},
	{"grid", "Probes of one pace lie on one grid.", ON_BEGIN, judge_grid},
	{"patience",
	 "Who is asked to wait (503, Retry-After) waits, for an interval at most.",
	 ON_BEGIN, judge_patience},
	{"missing", "No probe is left out.", ON_HOUR, judge_missing},
	{"tally", "The state told is what fall, rise and the results make of it.",
	 ON_STATE, judge_tally},
	{"reason", "No trunk is down without a failure since it was up.", ON_STATE,
	 judge_reason},
	{"once", "An outage, and its end, are told once each.", ON_STATE, judge_once},
	{"kept", "A state once known is not lost.", ON_STATE, judge_kept},
	{"moment", "A state begins at the time of what tipped it, after the one before.",
	 ON_STATE, judge_moment},
	{"promise", "A peer that dies or comes back is told within the bound.",
	 ON_PROMISE, judge_promise},
	{"untouched", "A reload touches only what it changes.", ON_REMOVED,
	 judge_untouched},
	{"asked", "DNS is asked no more often than its answers call for.", ON_QUESTION,
	 judge_asked},
	{"renewed", "A name's new addresses are probed when its TTL is over.", ON_NAME,
	 judge_renewed},
	{"sought", "A name that leads nowhere is asked for again within half a minute.",
	 ON_SOUGHT, judge_sought},
	{"lapsed", "No registration runs out at a registrar that answers.", ON_LAPSE,
	 judge_lapsed},
	{"held", "A registration told is a registration held.", ON_UNBOUND, judge_held},
	{"digest", "Credentials are right.", ON_DIGEST, judge_digest},
	{"certified", "A certificate that has ended is refused.", ON_DONE,
	 judge_certified},
	{"ends", "The end of a certificate told is that of the one shown.", ON_DONE,
	 judge_ends},
	{"known-end", "Of each answer over TLS the end of what was verified is told.",
	 ON_DONE, judge_known_end},
	{"shown", "Our own certificate is shown within 10 s of its renewal.", ON_SHOWN,
	 judge_shown},
	{"ranked", "Priority and weight told are those of DNS, when its TTL is over.",
	 ON_DONE, judge_ranked},
	{"answered", "A request of a peer is answered, copy by copy, within the rate.",
	 ON_CALL, judge_answered},
	{"stranger", "A stranger's request is not answered.", ON_CALL, judge_stranger},
	{"turned-away", "A stranger's connection is closed.", ON_CALL, judge_turned_away},
	{"rate", "No trunk's peers are answered more than sip.answers_per_second.",
	 ON_CHARGE, judge_rate},
	{"code", "An answer has the code, and what goes with it, of RFC 3261 8.2.",
	 ON_ANSWER, judge_code},
	{"echo", "From, To, Call-ID and CSeq are the request's, and To has a tag.",
	 ON_ANSWER, judge_echo},
	{"via", "Via is the request's, with received and rport where it asks for them.",
	 ON_ANSWER, judge_via},
	{"return", "An answer goes to where its request came from (RFC 3581).", ON_ANSWER,
	 judge_return},
	{"same", "A copy of a request has the same answer.", ON_ANSWER, judge_same},
	{"seldom", "What is refused is told once a minute at most.", ON_REFUSED,
	 judge_seldom},
	{"heard-of", "A request of a peer is told.", ON_CALL, judge_heard_of},
	{"pings", "Requests that a scrape counts are those that came, and were told.",
	 ON_SCRAPE, judge_pings},
	{"counters", "Counters of a scrape are what was told, event by event.", ON_SCRAPE,
	 judge_counters},
	{"told", "The state of a scrape is the state told.", ON_SCRAPE, judge_told},
	{"late", "Answers that come too late are counted as such.", ON_HOUR, judge_late},
	{"settled", "No more is counted as sent, answered or lost than was.", ON_HOUR,
	 judge_settled},
	{"farewell", "Registrations are taken back at the end.", ON_STOPPED,
	 judge_farewell},
	{"alone", "A trunk never has two calls at once.", ON_DIALLED, judge_alone},
	{"caps",
	 "No more calls than calls.max_concurrent are open, than max_per_hour begin in "
	 "any hour, than max_per_day in any day.",
	 ON_DIALLED, judge_caps},
	{"switch", "No call begins while calls are stopped.", ON_DIALLED, judge_switch},
	{"hush", "A second after calls are stopped no peer that hears us has one.",
	 ON_SWITCHED, judge_hush},
	{"agrees", "What is told of a call is what came: its code, its answer, its end.",
	 ON_CALLED, judge_agrees},
	{"well-heard",
	 "Over a good wire tones that come back are heard, and what is not ours is told.",
	 ON_CALLED, judge_heard_well},
	{"hung-up",
	 "Every call ends at its peer: by BYE, by CANCEL, by its session timer; or it "
	 "was "
	 "counted.",
	 ON_HUNG_UP, judge_hung_up},
	{"lost", "Only a call whose end nobody confirmed is counted as not ended.",
	 ON_LOST, judge_lost},
	{"open",
	 "Calls that a scrape shows as open, and as not ended, are those of the wire.",
	 ON_SCRAPE, judge_open},
	{"made",
	 "Calls that a scrape counts as made were each told once, and left on the wire.",
	 ON_SCRAPE, judge_made},
	{"over", "A call that begins has its verdict in time.", ON_CALL_HOUR, judge_over},
	{"astray", "No audio leaves for where calls.media.networks does not allow.",
	 ON_AUDIO, judge_astray},
	{"call-pace",
	 "A trunk's first call comes within a minute, and the others at their interval, "
	 "over other addresses and reloads too.",
	 ON_DUE, judge_call_pace},
	{"steady", "Over months neither memory nor descriptors grow.", ON_STEADY,
	 judge_steady},
	{"left", "Nothing is left at the end.", ON_END, judge_left},
	{0},
};

/* The rules of each kind of occasion, which are few of many. */
static struct rules {
	uint8_t list[RULES_MAX];
	unsigned count;
} rules_of[32];

static struct {
	enum judge_mode mode;
	bool sorted;
	struct {
		uint64_t count;
		int64_t first_ns;
		unsigned trunk;
		char why[JUDGE_WHY];
	} broken[RULES_MAX];
} judging;

void judge_use(enum judge_mode mode)
{
	judging.mode = mode;
}

static void judge_say(const struct rule *r, const struct trunk *t, const char *why)
{
	printf("sim: %s: %s\n  commit %s\n  replay: ", r->name, r->sentence,
	       EXPORTER_REVISION);
	sim_print_command(t ? (int)t->number : -1);
	printf("  %s", trace_when(world_now_ns()));
	if (t)
		printf(" t%u", t->number);
	printf(": %s\n", why);
	if (t)
		trace_print(t);
}

static void judge_broken(size_t i, const struct trunk *t, const char *why)
{
	switch (judging.mode) {
	case JUDGE_SAY:
		judge_say(&judge_rules[i], t, why);
		exit(1);
	case JUDGE_SILENT:
		printf("%s %d\n", judge_rules[i].name, t ? (int)t->number : -1);
		exit(1);
	case JUDGE_COUNT:
		trace(t, "*** broken:", judge_rules[i].name, "", 0);
		if (judging.broken[i].count++)
			return;
		judging.broken[i].first_ns = world_now_ns();
		judging.broken[i].trunk = t ? t->number : 0;
		(void)snprintf(judging.broken[i].why, JUDGE_WHY, "%s", why);
	}
}

static void judge_sort(void)
{
	for (uint8_t i = 0; judge_rules[i].name; i++) {
		struct rules *of = &rules_of[__builtin_ctz(judge_rules[i].when)];

		of->list[of->count++] = i;
	}
	judging.sorted = true;
}

void judge(enum occasion_kind kind, const struct occasion *o)
{
	const struct rules *of = &rules_of[__builtin_ctz(kind)];
	char why[JUDGE_WHY];

	if (!judging.sorted)
		judge_sort();
	for (unsigned n = 0; n < of->count; n++)
		if (!judge_rules[of->list[n]].judge(o, why))
			judge_broken(of->list[n], o->trunk, why);
}

unsigned judge_sum(void)
{
	unsigned broken = 0;

	for (size_t i = 0; judge_rules[i].name; i++) {
		if (!judging.broken[i].count)
			continue;
		broken++;
		printf("  %s: %llu times, first at %s, t%u: %s\n", judge_rules[i].name,
		       (unsigned long long)judging.broken[i].count,
		       trace_when(judging.broken[i].first_ns), judging.broken[i].trunk,
		       judging.broken[i].why);
	}
	return broken;
}
