/* Messages of every kind, cut anywhere and changed anywhere. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/sipprobe/message/guard_bytes.h"

/* Memory whose last byte is the last before a page that may not be touched. */
struct fence {
	char *map;
	size_t size;
};

static bool fence_open(struct fence *f)
{
	size_t page = sysconf(_SC_PAGESIZE);

	f->size = 17 * page;
	f->map = mmap(NULL, f->size + page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return f->map != MAP_FAILED && !mprotect(f->map + f->size, page, PROT_NONE);
}

static char *fence_put(const struct fence *f, const char *data, size_t len)
{
	return memcpy(f->map + f->size - len, data, len);
}

static const char *const whole_files[][2] = {
	{"thread", "acme_options_tcp.sip"}, {"thread", "lync_200.sip"},
	{"thread", "lync_options_tcp.sip"}, {"thread", "opensips_200.sip"},
	{"rfc4475", "wsinv.dat"},	    {"rfc4475", "intmeth.dat"},
	{"rfc4475", "longreq.dat"},	    {"rfc4475", "mpart01.dat"},
	{"rfc4475", "esc01.dat"},	    {"rfc4475", "unreason.dat"},
	{"rfc4475", "semiuri.dat"},	    {"rfc4475", "scalarlg.dat"},
};

/* Cut anywhere: never a message, and nothing is read past the end. */
static void test_truncation(const struct fence *f)
{
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(whole_files) / sizeof(*whole_files); i++) {
		struct guard_progress g = {.pos = 0};
		size_t wrong = 0, size;
		int whole, err = EAGAIN;

		bytes_load(&b, whole_files[i][0], whole_files[i][1]);
		whole = guard_stream(&m, b.data, b.len, NULL);
		size = whole ? b.len : m.size;
		for (size_t len = 0; len < size; len++) {
			char *p = fence_put(f, b.data, len);
			int once = guard_stream(&m, p, len, NULL);

			if (err == EAGAIN)
				err = guard_stream_resume(&m, &g, p, len, NULL);
			wrong += once != (whole ? err : EAGAIN);
			m.fault = m.oddity = NULL;
			wrong += !guard_datagram(&m, p, len, NULL) && !m.fault &&
				 !m.oddity;
		}
		ok(size && !wrong, "%s, cut at each of %zu bytes", whole_files[i][1],
		   size);
		if (err == EAGAIN)
			err = guard_stream_resume(&m, &g, b.data, size, NULL);
		ok(err == whole, "%s, byte by byte", whole_files[i][1]);
	}
}

/* One byte changed anywhere to anything: no crash, and parts stay inside. */
static void test_mutation(const struct fence *f)
{
	static const char values[] = "\0\r\n\t :;,\"\\<>()=/xX0\x80\xff";
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(whole_files) / sizeof(*whole_files); i++) {
		size_t wrong = 0;
		char *p;

		bytes_load(&b, whole_files[i][0], whole_files[i][1]);
		p = fence_put(f, b.data, b.len);
		for (size_t at = 0; at < b.len * (sizeof(values) - 1); at++) {
			char *where = p + at / (sizeof(values) - 1), was = *where;

			*where = values[at % (sizeof(values) - 1)];
			m.size = 0;
			if (!guard_datagram(&m, p, b.len, NULL))
				wrong += m.size > b.len || m.via.p < p ||
					 m.body.p + m.body.l > p + b.len;
			else
				wrong += m.size != 0;
			*where = was;
		}
		ok(!wrong, "%s, each byte changed", whole_files[i][1]);
	}
}

int main(int argc, char *argv[])
{
	struct fence f;

	if (argc < 2 || !fence_open(&f))
		return 1;
	data_dir = argv[1];
	test_truncation(&f);
	test_mutation(&f);
	return tap_done();
}
