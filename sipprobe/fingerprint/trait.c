#include "sipprobe/fingerprint/trait.h"

#include <string.h>

#include "base/hash.h"
#include "sipprobe/message/siphdr.h"

void trait_clear(struct trait *t)
{
	t->id = 0;
	t->len = 0;
	t->text[0] = '\0';
}

void trait_add(struct trait *t, char c)
{
	static const char more[] = "...";

	t->id = hash_byte(t->id ? t->id : HASH_START, (unsigned char)c);
	if (t->len + 1 == sizeof(t->text)) {
		memcpy(t->text + t->len + 1 - sizeof(more), more, sizeof(more));
		return;
	}
	t->text[t->len++] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
	t->text[t->len] = '\0';
}

void trait_add_str(struct trait *t, const char *text)
{
	for (; *text; text++)
		trait_add(t, *text);
}

void trait_add_text(struct trait *t, const struct pl *text)
{
	bool space = false;

	for (size_t i = 0; i < text->l; i++) {
		if (!siphdr_is(text->p[i], SIPHDR_SPACE)) {
			if (space)
				trait_add(t, ' ');
			trait_add(t, text->p[i]);
		}
		space = siphdr_is(text->p[i], SIPHDR_SPACE);
	}
}
