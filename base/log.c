#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log_out.h"
#include "base/utf8.h"

/*
 * A pipe takes up to PIPE_BUF (4096) bytes whole, so that lines of this size never mix
 * with those of another process on the same stderr.
 */
enum {
	LINE_MAX_BYTES = 4096,
	LINE_TAIL_BYTES = 24, /* kept free for `,"truncated":1}` and the newline */
	VALUE_MAX_BYTES = 1024,
};

struct line {
	size_t len;
	bool cut;
	char buf[LINE_MAX_BYTES];
};

static enum log_level log_least = LOG_LEVEL_INFO;
static enum log_format log_form = LOG_FORMAT_LOGFMT;

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

/* Code points that a terminal acts on instead of showing them. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{0x0000, 0x001f}, /* C0 */
	{0x007f, 0x009f}, /* DEL and C1 */
	{0x200b, 0x200f}, /* of no width, and direction marks */
	{0x2028, 0x202e}, /* line and paragraph separators, direction overrides */
	{0x2060, 0x206f}, /* of no width, and direction isolates */
	{0xfeff, 0xfeff}, /* byte order mark */
	{0xfff9, 0xfffd}, /* annotations, and what stands for bad UTF-8 */
};

static bool log_is_unprintable(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(*unprintable); i++) {
		if (cp >= unprintable[i].first && cp <= unprintable[i].last)
			return true;
	}
	return false;
}

/* Returns the bytes of the character at @s, or 0 if it is none. */
static size_t log_decode(uint32_t *cp, const char *s)
{
	size_t n = utf8_length(s, strnlen(s, 4));

	if (n)
		*cp = utf8_point(s, n);
	return n;
}

static void log_put(struct line *l, const char *text, size_t len)
{
	if (l->cut || len > LINE_MAX_BYTES - LINE_TAIL_BYTES - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->buf + l->len, text, len);
	l->len += len;
}

static void log_put_str(struct line *l, const char *text)
{
	log_put(l, text, strlen(text));
}

/*
 * One character of @s as it stands between quotes; the escapes are JSON's, which
 * logfmt shares. Returns how many bytes of @s it took.
 */
static size_t log_escape(char out[8], size_t *out_len, const char *s)
{
	static const char named[] = "\"\"\\\\\nn\rr\tt";
	uint32_t cp = 0xfffd;
	size_t n = log_decode(&cp, s);

	for (const char *p = named; *p; p += 2) {
		if (cp == (unsigned char)*p) {
			*out_len = (size_t)snprintf(out, 8, "\\%c", p[1]);
			return 1;
		}
	}
	if (log_is_unprintable(cp)) {
		*out_len = (size_t)snprintf(out, 8, "\\u%04x", (unsigned)cp);
	} else {
		memcpy(out, s, n);
		*out_len = n;
	}
	return n ? n : 1;
}

static void log_put_quoted(struct line *l, const char *s)
{
	size_t total = 0;

	log_put(l, "\"", 1);
	while (*s) {
		char out[8];
		size_t len;

		s += log_escape(out, &len, s);
		total += len;
		if (total > VALUE_MAX_BYTES) {
			log_put(l, "...", 3);
			break;
		}
		log_put(l, out, len);
	}
	log_put(l, "\"", 1);
}

/* logfmt needs quotes where a bare word would end or read as something else. */
static bool log_needs_quotes(const char *s)
{
	uint32_t cp = 0;
	size_t n;

	if (!strcmp(s, "null") || strlen(s) > VALUE_MAX_BYTES)
		return true;
	for (; *s; s += n) {
		n = log_decode(&cp, s);
		if (!n || cp == ' ' || strchr("=\"", *s) || log_is_unprintable(cp))
			return true;
	}
	return false;
}

static void log_put_value(struct line *l, const char *s)
{
	if (log_form == LOG_FORMAT_JSON || log_needs_quotes(s))
		log_put_quoted(l, s);
	else
		log_put_str(l, s);
}

static void log_put_key(struct line *l, const char *key)
{
	bool first = l->len == 0;

	if (log_form == LOG_FORMAT_JSON) {
		log_put_str(l, first ? "{\"" : ",\"");
		log_put_str(l, key);
		log_put_str(l, "\":");
	} else {
		log_put_str(l, first ? "" : " ");
		log_put_str(l, key);
		log_put_str(l, "=");
	}
}

static void log_put_number(struct line *l, const struct log_field *f)
{
	char text[32];
	uint64_t n = f->number < 0 ? -(uint64_t)f->number : (uint64_t)f->number;
	const char *sign = f->number < 0 ? "-" : "";

	if (f->kind == LOG_SECONDS)
		snprintf(text, sizeof(text), "%s%llu.%03llu", sign,
			 (unsigned long long)(n / 1000000000),
			 (unsigned long long)(n / 1000000 % 1000));
	else
		snprintf(text, sizeof(text), "%s%llu", sign, (unsigned long long)n);
	log_put_str(l, text);
}

/* A field is there whole, or not at all. */
static void log_put_field(struct line *l, const struct log_field *f)
{
	size_t before = l->len;

	if (f->kind == LOG_STRING && !f->text)
		return;
	log_put_key(l, f->key);
	if (f->kind == LOG_STRING)
		log_put_value(l, f->text);
	else
		log_put_number(l, f);
	if (l->cut)
		l->len = before;
}

static void log_put_time(struct line *l)
{
	char date[24], text[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03uZ", date,
		 (unsigned)(now.tv_nsec / CLOCK_NS_PER_MS) % 1000);
	log_put_field(l, &LOG_S("ts", text));
}

static void log_put_end(struct line *l)
{
	const char *json = l->cut ? ",\"truncated\":1}\n" : "}\n";
	const char *logfmt = l->cut ? " truncated=1\n" : "\n";
	const char *end = log_form == LOG_FORMAT_JSON ? json : logfmt;

	memcpy(l->buf + l->len, end, strlen(end));
	l->len += strlen(end);
}

static atomic_uint_fast64_t lost, untold; /* lines */

void log_setup(enum log_level level, enum log_format format)
{
	log_least = level;
	log_form = format;
	log_out_open();
}

uint64_t log_lost(void)
{
	return atomic_load(&lost);
}

bool log_enabled(enum log_level level)
{
	return level >= log_least;
}

static void log_compose(struct line *l, enum log_level level, const char *msg,
			const struct log_field *fields)
{
	l->len = 0;
	l->cut = false;
	log_put_time(l);
	log_put_field(l, &LOG_S("level", level_names[level]));
	log_put_field(l, &LOG_S("msg", msg));
	for (const struct log_field *f = fields; f && f->kind != LOG_END; f++)
		log_put_field(l, f);
	log_put_end(l);
}

/* As soon as there is room, before what comes next. Returns false when there is none. */
static bool log_tell_lost(void)
{
	uint64_t n = atomic_exchange(&untold, 0);
	struct line l;

	if (!n)
		return true;
	log_compose(&l, LOG_LEVEL_WARN, "log lines were dropped, nobody read them",
		    (const struct log_field[]){LOG_I("lines", (int64_t)n), {0}});
	if (log_out_line(l.buf, l.len))
		return true;
	atomic_fetch_add(&untold, n);
	return false;
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
	struct line l;

	if (!log_enabled(level))
		return;
	log_compose(&l, level, msg, fields);
	/* Who does not read the log must not stop the probes. */
	if (!log_tell_lost() || !log_out_line(l.buf, l.len)) {
		atomic_fetch_add(&lost, 1);
		atomic_fetch_add(&untold, 1);
	}
}
