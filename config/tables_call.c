/* Settings of calls: those of a trunk, and those of all of them together. */
#include "config/config.h"
#include "config/tables.h"

#define CALL(m)	 .offset = offsetof(struct config_call, m)
#define CALLS(m) .offset = offsetof(struct config_calls, m)

static const char *const names_mode[] = {"ring", "answer", "echo", "loop", NULL};
static const char *const names_srtp[] = {"off", "required", NULL};
static const char *const names_nonce[] = {"inband", "events", NULL};

static const struct field fields_call[] = {
	{.key = "mode",
	 .about = "how far a call goes: ring (CANCEL once it rings), answer (talk, hang "
		  "up), echo (our tones must come back), loop (the call comes back to "
		  "our own sip.listen)",
	 .type = &type_choice,
	 CALL(mode),
	 .more = names_mode,
	 .required = true},
	{.key = "to",
	 .about = "number that is called; one of calls.numbers",
	 .type = &type_number_to,
	 CALL(to),
	 .required = true},
	{.key = "interval",
	 .about = "time between two calls",
	 .type = &type_duration,
	 CALL(interval_us),
	 .min = 60 * S,
	 .max = 7 * DAY,
	 .initial = "\"15m\""},
	{.key = "answer_timeout",
	 .about = "longest time from INVITE to its final response",
	 .type = &type_duration,
	 CALL(answer_timeout_us),
	 .min = S,
	 .max = 120 * S,
	 .initial = "\"30s\""},
	{.key = "ring_for",
	 .about = "with mode ring: time from the first 180 or 183 to CANCEL",
	 .type = &type_duration,
	 CALL(ring_for_us),
	 .min = 0,
	 .max = 60 * S,
	 .initial = "\"0s\""},
	{.key = "duration",
	 .about = "time from the answer to our BYE",
	 .type = &type_duration,
	 CALL(duration_us),
	 .min = S,
	 .max = 60 * S,
	 .initial = "\"15s\""},
	{.key = "codecs",
	 .about = "codecs that are offered, the preferred first",
	 .type = &type_list,
	 CALL(codecs),
	 .beside = offsetof(struct config_call, codec_count),
	 .min = 1,
	 .max = 2,
	 .more = &list_codecs,
	 .initial = "[\"PCMU\", \"PCMA\"]"},
	{.key = "srtp",
	 .about = "whether audio is encrypted, with keys by SDES",
	 .type = &type_choice,
	 CALL(srtp),
	 .more = names_srtp,
	 .initial = "\"off\""},
	{.key = "nonce",
	 .about = "how what must come back is told: as tones in the audio, or as events "
		  "(RFC 4733)",
	 .type = &type_names,
	 CALL(nonce),
	 .more = names_nonce,
	 .initial = "\"inband\""},
	{.key = "jitter_buffer",
	 .about = "jitter buffer that audio is judged with",
	 .type = &type_duration,
	 CALL(jitter_buffer_us),
	 .min = 0,
	 .max = 500 * MS,
	 .initial = "\"40ms\""},
	{.key = "degraded",
	 .about = "what makes a call that went through degraded",
	 .type = &type_degraded,
	 CALL(degraded),
	 .more = &section_degraded},
};

static const struct section section_call = {
	.name = "call",
	.about = "checks by INVITE; taken whole from the nearest level that has it",
	SECTION_ROWS(fields_call),
};

const struct record_type record_call = {
	.section = &section_call,
	.size = sizeof(struct config_call),
};

_Static_assert(ROW_COUNT(fields_call) <= RECORD_FIELDS_MAX &&
		       sizeof(struct config_call) <= RECORD_SIZE_MAX,
	       "a record's reader has room for every row");

static const struct field fields_calls[] = {
	{.key = "numbers",
	 .about = "numbers that may be called, written out; those of emergency services "
		  "are refused",
	 .type = &type_list,
	 CALLS(numbers),
	 .beside = offsetof(struct config_calls, number_count),
	 .min = 1,
	 .max = 256,
	 .more = &list_numbers,
	 .required = true},
	{.key = "max_concurrent",
	 .about = "calls at once, all trunks together",
	 .type = &type_number,
	 CALLS(max_concurrent),
	 .min = 1,
	 .max = 1000,
	 .initial = "2"},
	{.key = "max_per_hour",
	 .about = "calls in any hour",
	 .type = &type_number,
	 CALLS(max_per_hour),
	 .min = 1,
	 .max = 10000,
	 .initial = "60"},
	{.key = "max_per_day",
	 .about = "calls in any 24 hours",
	 .type = &type_number,
	 CALLS(max_per_day),
	 .min = 1,
	 .max = 100000,
	 .initial = "500"},
	{.key = "keep_audio",
	 .about = "whether what was heard in the last call that failed is kept",
	 .type = &type_flag,
	 CALLS(keep_audio),
	 .initial = "false"},
	{.key = "media",
	 .about = "where the audio of calls comes from and goes to",
	 .type = &type_media,
	 CALLS(media),
	 .more = &section_media,
	 .required = true},
};

const struct section section_calls = {
	.name = "calls",
	.about = "what calls may be made, all trunks together",
	SECTION_ROWS(fields_calls),
};
