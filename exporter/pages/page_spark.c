/* Latencies of recent probes as a small picture. */
#include <stdio.h>

#include "exporter/pages/page_text.h"

struct spark {
	const struct history_probe *probes;
	unsigned count;
	unsigned width;
	unsigned height;
	uint32_t max_us;
	unsigned answered;
};

static bool page_spark_answered(struct history_probe p)
{
	return p.latency_us != HISTORY_NO_LATENCY;
}

static double page_spark_x(const struct spark *s, unsigned i)
{
	return s->count < 2 ? s->width / 2.0
			    : 2.0 + (s->width - 4.0) * i / (s->count - 1.0);
}

/* The line runs from 0 at the bottom, so that a small ripple does not look like waves. */
static double page_spark_y(const struct spark *s, uint32_t us)
{
	return s->height - 2.0 - (s->height - 4.0) * us / (s->max_us ? s->max_us : 1);
}

static void page_spark_line(struct buffer *b, const struct spark *s)
{
	bool pen = false;
	char text[40];

	buffer_str(b, "<path class=\"line\" d=\"");
	for (unsigned i = 0; i < s->count; i++) {
		if (!page_spark_answered(s->probes[i])) {
			pen = false;
			continue;
		}
		snprintf(text, sizeof(text), "%c%.1f %.1f", pen ? 'L' : 'M',
			 page_spark_x(s, i), page_spark_y(s, s->probes[i].latency_us));
		buffer_str(b, text);
		/* One point alone is a dot. */
		if (!pen && (i + 1 == s->count || !page_spark_answered(s->probes[i + 1])))
			buffer_str(b, "h.1");
		pen = true;
	}
	buffer_str(b, "\"/>");
}

static void page_spark_failures(struct buffer *b, const struct spark *s)
{
	char text[40];
	bool any = false;

	for (unsigned i = 0; i < s->count; i++) {
		if (s->probes[i].verdict == PROBE_UP)
			continue;
		buffer_str(b, any ? "" : "<path class=\"fail\" d=\"");
		any = true;
		snprintf(text, sizeof(text), "M%.1f %uv-%u", page_spark_x(s, i),
			 s->height - 1, s->height / 3);
		buffer_str(b, text);
	}
	buffer_str(b, any ? "\"/>" : "");
}

static void page_spark_summary(struct buffer *b, const struct spark *s)
{
	page_number(b, s->count);
	buffer_str(b, s->count == 1 ? " probe, " : " probes, ");
	page_number(b, s->answered);
	buffer_str(b, " answered");
	if (!s->answered)
		return;
	buffer_str(b, ", slowest ");
	page_duration(b, s->max_us * 1000LL);
}

void page_spark(struct buffer *b, const struct history_probe *p, unsigned count,
		unsigned width, unsigned height)
{
	struct spark s = {.probes = p, .count = count, .width = width, .height = height};
	char text[96];

	if (!count)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (!page_spark_answered(p[i]))
			continue;
		s.answered++;
		if (p[i].latency_us > s.max_us)
			s.max_us = p[i].latency_us;
	}
	snprintf(text, sizeof(text),
		 "<svg class=\"spark\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" "
		 "role=\"img\"",
		 width, height, width, height);
	buffer_str(b, text);
	buffer_str(b, " preserveAspectRatio=\"none\" aria-label=\"");
	page_spark_summary(b, &s);
	buffer_str(b, "\">");
	page_spark_failures(b, &s);
	if (s.answered)
		page_spark_line(b, &s);
	buffer_str(b, "</svg>");
}
