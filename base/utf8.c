#include "base/utf8.h"

/* The range of the second byte shuts out surrogates, overlong forms and > U+10FFFF. */
static const struct form {
	unsigned char first, last;
	unsigned char low, high;
	unsigned char len;
} forms[] = {
	{0x00, 0x7f, 0x80, 0xbf, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(const char *p, size_t left)
{
	const struct form *end = forms + sizeof(forms) / sizeof(*forms);
	const struct form *form = forms;
	const unsigned char *u = (const unsigned char *)p;

	if (!left)
		return 0;
	while (form < end && (u[0] < form->first || u[0] > form->last))
		form++;
	if (form == end || form->len > left)
		return 0;
	if (form->len > 1 && (u[1] < form->low || u[1] > form->high))
		return 0;
	for (size_t i = 2; i < form->len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return form->len;
}

uint32_t utf8_point(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t point = len == 1 ? u[0] : u[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (u[i] & 0x3f);
	return point;
}
