#include <string.h>
#include <strings.h>

#include "sipprobe/ladder.h"

static const char hidden[] = "redacted";

struct out {
	char *p;
	size_t len;
	size_t size;
};

static void ladder_put(struct out *o, const char *p, size_t len)
{
	if (len > o->size - o->len)
		len = o->size - o->len;
	memcpy(o->p + o->len, p, len);
	o->len += len;
}

const char *ladder_kind_name(enum ladder_kind k)
{
	static const char *const names[LADDER_KINDS] = {
		[LADDER_CONNECT] = "connect",
		[LADDER_TLS] = "tls",
		[LADDER_TLS_RESUMED] = "tls_resumed",
		[LADDER_WEBSOCKET] = "websocket",
		[LADDER_SENT] = "sent",
		[LADDER_RETRANSMITTED] = "retransmitted",
		[LADDER_RECEIVED] = "received",
		[LADDER_GARBAGE] = "garbage",
		[LADDER_ICMP] = "icmp",
		[LADDER_CLOSED] = "closed",
		[LADDER_DEADLINE] = "deadline",
		[LADDER_LATE] = "late",
		[LADDER_REFUSED] = "refused",
		[LADDER_ODDITY] = "oddity",
		[LADDER_ELSEWHERE] = "elsewhere",
		[LADDER_REPLACED] = "replaced",
		[LADDER_AUDIO] = "audio",
	};

	return (unsigned)k < LADDER_KINDS ? names[k] : "closed";
}

bool ladder_is_inbound(enum ladder_kind k)
{
	return k == LADDER_RECEIVED || k == LADDER_GARBAGE || k == LADDER_ICMP ||
	       k == LADDER_LATE || k == LADDER_REFUSED || k == LADDER_ELSEWHERE;
}

static bool ladder_begins(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - p) >= len && !strncasecmp(p, word, len);
}

/* White space, the line ends of folds among it: @end is that of the whole field. */
static const char *ladder_space_skip(const char *p, const char *end)
{
	while (p < end && memchr(" \t\r\n", *p, 4))
		p++;
	return p;
}

static bool ladder_is_end(char c)
{
	return memchr(" \t,;>\r\n", c, 7) != NULL;
}

/*
 * A parameter's value, quoted or not; returns its end. Where more stands right behind the
 * last quote, nobody can say which quotes belong together: all the rest is the value.
 */
static const char *value_end(const char *p, const char *end)
{
	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\' && p + 1 < end)
				p++;
		p += p < end;
		return p < end && ladder_is_end(*p) ? p : end;
	}
	while (p < end && !ladder_is_end(*p))
		p++;
	return p;
}

/* The value of a secret parameter that begins at @p; NULL: it is none. */
static const char *secret_value(const char *p, const char *end)
{
	static const char *const names[] = {"nonce",	"cnonce",  "nextnonce",
					    "response", "rspauth", "password"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *at = p + strlen(names[i]);

		if (!ladder_begins(p, end, names[i]))
			continue;
		at = ladder_space_skip(at, end);
		if (at < end && *at == '=')
			return ladder_space_skip(at + 1, end);
	}
	return NULL;
}

/*
 * The password of a SIP URI that begins at @p, from after its colon to its '@'; to the
 * last one where an '@' in the password was not escaped.
 *
 * Returns false without one.
 */
static bool uri_password(const char *p, const char *end, const char **from,
			 const char **to)
{
	const char *colon = NULL, *at = NULL;

	if (ladder_begins(p, end, "sip:"))
		p += 4;
	else if (ladder_begins(p, end, "sips:"))
		p += 5;
	else
		return false;
	for (; p < end && !memchr(" \t<>\"\r\n", *p, 7); p++) {
		if (*p == ':' && !colon && !at)
			colon = p;
		if (*p == '@')
			at = p;
	}
	if (!at || !colon)
		return false;
	*from = colon + 1;
	*to = at;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static void put_line(struct out *o, const char *line, const char *end)
{
	const char *kept = line; /* from here on nothing is written yet */

	for (const char *p = line; p < end; p++) {
		const char *from, *to;

		if (p > line && is_word(p[-1]))
			continue;
		from = secret_value(p, end);
		if (from)
			to = value_end(from, end);
		else if (!uri_password(p, end, &from, &to))
			continue;
		ladder_put(o, kept, (size_t)(from - kept));
		ladder_put(o, hidden, sizeof(hidden) - 1);
		kept = to;
		p = to - 1;
	}
	ladder_put(o, kept, (size_t)(end - kept));
}

/* The credentials of a scheme that has no parameters to pick, or NULL. */
static const char *ladder_credentials(const char *line, const char *end)
{
	const char *p;

	if (ladder_begins(line, end, "Authorization"))
		p = line + strlen("Authorization");
	else if (ladder_begins(line, end, "Proxy-Authorization"))
		p = line + strlen("Proxy-Authorization");
	else
		return NULL;
	while (p < end && memchr(" \t:", *p, 3))
		p++;
	if (ladder_begins(p, end, "Digest") && (p + 6 == end || !is_word(p[6])))
		return NULL;
	return p;
}

/* Where a line's text ends; @next: where the next one begins. */
static const char *ladder_line_end(const char *line, const char *end, const char **next)
{
	const char *lf = memchr(line, '\n', (size_t)(end - line));

	*next = lf ? lf + 1 : end;
	return lf && lf > line && lf[-1] == '\r' ? lf - 1 : lf ? lf : end;
}

/* The same with the lines that are folded onto it: a value may go on there. */
static const char *ladder_field_end(const char *line, const char *end, const char **next)
{
	const char *text_end = ladder_line_end(line, end, next);

	while (*next < end && (**next == ' ' || **next == '\t'))
		text_end = ladder_line_end(*next, end, next);
	return text_end;
}

/* Whether a field says that the body is SDP. */
static bool ladder_is_sdp(const char *line, const char *end)
{
	const char *p = ladder_begins(line, end, "Content-Type") ? line + 12
			: ladder_begins(line, end, "c")		 ? line + 1
								 : NULL;

	while (p && p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (!p || p == end || *p++ != ':')
		return false;
	return ladder_begins(ladder_space_skip(p, end), end, "application/sdp");
}

/* Where the key of a line of SDP begins (RFC 4568, 4567, 8839, and k=), or its end. */
static const char *ladder_sdp_key(const char *line, const char *end)
{
	static const char *const names[] = {"k=", "a=key-mgmt:", "a=ice-pwd:"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (ladder_begins(line, end, names[i]))
			return line + strlen(names[i]);
	if (ladder_begins(line, end, "a=crypto:"))
		for (const char *p = line; p < end; p++)
			if (ladder_begins(p, end, "inline:"))
				return p + strlen("inline:");
	return end;
}

/* As long as it was, since Content-Length says how long the body is. */
static void ladder_put_sdp(struct out *o, const char *line, const char *end)
{
	const char *key = ladder_sdp_key(line, end);

	put_line(o, line, key);
	for (; key < end; key++)
		ladder_put(o, "x", 1);
}

size_t ladder_redact_all(char *out, size_t size, const char *msg, size_t len)
{
	const char *end = msg + len;
	struct out o = {.p = out, .size = size};
	bool hide = false, sdp = false, body = false;

	for (const char *line = msg; line < end && o.len < size;) {
		const char *next;
		const char *text_end = ladder_line_end(line, end, &next);
		const char *from = ladder_credentials(line, text_end);
		bool last = text_end == line;

		/* Lines folded onto a hidden one are hidden as well. */
		hide = from || (hide && (*line == ' ' || *line == '\t'));
		sdp = sdp || ladder_is_sdp(line, text_end);
		if (!hide) {
			if (!last)
				text_end = ladder_field_end(line, end, &next);
			(body ? ladder_put_sdp : put_line)(&o, line, text_end);
		} else {
			ladder_put(&o, line, from ? (size_t)(from - line) : 1);
			ladder_put(&o, hidden, sizeof(hidden) - 1);
		}
		ladder_put(&o, text_end, (size_t)(next - text_end));
		if (last && (body || !sdp))
			break;
		body = body || last;
		line = next;
	}
	return o.len;
}

size_t ladder_redact(char *out, const char *msg, size_t len)
{
	return ladder_redact_all(out, LADDER_BYTES, msg, len);
}
