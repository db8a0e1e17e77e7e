#include "sipprobe/media/wav.h"

#include "sipprobe/media/voice/g711.h"

enum {
	WAV_PCM = 1,
	WAV_FORMAT_BYTES = 16,
	WAV_SAMPLE_BYTES = 2,
	WAV_HEAD_BYTES = 12 + 8 + WAV_FORMAT_BYTES + 8,
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

static int wav_format(struct mbuf *mb)
{
	int err = wav_chunk(mb, "fmt ", WAV_FORMAT_BYTES);

	err |= wav_u16(mb, WAV_PCM);
	err |= wav_u16(mb, 1);				/* channels */
	err |= wav_u32(mb, G711_HZ);			/* samples a second */
	err |= wav_u32(mb, G711_HZ * WAV_SAMPLE_BYTES); /* bytes a second */
	err |= wav_u16(mb, WAV_SAMPLE_BYTES);	  /* bytes a sample of all channels */
	err |= wav_u16(mb, 8 * WAV_SAMPLE_BYTES); /* bits a sample */
	return err;
}

static int wav_head(struct mbuf *mb, uint32_t bytes)
{
	int err = wav_chunk(mb, "RIFF", WAV_HEAD_BYTES - 8 + bytes);

	err |= mbuf_write_str(mb, "WAVE");
	err |= wav_format(mb);
	err |= wav_chunk(mb, "data", bytes);
	return err;
}

static int wav_samples(struct mbuf *mb, enum media_codec codec, const uint8_t *codes,
		       size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = wav_u16(mb, (uint16_t)g711_linear[codec][codes[i]]);
	return err;
}

int wav_write(struct mbuf **wav, enum media_codec codec, const uint8_t *first,
	      size_t first_bytes, const uint8_t *second, size_t second_bytes)
{
	size_t bytes = (first_bytes + second_bytes) * WAV_SAMPLE_BYTES;
	struct mbuf *mb = mbuf_alloc(WAV_HEAD_BYTES + bytes);
	int err;

	if (!mb)
		return ENOMEM;
	err = wav_head(mb, (uint32_t)bytes);
	err |= wav_samples(mb, codec, first, first_bytes);
	err |= wav_samples(mb, codec, second, second_bytes);
	if (err) {
		mem_deref(mb);
		return ENOMEM;
	}
	mbuf_set_pos(mb, 0);
	*wav = mb;
	return 0;
}
