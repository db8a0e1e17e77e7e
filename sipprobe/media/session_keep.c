#include <stdlib.h>
#include <string.h>

#include "sipprobe/loop/ip_literal.h"
#include "sipprobe/media/media_private.h"
#include "sipprobe/media/wav.h"

void session_keep_packet(struct media_session *s, const struct media_packet *packet,
			 const struct sa *peer, bool rtcp_port)
{
	struct media_packet kept = *packet;

	if (!s->packets)
		return;
	kept.whole = kept.size;
	ip_bytes(kept.own, &s->local);
	ip_bytes(kept.peer, peer);
	kept.own_port = (uint16_t)(sa_port(&s->local) + rtcp_port);
	kept.peer_port = sa_port(peer);
	packets_add(s->packets, &kept);
}

/* In the law of the call: a peer may change over to another under way. */
static uint8_t session_recode(enum media_codec to, enum media_codec from, uint8_t code)
{
	return to == from ? code : g711_code(to, g711_linear[from][code]);
}

void session_keep_audio(struct media_session *s, const uint8_t *codes, size_t count,
			enum media_codec codec)
{
	if (!s->audio)
		return;
	for (size_t i = 0; i < count; i++)
		s->audio[s->audio_bytes++ % MEDIA_AUDIO_BYTES] =
			session_recode(s->report.codec, codec, codes[i]);
}

int media_session_audio(struct mbuf **wav, const struct media_session *s)
{
	size_t begin = 0, count = s->audio_bytes;

	if (!s->audio || !count) {
		*wav = NULL;
		return 0;
	}
	if (count > MEDIA_AUDIO_BYTES) {
		begin = s->audio_bytes % MEDIA_AUDIO_BYTES;
		count = MEDIA_AUDIO_BYTES;
	}
	return wav_write(wav, s->report.codec, s->audio + begin, count - begin, s->audio,
			 begin);
}

struct media_packets *media_session_packets(struct media_session *s)
{
	struct media_packets *p = s->packets;

	s->packets = NULL;
	return p;
}
