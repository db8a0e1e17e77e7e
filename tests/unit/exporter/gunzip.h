/* gzip read back by zlib, which is not what writes it: for programs that link with zlib.
 */
#ifndef TESTS_UNIT_EXPORTER_GUNZIP_H
#define TESTS_UNIT_EXPORTER_GUNZIP_H

#include <stddef.h>

#define ZLIB_CONST
#include <zlib.h>

#define GUNZIP_WRONG ((size_t)-1)

/* One member and nothing after it; else GUNZIP_WRONG. */
static inline size_t gunzip(char *to, size_t size, const char *from, size_t len)
{
	z_stream z = {.next_in = (const Bytef *)from,
		      .avail_in = (uInt)len,
		      .next_out = (Bytef *)to,
		      .avail_out = (uInt)size};
	int end;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return GUNZIP_WRONG;
	end = inflate(&z, Z_FINISH);
	(void)inflateEnd(&z);
	return end == Z_STREAM_END && !z.avail_in ? size - z.avail_out : GUNZIP_WRONG;
}

#endif
