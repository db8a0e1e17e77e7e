/*
 * Allocations that fail when a test says so, in the whole program and all that it links:
 * loaded before libc (LD_PRELOAD), it serves malloc() and its kin, counts them in the
 * file FAILING_ALLOC_FILE, and fails those that the test asks for there, while the
 * program runs.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { STACK_MAX = 40, PLACES_MAX = 4, SEEN_MAX = 1 << 16 };

/* Shared with tests/system/lib/failing_alloc.py, which has the same order. */
struct page {
	_Atomic int64_t countdown; /* allocations until one fails; below 0: none does */
	_Atomic int64_t row;	   /* how many fail in a row then; 0 is 1 */
	_Atomic int64_t fresh;	   /* 1: each call stack not seen yet fails once */
	_Atomic int64_t
		places; /* how many of `place` count; above 0: nothing else fails */
	_Atomic int64_t asked; /* allocations so far */
	_Atomic int64_t failed;
	_Atomic int64_t live; /* allocated and not freed */
	_Atomic int64_t live_bytes;
	_Atomic int64_t depth; /* of the stack of the last one that failed */
	uint64_t base;	       /* where the program was loaded */
	uint64_t stack[STACK_MAX];
	/* Parts of the program, from its base, that all must be on the stack. */
	uint64_t place[PLACES_MAX][2];
	_Atomic uint64_t seen[SEEN_MAX];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static struct page *page;
static bool looked; /* for the page, at the first allocation of all */

/* In the midst of looking at the stack, which may allocate itself. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

static int base_h(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(uint64_t *)arg = info->dlpi_addr;
	return 1; /* the first is the program */
}

static void page_open(void)
{
	const char *path = getenv("FAILING_ALLOC_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	looked = true;
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		abort();
	page = map;
}

/* The unwinder is loaded at its first use: before anything fails, and the sandbox. */
__attribute__((constructor)) static void begin(void)
{
	void *frames[2];

	inside = true;
	(void)backtrace(frames, 2);
	inside = false;
	if (page)
		dl_iterate_phdr(base_h, &page->base);
}

static uint64_t stack_hash(void *const *frames, int count)
{
	uint64_t h = 14695981039346656037U;

	for (int i = 0; i < count; i++)
		h = (h ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211U;
	return h ? h : 1;
}

/* Whether it was not there; a full table knows everything. */
static bool seen_add(uint64_t hash)
{
	for (size_t i = 0; i < SEEN_MAX; i++) {
		_Atomic uint64_t *slot = &page->seen[(hash + i) % SEEN_MAX];
		uint64_t was = 0;

		if (atomic_compare_exchange_strong(slot, &was, hash))
			return true;
		if (was == hash)
			return false;
	}
	return false;
}

static bool place_is_there(const uint64_t place[2], void *const *frames, int count)
{
	for (int i = 0; i < count; i++) {
		uint64_t at = (uint64_t)(uintptr_t)frames[i] - page->base;

		if (at >= place[0] && at < place[1])
			return true;
	}
	return false;
}

static bool places_are_there(void *const *frames, int count)
{
	int64_t places = atomic_load(&page->places);

	for (int64_t i = 0; i < places && i < PLACES_MAX; i++)
		if (!place_is_there(page->place[i], frames, count))
			return false;
	return true;
}

static bool countdown_is_over(void)
{
	int64_t left = atomic_load(&page->countdown);
	int64_t row = atomic_load(&page->row);

	if (left < 0)
		return false;
	left = atomic_fetch_sub(&page->countdown, 1);
	if (left > 0)
		return false;
	if (left == 0 && row > 1)
		atomic_store(&page->row, row - 1), atomic_store(&page->countdown, 0);
	return left == 0;
}

/* Whether this one is to fail, by its stack and its turn. */
static bool is_due(void *const *frames, int count)
{
	if (atomic_load(&page->fresh))
		return seen_add(stack_hash(frames, count));
	if (atomic_load(&page->places) && !places_are_there(frames, count))
		return false;
	return countdown_is_over();
}

static bool is_armed(void)
{
	return atomic_load(&page->countdown) >= 0 || atomic_load(&page->fresh);
}

static bool fails(void)
{
	void *frames[STACK_MAX];
	int count;
	bool due;

	if (!looked)
		page_open();
	if (!page || inside)
		return false;
	atomic_fetch_add(&page->asked, 1);
	if (!is_armed())
		return false;
	inside = true;
	/* A stack costs more than an allocation: only where it matters. */
	count = atomic_load(&page->fresh) || atomic_load(&page->places) ||
				atomic_load(&page->countdown) == 0
			? backtrace(frames, STACK_MAX)
			: 0;
	due = is_due(frames, count);
	inside = false;
	if (!due)
		return false;
	for (int i = 0; i < count; i++)
		page->stack[i] = (uint64_t)(uintptr_t)frames[i];
	atomic_store(&page->depth, count);
	atomic_fetch_add(&page->failed, 1);
	errno = ENOMEM;
	return true;
}

static void *counted(void *p)
{
	if (p && page) {
		atomic_fetch_add(&page->live, 1);
		atomic_fetch_add(&page->live_bytes, (int64_t)malloc_usable_size(p));
	}
	return p;
}

static void forget(void *p)
{
	if (p && page) {
		atomic_fetch_sub(&page->live, 1);
		atomic_fetch_sub(&page->live_bytes, (int64_t)malloc_usable_size(p));
	}
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): those of glibc */

EXPORT void *malloc(size_t size)
{
	return fails() ? NULL : counted(__libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(n, size));
}

EXPORT void *realloc(void *p, size_t size)
{
	void *q;

	if (fails())
		return NULL;
	forget(p);
	q = __libc_realloc(p, size);
	/* What failed of itself left the old one. */
	(void)counted(q ? q : size ? p : NULL);
	return q;
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : counted(__libc_memalign(alignment, size));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

EXPORT int posix_memalign(void **pp, size_t alignment, size_t size)
{
	void *p = memalign(alignment, size);

	if (!p)
		return ENOMEM;
	*pp = p;
	return 0;
}

EXPORT void free(void *p)
{
	int err = errno;

	forget(p);
	__libc_free(p);
	errno = err;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
