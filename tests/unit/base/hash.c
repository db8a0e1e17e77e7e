/* Hashes that must never change: published values of FNV-1a, and of our mix. */
#include <inttypes.h>

#include "base/hash.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	uint64_t fnv64;
	uint32_t fnv32;
} vectors[] = {
	{"", UINT64_C(0xcbf29ce484222325), 0x811c9dc5},
	{"a", UINT64_C(0xaf63dc4c8601ec8c), 0xe40c292c},
	{"foobar", UINT64_C(0x85944171f73967e8), 0xbf9cf968},
};

int main(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		uint32_t h = HASH32_START;

		for (const char *p = vectors[i].text; *p; p++)
			h = hash32_byte(h, (unsigned char)*p);
		ok(hash_text(HASH_START, vectors[i].text) == vectors[i].fnv64,
		   "\"%s\" in 64 bits", vectors[i].text);
		ok(h == vectors[i].fnv32, "\"%s\" in 32 bits", vectors[i].text);
	}
	ok(hash_text(hash_text(HASH_START, "foo"), "bar") == vectors[2].fnv64,
	   "in two pieces");
	ok(hash_mix(vectors[1].fnv64) == UINT64_C(0xed8170de1919a24d), "mixed: %" PRIx64,
	   hash_mix(vectors[1].fnv64));
	return tap_done();
}
