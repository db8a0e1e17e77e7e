#include "exporter/utf8.h"

#include <stdint.h>

/* Lead byte range, bounds of the second byte, length. */
static const struct utf8_row {
	uint8_t lead_min, lead_max;
	uint8_t second_min, second_max;
	uint8_t len;
} rows[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_sequence(const char *p, size_t len)
{
	const struct utf8_row *end = rows + sizeof(rows) / sizeof(*rows);
	const struct utf8_row *row = rows;
	const uint8_t *u = (const uint8_t *)p;

	if (!len)
		return 0;
	while (row < end && (u[0] < row->lead_min || u[0] > row->lead_max))
		row++;
	if (row == end || row->len > len)
		return 0;
	if (row->len > 1 && (u[1] < row->second_min || u[1] > row->second_max))
		return 0;
	for (size_t i = 2; i < row->len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return row->len;
}
