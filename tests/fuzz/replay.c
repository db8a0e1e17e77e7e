/*
 * Runs a fuzzer's function over the files of the folders named, folders in them included,
 * without libFuzzer: known inputs stay good with every compiler.
 */
#include <ftw.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static int count;
static int unreadable;

static int file_run(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int ret = -1;

	if (f && data && fread(data, 1, size, f) == size) {
		LLVMFuzzerTestOneInput(data, size);
		ret = 0;
	}
	if (f)
		fclose(f);
	free(data);
	return ret;
}

static int visit_h(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F)
		return 0;
	if (file_run(path, st->st_size)) {
		unreadable++;
		printf("not ");
	}
	printf("ok %d - %s\n", ++count, path);
	return 0;
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], visit_h, 8, FTW_PHYS)) {
			perror(argv[i]);
			return 1;
		}
	}
	printf("1..%d\n", count);
	return unreadable || !count ? 1 : 0;
}
