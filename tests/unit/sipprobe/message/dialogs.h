/* An INVITE of ours, and dialogs that it made. */
#ifndef TESTS_UNIT_SIPPROBE_MESSAGE_DIALOGS_H
#define TESTS_UNIT_SIPPROBE_MESSAGE_DIALOGS_H

#include <stdlib.h>

#include "sipprobe/message/dialog.h"
#include "tests/unit/tap.h"

static const char invite_text[] =
	"INVITE sip:100@sbc.example SIP/2.0\r\n"
	"Route: <sip:edge.example;lr>\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKca1100000123456789abcdef;rport\r\n"
	"Max-Forwards: 70\r\n"
	"Route: <sip:core.example;lr>\r\n"
	"From: <sip:ping@192.0.2.1>;tag=ours\r\n"
	"To: <sip:100@sbc.example>\r\n"
	"Call-ID: abc\r\n"
	"CSeq: 3 INVITE\r\n"
	"Contact: <sip:ping@192.0.2.1:5060>\r\n"
	"Content-Length: 0\r\n\r\n";

static struct guard_message invite;

static inline void invite_read(void)
{
	if (guard_datagram(&invite, invite_text, sizeof(invite_text) - 1, NULL))
		exit(1);
}

/* A response to it, of free(): its status and these fields come before all others. */
static inline char *response_with(const char *status, const char *fields)
{
	char *text = malloc(65536);

	(void)re_snprintf(text, 65536,
			  "SIP/2.0 %s\r\n%s"
			  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
			  "From: <sip:ping@192.0.2.1>;tag=ours\r\n"
			  "To: \"A, B\" <sip:100@sbc.example>;tag=Theirs\r\n"
			  "Call-ID: abc\r\nCSeq: 3 INVITE\r\n"
			  "Content-Length: 0\r\n\r\n",
			  status, fields);
	return text;
}

/* The dialog that a 200 with these fields makes. */
static inline struct dialog *dialog_of(const char *fields)
{
	char *text = response_with("200 OK", fields);
	struct guard_message m;
	struct dialog *d = NULL;

	if (guard_datagram(&m, text, strlen(text), NULL) ||
	    dialog_read_response(&d, &invite, &m))
		exit(1);
	free(text);
	return d;
}

#endif
