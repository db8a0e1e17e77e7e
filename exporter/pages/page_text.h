/* The bits that pages are written with. Whatever comes from outside is escaped here. */
#ifndef EXPORTER_PAGES_PAGE_TEXT_H
#define EXPORTER_PAGES_PAGE_TEXT_H

#include <stdint.h>

#include "base/buffer.h"
#include "exporter/store/history.h"

/*
 * Any bytes as text: what HTML takes for markup is escaped, what is no UTF-8 or a control
 * character but tab and line feed becomes U+FFFD, a CR before a line feed nothing.
 */
void page_bytes(struct buffer *b, struct slice text);
void page_str(struct buffer *b, const char *text);

/* A label's value as labels_next() gives it. */
void page_label(struct buffer *b, struct slice value);

/* The same as a segment of a relative URL's path. */
void page_segment(struct buffer *b, struct slice value);

/* "<time …>3 min</time>", how long ago; the point in time is its title. */
void page_age(struct buffer *b, int64_t unix_ns, int64_t now_ns);

/* The same of a time to come: how long it is until then, which may be any year. */
void page_left(struct buffer *b, int64_t unix_s, int64_t now_ns);

/* "<time …>2026-11-22 08:52:11</time>", UTC. */
void page_time(struct buffer *b, int64_t unix_ns);

/* The same of any year: nanoseconds end in 2262. */
void page_time_s(struct buffer *b, int64_t unix_s);

/* "1.53 ms", "2.1 s" */
void page_duration(struct buffer *b, int64_t ns);

/* RFC 4648. */
void page_base64(struct buffer *b, struct slice bytes);

/* In decimal digits. */
void page_number(struct buffer *b, int64_t n);

/* One item of a <dl>: begin with its name, which is not escaped, write its text, end. */
void page_item_begin(struct buffer *b, const char *name);
void page_item_end(struct buffer *b);

/* Days until a certificate's end, marked when they are few; "–" for 0. */
void page_expiry(struct buffer *b, int64_t not_after_s, int64_t now_ns);

/* A state or verdict as a word with a mark: "up", "degraded", "down", "unknown". */
void page_badge(struct buffer *b, const char *state);

/* Result of the last probe: "200 OK", "no answer in time". @said: phrase or failure */
void page_outcome(struct buffer *b, struct history_probe p, struct slice said);

/* Latencies of probes, oldest first, as a line; failures as marks. */
void page_spark(struct buffer *b, const struct history_probe *p, unsigned count,
		unsigned width, unsigned height);

/*
 * Writes a template of exporter/web with its {{words}} filled in: {{assets}} by itself,
 * led by @root, all else by @fill_h.
 */
void page_template(struct buffer *b, const char *name, const char *root,
		   void (*fill_h)(struct buffer *b, struct slice word, void *arg),
		   void *arg);

#endif
