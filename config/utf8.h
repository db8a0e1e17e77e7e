/* UTF-8 as RFC 3629 has it. */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stddef.h>

/* Bytes of the character at @p, 0 when it is not valid; @left bytes may be read. */
static inline size_t utf8_length(const char *p, size_t left)
{
	/* Range of the second byte shuts out surrogates, overlong forms, > U+10FFFF. */
	static const struct {
		unsigned char first, last, low, high;
		size_t len;
	} forms[] = {
		{0x00, 0x7f, 0x80, 0xbf, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *u = (const unsigned char *)p;

	for (size_t i = 0; left && i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len = forms[i].len;

		if (u[0] < forms[i].first || u[0] > forms[i].last)
			continue;
		if (len > left)
			return 0;
		if (len > 1 && (u[1] < forms[i].low || u[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < len; k++)
			if ((u[k] & 0xc0) != 0x80)
				return 0;
		return len;
	}
	return 0;
}

#endif
