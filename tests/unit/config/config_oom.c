/* Loading while the Nth allocation fails, for every N until none does. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/tap.h"

void *__real_arena_alloc(struct arena *a, size_t size, size_t align);
void *__wrap_arena_alloc(struct arena *a, size_t size, size_t align);

/* What a configuration keeps comes out of few large blocks: each piece may be the one. */
void *__wrap_arena_alloc(struct arena *a, size_t size, size_t align)
{
	return fails() ? NULL : __real_arena_alloc(a, size, align);
}

static void check_file(const char *path, int want)
{
	unsigned refused = 0, wrong = 0;
	int err;

	for (long n = 0;; n++) {
		struct config_errors errs = {0};
		struct config *c = NULL;

		countdown = n;
		err = config_load(&c, path, &errs);
		if (countdown >= 0) {
			countdown = -1;
			wrong += err != want || (err && c);
			config_free(c);
			config_errors_clear(&errs);
			break;
		}
		refused++;
		wrong += err != ENOMEM || c;
		config_errors_clear(&errs);
	}
	ok(refused > 10, "%s: %u allocations", path, refused);
	is_int(wrong, 0, "each that failed gave ENOMEM and nothing else");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		int want;
	} cases[] = {
		{"good/contract.json", 0},
		{"good/everything.json", 0},
		{"good/levels.json", 0},
		{"good/insecure.json", 0},
		{"good/senders.json", 0},
		{"good/calls.json", 0},
		{"good/websocket.json", 0},
		{"bad/preset_conflict.json", EINVAL},
		{"good/auth.json", 0},
		{"bad/auth.json", EINVAL},
		{"bad/many.json", EINVAL},
		{"bad/capped.json", EINVAL},
		{"bad/files_broken.json", EINVAL},
		{"bad/headers_owned.json", EINVAL},
		{"bad/bad_escape.json", EINVAL},
		{"bad/timeout_profile.json", EINVAL},
		{"good/plain.yaml", 0},
		{"bad/yaml_types.yaml", EINVAL},
		{"bad/yaml_duplicate.yaml", EINVAL},
		{"bad/yaml_secret.yaml", EINVAL},
		{"bad/yaml_files.yaml", EINVAL},
		{"bad/yaml_unfinished.yaml", EINVAL},
		{"bad/yaml_alias.yaml", EINVAL},
	};

	setenv("SIPTRUNK_TEST_SECRET", "secret", 1);
	if (argc < 2 || chdir(argv[1]))
		return 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_file(cases[i].path, cases[i].want);
	return tap_done();
}
