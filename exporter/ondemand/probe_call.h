/* A call's story in words: what became of it, and what to do. */
#ifndef EXPORTER_ONDEMAND_PROBE_CALL_H
#define EXPORTER_ONDEMAND_PROBE_CALL_H

#include "base/buffer.h"
#include "sipprobe/probe.h"

/* "rang after 0.8 s and was cancelled", "was answered after …": a sentence's end. */
void probe_call_words(struct buffer *b, const struct probe_result *r);

/* Lines for a terminal: times, audio, and the limits of what was proven. */
void probe_call_story(struct buffer *b, const struct probe_result *r);

/* What to do about a call that failed, or was poor; "" for one that was well. */
const char *probe_call_advice(const struct probe_result *r);

#endif
