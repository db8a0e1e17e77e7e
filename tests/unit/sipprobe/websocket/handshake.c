/* The opening handshake: what we ask, and what is taken for an answer. */
#include "sipprobe/websocket/handshake.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

/* RFC 6455 1.3 */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define GOOD                                                                             \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "         \
	"Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct {
	const char *name;
	const char *text;
	int err;
	const char *why;
} replies[] = {
	{"1.3's, with the subprotocol", GOOD "Sec-WebSocket-Protocol: sip\r\n\r\n", 0,
	 ""},
	{"without it", GOOD "\r\n", 0, ""},
	{"in another case", GOOD "sec-websocket-protocol: SIP\r\n\r\n", 0, ""},
	{"fields in any case, several tokens, spaces",
	 "HTTP/1.1 101\r\nUPGRADE:WebSocket \r\nconnection: keep-alive,  upgrade\r\n"
	 "SEC-WEBSOCKET-ACCEPT:\t" ACCEPT " \r\nX: y\r\n\r\n",
	 0, ""},
	{"empty fields that say nothing",
	 GOOD "Sec-WebSocket-Extensions:\r\nSec-WebSocket-Protocol: \r\n\r\n", 0, ""},
	{"no end yet", GOOD, EAGAIN, ""},
	{"half of the status line", "HTTP/1.1 1", EAGAIN, ""},
	{"one byte", "H", EAGAIN, ""},
	{"403", "HTTP/1.1 403 Forbidden\r\n", EPROTO, "HTTP 403"},
	{"301 without a phrase", "HTTP/1.0 301\r\nLocation: /x\r\n\r\n", EPROTO,
	 "HTTP 301"},
	{"426", "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\n\r\n",
	 EPROTO, "HTTP 426"},
	{"a page", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", EPROTO,
	 "HTTP 200"},
	{"SIP", "SIP/2.0 400 Bad Request\r\n\r\n", EPROTO, "its answer is not HTTP"},
	{"HTTP/2", "HTTP/2 101 x\r\n\r\n", EPROTO, "its answer is not HTTP"},
	{"no code", "HTTP/1.1 abc x\r\n\r\n", EPROTO, "its answer is not HTTP"},
	{"a code of four", "HTTP/1.1 1010 x\r\n\r\n", EPROTO, "its answer is not HTTP"},
	{"a mute byte", "\x15\x03\x01", EPROTO, "its answer is not HTTP"},
	{"another key's",
	 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	 "Sec-WebSocket-Accept: t3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	 EPROTO, "its Sec-WebSocket-Accept is not for our key"},
	{"one in another case",
	 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	 "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	 EPROTO, "its Sec-WebSocket-Accept is not for our key"},
	{"no Accept",
	 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", EPROTO,
	 "its 101 has no Sec-WebSocket-Accept"},
	{"no Upgrade",
	 "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
	 "\r\n\r\n",
	 EPROTO, "its 101 does not upgrade to WebSocket"},
	{"an upgrade to something else",
	 "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", EPROTO,
	 "its 101 does not upgrade to WebSocket"},
	{"no Connection",
	 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT
	 "\r\n\r\n",
	 EPROTO, "its 101 has no \"Connection: Upgrade\""},
	{"a Connection that closes",
	 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: close\r\n"
	 "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
	 EPROTO, "its 101 has no \"Connection: Upgrade\""},
	{"a subprotocol of its own", GOOD "Sec-WebSocket-Protocol: xmpp\r\n\r\n", EPROTO,
	 "it chose another subprotocol than sip: \"xmpp\""},
	{"several at once", GOOD "Sec-WebSocket-Protocol: sip, \x1b[1m\r\n\r\n", EPROTO,
	 "it chose another subprotocol than sip: \"sip,??[1m\""},
	{"an extension", GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	 EPROTO, "nobody asked for its extension \"permessage-deflate\""},
};

static void check_replies(void)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		size_t len = strlen(replies[i].text), used = 0;
		char *copy = malloc(len), why[HANDSHAKE_WHY] = "";

		memcpy(copy, replies[i].text, len);
		is_int(handshake_reply(&used, copy, len, KEY, why), replies[i].err,
		       replies[i].name);
		is_str(why, replies[i].why, replies[i].name);
		is_int((long long)used, replies[i].err ? 0 : (long long)len,
		       "what it took");
		free(copy);
	}
}

/* What follows the head are frames, in whatever segment they come. */
static void check_behind(void)
{
	const char text[] = GOOD "\r\n\x81\x05Hello";
	char why[HANDSHAKE_WHY] = "";
	size_t used = 0;

	is_int(handshake_reply(&used, text, sizeof(text) - 1, KEY, why), 0, "taken");
	is_str(text + used, "\x81\x05Hello", "with a frame behind it");
}

/* A head that does not end, whatever is in it. */
static void check_endless(void)
{
	char *text = malloc(HANDSHAKE_REPLY_MAX + 10), why[HANDSHAKE_WHY] = "";
	size_t used = 0;

	memset(text, 'x', HANDSHAKE_REPLY_MAX + 10);
	memcpy(text, GOOD, sizeof(GOOD) - 1);
	memcpy(text + HANDSHAKE_REPLY_MAX - 3, "\r\n\r\n", 4);
	is_int(handshake_reply(&used, text, HANDSHAKE_REPLY_MAX - 1, KEY, why), EAGAIN,
	       "it may yet end");
	is_int(handshake_reply(&used, text, HANDSHAKE_REPLY_MAX + 10, KEY, why), EPROTO,
	       "past 8 KiB it may not");
	is_str(why, "the head of its answer does not end", "and that is said");
	free(text);
}

/* What a trunk's settings make of the request. */
static const struct {
	const char *name;
	const char *trunk; /* its members but the name */
	bool secure;
	const char *want; /* the request, without the key */
} requests[] = {
	{"as it comes", "\"uri\": \"sip:a.example;transport=ws\"", false,
	 "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: "
	 "Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
	 "Sec-WebSocket-Protocol: sip\r\nUser-Agent: us/1\r\n\r\n"},
	{"everything",
	 "\"uri\": \"wss://a.example:8089/ws?x=1\", \"user_agent\": \"me\", "
	 "\"websocket\": "
	 "{\"origin\": \"https://b.example\", \"host\": \"c.example\", \"headers\": "
	 "{\"Cookie\": \"d=e\", \"X-F\": \"\"}}",
	 true,
	 "GET /ws?x=1 HTTP/1.1\r\nHost: c.example\r\nUpgrade: websocket\r\nConnection: "
	 "Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
	 "Sec-WebSocket-Protocol: sip\r\nUser-Agent: me\r\nOrigin: https://b.example\r\n"
	 "Cookie: d=e\r\nX-F: \r\n\r\n"},
	{"a port of its own, and IPv6",
	 "\"uri\": \"sip:[2001:db8::1]:8080;transport=ws\"", false,
	 "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n"},
	{"a zone is ours to know", "\"uri\": \"ws://[fe80::1%eth0]\"", false,
	 "GET / HTTP/1.1\r\nHost: [fe80::1]\r\n"},
	{"the scheme's port goes without saying",
	 "\"uri\": \"sip:a.example:443;transport=wss\"", true,
	 "GET / HTTP/1.1\r\nHost: a.example\r\n"},
	{"the other scheme's does not", "\"uri\": \"sip:a.example:443;transport=ws\"",
	 false, "GET / HTTP/1.1\r\nHost: a.example:443\r\n"},
	{"a preset's path", "\"uri\": \"ws://a.example:8088\", \"preset\": \"asterisk\"",
	 false, "GET /ws HTTP/1.1\r\nHost: a.example:8088\r\n"},
	{"an address with a path wins over it",
	 "\"uri\": \"ws://a.example/\", \"preset\": \"asterisk\"", false,
	 "GET / HTTP/1.1\r\nHost: a.example\r\n"},
	{"the proxy's address is the one",
	 "\"uri\": \"sip:b.example\", \"outbound_proxy\": \"wss://a.example/p\"", true,
	 "GET /p HTTP/1.1\r\nHost: a.example\r\n"},
	{"null is none",
	 "\"uri\": \"ws://a.example\", \"websocket\": {\"origin\": null, \"host\": null}",
	 false, "GET / HTTP/1.1\r\nHost: a.example\r\n"},
};

static void check_request(size_t i)
{
	struct handshake_request rq = {.agent = "us/1", .secure = requests[i].secure};
	struct mbuf *mb = mbuf_alloc(64);
	struct config_errors errs = {0};
	struct config *conf = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "{\"trunks\": [{\"name\": \"a\", %s}]}",
		 requests[i].trunk);
	is_int(config_parse(&conf, text, strlen(text), "x", &errs), 0, requests[i].name);
	rq.trunk = &conf->trunks[0];
	is_int(handshake_print(mb, &rq, KEY), 0, "it is printed");
	mbuf_write_u8(mb, 0);
	((char *)mb->buf)[strlen(requests[i].want)] = '\0';
	is_str((char *)mb->buf, requests[i].want, requests[i].name);
	mem_deref(mb);
	config_free(conf);
	config_errors_clear(&errs);
}

static void check_key(void)
{
	char one[HANDSHAKE_KEY_SIZE], other[HANDSHAKE_KEY_SIZE];
	char accept[HANDSHAKE_ACCEPT_SIZE];

	is_int(handshake_key(one) | handshake_key(other), 0, "keys are made");
	ok(strlen(one) == 24 && strcmp(one, other), "each time another, of 16 bytes");
	handshake_accept(accept, KEY);
	is_str(accept, ACCEPT, "1.3: what a key is answered with");
}

int main(void)
{
	check_key();
	check_replies();
	check_behind();
	check_endless();
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		check_request(i);
	return tap_done();
}
