#include <string.h>
#include <strings.h>

#include "sipprobe/ladder.h"

static const char hidden[] = "redacted";

struct out {
	char *p;
	size_t len;
};

static void ladder_put(struct out *o, const char *p, size_t len)
{
	if (len > LADDER_BYTES - o->len)
		len = LADDER_BYTES - o->len;
	memcpy(o->p + o->len, p, len);
	o->len += len;
}

const char *ladder_kind_name(enum ladder_kind k)
{
	static const char *const names[LADDER_KINDS] = {
		[LADDER_CONNECT] = "connect",
		[LADDER_TLS] = "tls",
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

/* A parameter's value, quoted or not; returns its end. */
static const char *value_end(const char *p, const char *end)
{
	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\' && p + 1 < end)
				p++;
		return p < end ? p + 1 : end;
	}
	while (p < end && !memchr(" \t,;>\r\n", *p, 7))
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
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (at == end || *at != '=')
			continue;
		for (at++; at < end && (*at == ' ' || *at == '\t');)
			at++;
		return at;
	}
	return NULL;
}

/*
 * The password of a SIP URI that begins at @p, from after its colon to its '@'.
 *
 * Returns false without one.
 */
static bool uri_password(const char *p, const char *end, const char **from,
			 const char **to)
{
	const char *colon = NULL;

	if (ladder_begins(p, end, "sip:"))
		p += 4;
	else if (ladder_begins(p, end, "sips:"))
		p += 5;
	else
		return false;
	for (; p < end && !memchr(" \t<>\"\r\n", *p, 7) && *p != '@'; p++)
		if (*p == ':' && !colon)
			colon = p;
	if (p == end || *p != '@' || !colon)
		return false;
	*from = colon + 1;
	*to = p;
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
	return ladder_begins(p, end, "Digest") ? NULL : p;
}

size_t ladder_redact(char *out, const char *msg, size_t len)
{
	const char *end = msg + len;
	struct out o = {.p = out};
	bool hide = false;

	for (const char *line = msg; line < end && o.len < LADDER_BYTES;) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		const char *next = lf ? lf + 1 : end;
		const char *text_end = lf && lf > line && lf[-1] == '\r' ? lf - 1
				       : lf				 ? lf
									 : end;
		const char *from = ladder_credentials(line, text_end);

		/* Lines folded onto a hidden one are hidden as well. */
		hide = from || (hide && (*line == ' ' || *line == '\t'));
		if (!hide) {
			put_line(&o, line, text_end);
		} else {
			ladder_put(&o, line, from ? (size_t)(from - line) : 1);
			ladder_put(&o, hidden, sizeof(hidden) - 1);
		}
		ladder_put(&o, text_end, (size_t)(next - text_end));
		if (text_end == line)
			break;
		line = next;
	}
	return o.len;
}
