#include "sipprobe/media/wav.h"

#include "sipprobe/media/voice/g711.h"

/* RFC 2361: A.3 and A.4. */
enum {
	WAV_ALAW = 6,
	WAV_MULAW = 7,
	WAV_FORMAT_BYTES = 18,
	WAV_FACT_BYTES = 4,
	WAV_HEAD_BYTES = 12 + 8 + WAV_FORMAT_BYTES + 8 + WAV_FACT_BYTES + 8,
};

/* Chunks are in Intel's order; libre writes numbers as the machine has them. */
static int wav_u16(struct mbuf *mb, uint16_t value)
{
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};

	return mbuf_write_mem(mb, bytes, sizeof(bytes));
}

static int wav_u32(struct mbuf *mb, uint32_t value)
{
	int err = wav_u16(mb, (uint16_t)value);

	return err ? err : wav_u16(mb, (uint16_t)(value >> 16));
}

static int wav_chunk(struct mbuf *mb, const char *name, uint32_t bytes)
{
	int err = mbuf_write_str(mb, name);

	return err ? err : wav_u32(mb, bytes);
}

static int wav_format(struct mbuf *mb, enum media_codec codec)
{
	int err = wav_chunk(mb, "fmt ", WAV_FORMAT_BYTES);

	err |= wav_u16(mb, codec == MEDIA_PCMA ? WAV_ALAW : WAV_MULAW);
	err |= wav_u16(mb, 1);	     /* channels */
	err |= wav_u32(mb, G711_HZ); /* samples a second */
	err |= wav_u32(mb, G711_HZ); /* bytes a second */
	err |= wav_u16(mb, 1);	     /* bytes a sample of all channels */
	err |= wav_u16(mb, 8);	     /* bits a sample */
	err |= wav_u16(mb, 0);	     /* bytes of more format */
	return err;
}

static int wav_head(struct mbuf *mb, enum media_codec codec, uint32_t samples)
{
	/* A chunk is filled up to an even number of bytes, which its size does not say.
	 */
	uint32_t whole = WAV_HEAD_BYTES - 8 + samples + samples % 2;
	int err = wav_chunk(mb, "RIFF", whole);

	err |= mbuf_write_str(mb, "WAVE");
	err |= wav_format(mb, codec);
	err |= wav_chunk(mb, "fact", WAV_FACT_BYTES);
	err |= wav_u32(mb, samples);
	err |= wav_chunk(mb, "data", samples);
	return err;
}

int wav_write(struct mbuf **wav, enum media_codec codec, const uint8_t *first,
	      size_t first_bytes, const uint8_t *second, size_t second_bytes)
{
	size_t samples = first_bytes + second_bytes;
	struct mbuf *mb = mbuf_alloc(WAV_HEAD_BYTES + samples + 1);
	int err;

	if (!mb)
		return ENOMEM;
	err = wav_head(mb, codec, (uint32_t)samples);
	err |= mbuf_write_mem(mb, first, first_bytes);
	if (second_bytes)
		err |= mbuf_write_mem(mb, second, second_bytes);
	if (samples % 2)
		err |= mbuf_write_u8(mb, 0);
	if (err) {
		mem_deref(mb);
		return ENOMEM;
	}
	mbuf_set_pos(mb, 0);
	*wav = mb;
	return 0;
}
