#include "sipprobe/media/sdp.h"

const char *sdp_fault_text(enum sdp_fault f)
{
	static const char *const texts[SDP_FAULTS] = {
		[SDP_OK] = "",
		[SDP_EMPTY] = "there is no SDP",
		[SDP_TOO_LONG] = "the SDP is longer than 4096 bytes",
		[SDP_TOO_MANY_LINES] = "the SDP has more than 64 lines",
		[SDP_TOO_MANY_STREAMS] = "the SDP has more than 2 streams",
		[SDP_TOO_MANY_FORMATS] = "a stream of the SDP has more than 32 formats",
		[SDP_TOO_MANY_RTPMAPS] = "the SDP has more than 32 a=rtpmap",
		[SDP_BAD_LINE] = "a line of the SDP is malformed",
		[SDP_BAD_VERSION] = "the SDP does not begin with v=0, once",
		[SDP_BAD_STREAM] = "an m= of the SDP is malformed",
		[SDP_BAD_PORT] = "a port of the SDP is not 1024 to 65535",
		[SDP_NO_ADDRESS] = "the SDP names no address",
		[SDP_ADDRESS_NAME] = "the SDP's address is no IP address",
		[SDP_ADDRESS_FAMILY] =
			"the SDP's address and the peer's differ in family",
		[SDP_ADDRESS_UNUSABLE] = "the SDP's address can be no peer's",
		[SDP_ADDRESS_LOOPBACK] =
			"the SDP has a loopback address, the peer has none",
		[SDP_NO_AUDIO] = "the SDP has no audio",
		[SDP_REFUSED] = "the SDP refuses audio (port 0)",
		[SDP_STREAMS_DIFFER] = "the answer has more streams than the offer",
		[SDP_NOT_SECURE] = "the SDP has RTP without SRTP, which is required",
		[SDP_NOT_PLAIN] = "the SDP has SRTP, which is off",
		[SDP_BAD_PROFILE] = "the SDP's profile is neither RTP/AVP nor RTP/SAVP",
		[SDP_NO_CODEC] = "the SDP has no codec in common with ours",
		[SDP_BAD_PTIME] = "the SDP's packet time is not 10 to 60 ms",
		[SDP_NO_CRYPTO] = "the SDP has no a=crypto that can be used",
		[SDP_BAD_CRYPTO] = "the answer's a=crypto is none of those offered",
		[SDP_UNREADABLE] = "the SDP cannot be read",
		[SDP_NO_MEMORY] = "no memory to read the SDP",
	};

	return texts[f];
}
