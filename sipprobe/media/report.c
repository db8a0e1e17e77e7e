#include "sipprobe/media_report.h"

/* Finer where a pacing error is small, coarse where it is a fault whatever its size. */
const uint32_t media_lateness_bounds_us[MEDIA_LATENESS_BOUNDS] = {
	50,   100,  250,   500,	  1000,	 2000,	 3000,
	4000, 5000, 10000, 20000, 50000, 100000, 500000,
};

const char *media_codec_name(enum media_codec c)
{
	static const char *const names[MEDIA_CODECS] = {
		[MEDIA_PCMU] = "PCMU",
		[MEDIA_PCMA] = "PCMA",
	};

	return names[c];
}

const char *media_unscored_name(enum media_unscored u)
{
	static const char *const names[MEDIA_UNSCOREDS] = {
		[MEDIA_SCORED] = "",
		[MEDIA_UNSCORED_NOTHING] = "nothing",
		[MEDIA_UNSCORED_SILENCE] = "silence",
		[MEDIA_UNSCORED_SHORT] = "short",
		[MEDIA_UNSCORED_LATE] = "late",
	};

	return names[u];
}

const char *media_heard_name(enum media_heard h)
{
	static const char *const names[MEDIA_HEARDS] = {
		[MEDIA_HEARD_NOTHING] = "nothing",
		[MEDIA_HEARD_SILENCE] = "silence",
		[MEDIA_HEARD_SOUND] = "sound",
		[MEDIA_HEARD_NONCE] = "nonce",
	};

	return names[h];
}

const char *media_event_name(enum media_event_kind k)
{
	static const char *const names[MEDIA_EVENT_KINDS] = {
		[MEDIA_EVENT_FIRST_PACKET] = "first packet",
		[MEDIA_EVENT_FIRST_SOUND] = "first sound",
		[MEDIA_EVENT_NONCE_INBAND] = "nonce heard as tones",
		[MEDIA_EVENT_NONCE_EVENTS] = "nonce heard as events",
		[MEDIA_EVENT_SILENCE] = "no packet for a second",
		[MEDIA_EVENT_RESUMED] = "packets again",
		[MEDIA_EVENT_SOURCE] = "another source, or a leap of its timestamps",
		[MEDIA_EVENT_LATCHED] = "packets from another place than the SDP says",
		[MEDIA_EVENT_FIRST_RTCP] = "first report of the peer",
		[MEDIA_EVENT_WITHHELD] = "nothing sent: address not allowed",
		[MEDIA_EVENT_UNPROTECTED] = "packet that is not the SRTP agreed on",
	};

	return names[k];
}

uint32_t media_lateness_percentile_us(const struct media_lateness *l, unsigned percent)
{
	uint64_t under = 0;

	for (unsigned i = 0; i < MEDIA_LATENESS_BOUNDS && l->packets; i++) {
		under += l->count[i];
		if (under * 100 >= l->packets * percent)
			return media_lateness_bounds_us[i] < l->max_us
				       ? media_lateness_bounds_us[i]
				       : l->max_us;
	}
	return l->max_us;
}
