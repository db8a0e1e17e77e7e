/* Files read whole: exact bounds, pipes, /proc, and what is no file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/unit_base_file.XXXXXX";

/* The name of a file with @len bytes that tell where they stand. Valid until the next. */
static const char *made(size_t len)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%zu", dir, len);
	f = fopen(path, "we");
	for (size_t i = 0; f && i < len; i++)
		fputc((int)('a' + i % 23), f);
	if (f)
		fclose(f);
	return path;
}

static bool expected(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != (char)('a' + i % 23))
			return false;
	return text[len] == '\0';
}

/* The bound itself fits, one byte more does not; block ends are no special places. */
static const struct {
	size_t len;
	size_t max;
	int err;
} sizes[] = {
	{0, 0, 0},	    {1, 0, EFBIG},	   {10, 10, 0},
	{11, 10, EFBIG},    {16382, 100000, 0},	   {16383, 100000, 0},
	{16384, 100000, 0}, {16385, 16385, 0},	   {16385, 16384, EFBIG},
	{50000, 50000, 0},  {50001, 50000, EFBIG},
};

static void test_read(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *text = NULL;
		size_t len = 12345;
		int err = file_read(&text, &len, made(sizes[i].len), sizes[i].max);

		is_int(err, sizes[i].err, "as the bound says");
		if (err)
			ok(!text && len == 12345, "%zu of %zu: nothing touched",
			   sizes[i].len, sizes[i].max);
		else
			ok(len == sizes[i].len && expected(text, len), "%zu of %zu", len,
			   sizes[i].max);
		file_free(text, err ? 0 : len);
	}
}

static void test_read_into(void)
{
	char buf[11];
	size_t len = 77;

	is_int(file_read_into(buf, &len, sizeof(buf), made(10)), 0,
	       "ten bytes of eleven");
	ok(len == 10 && expected(buf, 10), "and a zero behind them");
	is_int(file_read_into(buf, &len, sizeof(buf), made(0)), 0, "an empty file");
	ok(len == 0 && !*buf, "is an empty text");
	len = 77;
	is_int(file_read_into(buf, &len, sizeof(buf), made(11)), EFBIG, "one too many");
	ok(len == 77 && expected(buf, 10), "the length is not touched, the rest ended");
	is_int(file_read_into(buf, &len, 1, made(0)), 0, "no room for nothing");
	is_int(file_read_into(buf, &len, 1, made(1)), EFBIG, "no room for one");
}

static void test_no_file(void)
{
	char fifo[64], buf[8] = "old";
	char *text = NULL;
	size_t len = 0;

	is_int(file_read(&text, &len, "/nonexistent/file", 9), ENOENT, "no such file");
	is_int(file_read(&text, &len, dir, 9), EISDIR, "a folder");
	is_int(file_read_into(buf, &len, 8, "/nonexistent/file"), ENOENT, "nor into");
	is_str(buf, "", "the buffer is empty then");
	is_int(file_read_into(buf, &len, 8, dir), EISDIR, "a folder into");
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	is_int(mkfifo(fifo, 0600), 0, "a pipe with a name");
	len = 7;
	is_int(file_read_into(buf, &len, 8, fifo), 0, "that nobody writes to");
	is_int((long long)len, 0, "is empty and holds up nothing");
	unlink(fifo);
}

/* No size to trust: the content is what read() gives. */
static void test_unsized(void)
{
	char *text = NULL;
	size_t len = 0;
	char buf[65];
	int fds[2];

	is_int(file_read(&text, &len, "/proc/self/status", 100000), 0, "a file of /proc");
	ok(len > 100 && !strncmp(text, "Name:", 5) && strlen(text) == len, "read whole");
	file_free(text, len);
	is_int(file_read_into(buf, &len, 65, "/proc/self/status"), EFBIG, "or too long");
	is_int(pipe(fds), 0, "a pipe");
	ok(write(fds[1], "abc", 3) == 3 && write(fds[1], "def", 3) == 3, "written to");
	close(fds[1]);
	is_int(file_read_fd(&text, &len, fds[0], 6), 0, "read by its descriptor");
	ok(len == 6 && !strcmp(text, "abcdef"), "to its end");
	ok(fcntl(fds[0], F_GETFD) >= 0, "which stays open");
	file_free(text, len);
	close(fds[0]);
}

int main(void)
{
	char command[64];

	if (!ok(mkdtemp(dir) != NULL, "a folder"))
		return tap_done();
	test_read();
	test_read_into();
	test_no_file();
	test_unsized();
	file_free(NULL, 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ok(!system(command), "removed");
	return tap_done();
}
