/* Where a peer's SDP wants RTCP, and that audio does without where it can be nowhere. */
#include <string.h>

#include "sipprobe/media/sdp.h"
#include "tests/unit/tap.h"

#define TOP                                                                              \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"      \
	"m=audio 5000 RTP/AVP 0\r\n"

static const struct {
	const char *line;
	enum sdp_fault fault;
	const char *rtcp; /* "": nowhere */
} rows[] = {
	{"", SDP_OK, "192.0.2.9:5001"},
	{"a=rtcp:6001\r\n", SDP_OK, "192.0.2.9:6001"},
	{"a=rtcp:6001 IN IP4 192.0.2.78\r\n", SDP_OK, "192.0.2.78:6001"},
	{"a=rtcp:9 IN IP4 0.0.0.0\r\n", SDP_OK, ""},
	{"a=rtcp:9\r\n", SDP_OK, ""},
	{"a=rtcp:0\r\n", SDP_OK, ""},
	{"a=rtcp:1023\r\n", SDP_OK, ""},
	{"a=rtcp:1024\r\n", SDP_OK, "192.0.2.9:1024"},
	{"a=rtcp:9 IN IP4 192.0.2.78\r\n", SDP_OK, ""},
	{"a=rtcp:5003 IN IP4 0.0.0.0\r\n", SDP_OK, ""},
	{"a=rtcp:5003 IN IP4 127.0.0.1\r\n", SDP_OK, ""},
	{"a=rtcp:5003 IN IP6 ::\r\n", SDP_OK, ""},
	{"a=rtcp:5003 IN IP4 x.example\r\n", SDP_OK, ""},
	{"a=rtcp:65536\r\n", SDP_BAD_PORT, ""},
	{"a=rtcp:x\r\n", SDP_BAD_PORT, ""},
	{"a=rtcp:\r\n", SDP_BAD_PORT, ""},
	{"a=rtcp:5003 IN IP5 x\r\n", SDP_BAD_LINE, ""},
	{"a=rtcp:5001\r\na=rtcp:5003\r\n", SDP_BAD_PORT, ""},
	{"a=rtcp:9\r\na=rtcp:5003\r\n", SDP_BAD_PORT, ""},
};

int main(void)
{
	static const enum media_codec codec = MEDIA_PCMU;
	struct sdp_local ours;
	struct sa local, peer;

	(void)sa_set_str(&local, "192.0.2.5", 20000);
	(void)sa_set_str(&peer, "192.0.2.1", 5060);
	(void)sdp_local_init(&ours, &local, 20001, &codec, 1, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], rtcp[64] = "";
		struct sdp_remote r = {.codec = MEDIA_PCMU};
		enum sdp_fault got;

		(void)re_snprintf(text, sizeof(text), TOP "%s", rows[i].line);
		got = sdp_answer_read(&r, &ours, &peer, text, strlen(text));
		if (sa_isset(&r.rtcp, SA_ADDR))
			(void)re_snprintf(rtcp, sizeof(rtcp), "%J", &r.rtcp);
		ok(got == rows[i].fault && !strcmp(rtcp, rows[i].rtcp), "%.*s: %s %s",
		   (int)strcspn(rows[i].line, "\r"), rows[i].line, sdp_fault_text(got),
		   rtcp);
	}
	return tap_done();
}
