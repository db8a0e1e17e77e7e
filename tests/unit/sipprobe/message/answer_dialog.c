/* Answers that make a dialog, or are within one. */
#include "sipprobe/message/answer.h"
#include "tests/unit/tap.h"

#define HEAD(code) "SIP/2.0 " code "\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n"
#define IDENTITY                                                                         \
	"From: <sip:p@h>;tag=f\r\nTo: <sip:us>;tag=mine\r\nCall-ID: c\r\n"               \
	"CSeq: 7 INVITE\r\n"
#define EMPTY "Server: us/1\r\nUser-Agent: us/1\r\nContent-Length: 0\r\n\r\n"
#define ROUTES                                                                           \
	"Record-Route: <sip:p1;lr>\r\nRecord-Route:\r\nRecord-Route: <sip:p2;lr>\r\n"

static const struct {
	const char *name;
	const char *fields; /* of the request, the first */
	const char *to;	    /* its To */
	unsigned code;
	struct answer_dialog dialog;
	const char *want;
} rows[] = {
	{"a body",
	 "",
	 "<sip:us>",
	 200,
	 {.fields = "Contact: <sip:us@192.0.2.1>\r\n", .body = "v=0\r\n", .tag = "mine"},
	 HEAD("200 OK") IDENTITY "Contact: <sip:us@192.0.2.1>\r\nServer: us/1\r\n"
				 "User-Agent: us/1\r\nContent-Type: application/sdp\r\n"
				 "Content-Length: 5\r\n\r\nv=0\r\n"},
	{"of capabilities it says nothing",
	 "",
	 "<sip:us>",
	 405,
	 {.fields = "", .tag = "mine"},
	 HEAD("405 Method Not Allowed") IDENTITY EMPTY},
	{"a To tag that is there stays",
	 "",
	 "<sip:us>;tag=mine",
	 200,
	 {.fields = "", .tag = "other"},
	 HEAD("200 OK") IDENTITY EMPTY},
	{"what makes a dialog has its routes, in order",
	 ROUTES,
	 "<sip:us>",
	 180,
	 {.fields = "", .tag = "mine", .makes = true},
	 HEAD("180 Ringing") IDENTITY
	 "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n" EMPTY},
	{"what makes none has none",
	 ROUTES,
	 "<sip:us>",
	 486,
	 {.fields = "", .tag = "mine"},
	 HEAD("486 Busy Here") IDENTITY EMPTY},
	{"a request in progress",
	 "",
	 "<sip:us>",
	 100,
	 {.fields = "", .tag = "mine"},
	 HEAD("100 Trying") IDENTITY EMPTY},
	{"a code without words",
	 "",
	 "<sip:us>",
	 299,
	 {.fields = "", .tag = "mine"},
	 HEAD("299 ") IDENTITY EMPTY},
	{"its own code does not say what is wrong with the request",
	 "Max-Forwards: 1\r\nFrom: <sip:p@h>;tag=f\r\nFrom: <sip:p@h>;tag=g\r\n",
	 "<sip:us>",
	 500,
	 {.fields = "", .tag = "mine"},
	 HEAD("500 Server Internal Error") IDENTITY EMPTY},
};

int main(void)
{
	struct sa src;

	sa_set_str(&src, "192.0.2.9", 5060);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct answer_info info = {.code = rows[i].code,
						 .src = &src,
						 .contact = "sip:not@this",
						 .agent = "us/1",
						 .dialog = &rows[i].dialog};
		struct guard_message m;
		char text[512], got[1024];
		size_t len = 0;

		(void)snprintf(text, sizeof(text),
			       "INVITE sip:us SIP/2.0\r\n%sVia: SIP/2.0/UDP 192.0.2.9\r\n"
			       "From: <sip:p@h>;tag=f\r\nTo: %s\r\nCall-ID: c\r\n"
			       "CSeq: 7 INVITE\r\n\r\n",
			       rows[i].fields, rows[i].to);
		ok(!guard_datagram(&m, text, strlen(text), NULL) &&
			   !answer_make(got, sizeof(got) - 1, &len, &m, &info),
		   "%s", rows[i].name);
		got[len] = '\0';
		is_str(got, rows[i].want, rows[i].name);
	}
	return tap_done();
}
